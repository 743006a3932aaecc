"""Parser of the rule language. ``docs/rules.md`` has its grammar.

``parse`` and ``format_query`` are inverse of each other: formatting a parsed query and parsing the result gives an
equal tree.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.construct import (
    MAX_DEPTH,
    check_field,
    check_whole,
    fail,
    make_at_least,
    make_field,
    make_near,
    make_phrase,
    make_term,
)
from pipelines.rules.language.syntax import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Source,
    Term,
    children,
    format_query,
)

__all__ = [
    "And",
    "AtLeast",
    "InTitle",
    "Language",
    "Near",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "Source",
    "Term",
    "children",
    "format_query",
    "parse",
]

MAX_QUERY = 20_000
"""Characters in a query: room for a list of a thousand names."""
_MAX_BRACKETS = 4 * MAX_DEPTH
"""Nested brackets. Brackets around one part add no level of nesting, so more of them are allowed."""
_MAX_CHAIN = 8 * MAX_DEPTH
"""Operators in a row of NEAR. Each adds a level; beyond this the row is refused before it is built."""

_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "\uff02": '"'})
_WHITE_SPACE = re.compile(r"[^\S ]")

# The terminals in the order of their priority. A word ends at white space, a bracket or a quotation mark.
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<AND>AND(?![^\s()"]))
    |(?P<OR>OR(?![^\s()"]))
    |(?P<NOT>NOT(?![^\s()"]))
    |(?P<NEAR>O?NEAR/[0-9]+(?![^\s()"]))
    |(?P<ATLEAST>atleast/[0-9]+(?=\s*\())
    |(?P<FIELD>[A-Za-z_]+:(?=[^\s)]))
    |(?P<EXACT_WORD>=\s*(?!(?:AND|OR|NOT|O?NEAR/[0-9]+)(?![^\s()"]))[^\s()"=][^\s()"]*)
    |(?P<EXACT_PHRASE>=\s*"[^"]*")
    |(?P<PHRASE>"[^"]*")
    |(?P<OPEN>\()
    |(?P<CLOSE>\))
    |(?P<WORD>[^\s()"=][^\s()"]*)
    |(?P<END>$)
    |(?P<EXACT>=)
    |(?P<QUOTE>")
    )""",
    re.VERBOSE,
)
_LEAF = re.compile(r'(?!(?:AND|OR|NOT)$)[A-Za-z0-9-]+\*?|"[^"]*"')
"""A query of a single plain term or phrase, as most are."""
_CONTINUES = frozenset(
    {"AND", "NOT", "ATLEAST", "FIELD", "EXACT_WORD", "EXACT_PHRASE", "PHRASE", "OPEN", "WORD", "EXACT", "QUOTE"}
)
"""Tokens that continue an AND, written or not: itself, and all that begin an operand or an error in its place."""


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        RuleSyntaxError: with the column (from 1) and what was expected there. The column is ``None`` where the query
            as a whole is refused.
    """
    if len(text) > MAX_QUERY:
        fail(f"the query has {len(text)} characters; at most {MAX_QUERY} are allowed", MAX_QUERY + 1)
    plain = _WHITE_SPACE.sub(" ", text if text.isascii() else text.translate(_TYPOGRAPHIC))
    if _LEAF.fullmatch(plain):
        return Query((make_phrase if plain[0] == '"' else make_term)(plain, exact=False, column=1))
    if not plain.strip():
        fail("the query is empty; expected a term, such as HIMARS", 1)
    return Query(_Parser(plain).parse())


class _Parser:
    """Recursive descent over the tokens of a query, a method per rule of the grammar.

    Parts are made and checked with column 1, so that equal terms are made once. The column of an error is relative to
    the token ``_checked``; ``parse`` adds the position of that token.
    """

    __slots__ = ("_at", "_checked", "_kinds", "_matches", "_open", "_text", "_values")

    def __init__(self, text: str) -> None:
        self._text = text
        self._matches = list(_TOKEN.finditer(text))
        self._kinds = [match.lastgroup for match in self._matches]
        self._values = [match[match.lastindex or 0] for match in self._matches]
        self._at = 0
        self._checked = 0
        self._open: list[int] = []

    def parse(self) -> Node:
        try:
            node = self._any_of()
            if self._kinds[self._at] != "END":
                raise self._unexpected(self._at)
        except RuleSyntaxError as error:
            raise RuleSyntaxError(error.message, column=self._position(self._checked) + (error.column or 1)) from None
        # Every level of nesting takes a token, and nothing but NOT can leave a query without anything to look for.
        if len(self._kinds) > MAX_DEPTH or "NOT" in self._kinds:
            check_whole(node)
        return node

    def _any_of(self) -> Node:
        parts = [self._all_of()]
        while self._kinds[self._at] == "OR":
            self._at += 1
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all_of(self) -> Node:
        parts = [self._operand()]
        while (kind := self._kinds[self._at]) in _CONTINUES:
            self._at += kind == "AND"
            parts.append(self._operand())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _operand(self) -> Node:
        if self._kinds[self._at] == "NOT":
            self._at += 1
            return Not(self._near())
        return self._near()

    def _near(self) -> Node:
        first = self._at
        node = self._primary()
        length = 0
        while self._kinds[self._at] == "NEAR":
            length += 1
            if length > _MAX_CHAIN:
                self._checked = first
                fail(f"the query is nested more than {MAX_DEPTH} levels deep", 1)
            operator = self._at
            self._at += 1
            right = self._primary()
            self._checked = operator
            node = make_near(node, self._values[operator], right, 1)
        return node

    def _primary(self) -> Node:
        at = self._checked = self._at
        self._at = at + 1
        match self._kinds[at]:
            case "WORD":
                return make_term(self._values[at], exact=False, column=1)
            case "PHRASE":
                return make_phrase(self._values[at], exact=False, column=1)
            case "OPEN":
                return self._group(at)
            case "EXACT_WORD" | "EXACT_PHRASE" as kind:
                word = self._values[at][1:].lstrip()
                make = make_term if kind == "EXACT_WORD" else make_phrase
                return make(word, exact=True, column=1 + len(self._values[at]) - len(word))
            case "ATLEAST":
                self._at += 1  # its token looks ahead for the bracket
                part = self._group(at + 1)
                self._checked = at
                return make_at_least(self._values[at], part, 1)
            case "FIELD":
                return self._field(at)
            case kind:
                raise self._unexpected(at + 1 if kind == "EXACT" else at)

    def _field(self, first: int) -> Node:
        """Parse a field and the part that follows it; fields in a row without recursion, as they may be thousands."""
        names = [check_field(self._values[first], 1)]
        while self._kinds[self._at] == "FIELD":
            self._checked = self._at
            names.append(check_field(self._values[self._at], 1))
            self._at += 1
        node = self._primary()
        for at in range(first + len(names) - 1, first - 1, -1):
            self._checked = at
            node = make_field(names[at - first], node, 1)
        return node

    def _group(self, bracket: int) -> Node:
        """Parse what follows an opening bracket, the closing one included."""
        self._open.append(bracket)
        if len(self._open) > _MAX_BRACKETS:
            self._checked = bracket
            fail(f"brackets are nested more than {_MAX_BRACKETS} deep", 1)
        node = self._any_of()
        if self._kinds[self._at] != "CLOSE":
            raise self._unexpected(self._at)
        self._at += 1
        self._open.pop()
        return node

    def _unexpected(self, at: int) -> RuleSyntaxError:
        """Return the error of a token in a place for another: what it is, and what was expected."""
        self._checked = at
        kind = self._kinds[at]
        if kind == "QUOTE":
            return RuleSyntaxError('this quotation mark is not closed; expected "', column=1)
        if kind == "END" and self._open:
            self._checked = self._open[-1]
            return RuleSyntaxError("this '(' is not closed; expected ')'", column=1)
        if kind == "CLOSE" and not self._open:
            return RuleSyntaxError("this ')' closes nothing; expected no ')' or a '(' before it", column=1)
        offender = "the end of the query" if kind == "END" else f"'{self._values[at]}'"
        after_equals = at > 0 and self._kinds[at - 1] == "EXACT"
        expected = "a term or a \"phrase\" after '='" if after_equals else "a term, a \"phrase\" or '('"
        return RuleSyntaxError(f"found {offender}; expected {expected}", column=1)

    def _position(self, at: int) -> int:
        """Return the offset of a token; the end is that of the text without trailing space."""
        if self._kinds[at] == "END":
            return len(self._text.rstrip())
        return self._matches[at].end() - len(self._values[at])
