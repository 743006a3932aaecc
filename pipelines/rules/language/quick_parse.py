"""A well-formed query parsed by hand, thirty times as fast as by the grammar; ``query.lark`` defines the language.

Whatever is not plainly right is left to the grammar, which says what is wrong and where. A property test holds the
two to the same trees.
"""

from __future__ import annotations

import re

from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.construct import (
    MAX_DEPTH,
    check_field,
    check_whole,
    make_at_least,
    make_field,
    make_near,
    make_phrase,
    make_term,
)
from pipelines.rules.language.syntax import And, Node, Not, Or

_MAX_DEPTH = 30
"""Calls within calls; the grammar says whether more is too much."""

# The terminals of query.lark in the order of their priority.
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<AND>AND(?![^\s()"]))
    |(?P<OR>OR(?![^\s()"]))
    |(?P<NOT>NOT(?![^\s()"]))
    |(?P<NEAR>O?NEAR/[0-9]+(?![^\s()"]))
    |(?P<ATLEAST>atleast/[0-9]+(?=\s*\())
    |(?P<FIELD>[A-Za-z_]+:(?=\S))
    |(?P<EXACT_WORD>=\s*(?!(?:AND|OR|NOT|O?NEAR/[0-9]+)(?![^\s()"]))[^\s()"=][^\s()"]*)
    |(?P<EXACT_PHRASE>=\s*"[^"]*")
    |(?P<PHRASE>"[^"]*")
    |(?P<OPEN>\()
    |(?P<CLOSE>\))
    |(?P<WORD>[^\s()"=][^\s()"]*)
    |(?P<END>$)
    |(?P<WRONG>.)
    )""",
    re.VERBOSE,
)
_LEAF = re.compile(r'(?!(?:AND|OR|NOT)$)[A-Za-z0-9-]+\*?|"[^"]*"')
"""A query that is one plain term or phrase, as most are."""
_CONTINUES = frozenset({"AND", "NOT", "ATLEAST", "FIELD", "EXACT_WORD", "EXACT_PHRASE", "PHRASE", "OPEN", "WORD"})
"""What goes on with an AND, written or not: itself, and all that begins an operand."""


class _UnsureError(Exception):
    """The query is not plainly right."""


def quick_parse(text: str) -> Node | None:
    """The tree of a query; ``None`` when the grammar must decide. White space must be spaces."""
    try:
        if _LEAF.fullmatch(text):
            return (make_phrase if text[0] == '"' else make_term)(text, exact=False, column=1)
        parser = _Parser(text)
        node = parser.whole()
        # Every level of nesting takes a token, and nothing but NOT can leave a query without anything to look for.
        if parser.size > MAX_DEPTH or parser.has_not:
            check_whole(node)
    except (_UnsureError, RuleSyntaxError):
        return None
    return node


class _Parser:
    """Recursive descent over the tokens of one query."""

    __slots__ = ("_at", "_depth", "_kinds", "_values")

    def __init__(self, text: str) -> None:
        found = list(_TOKEN.finditer(text))
        self._kinds = [match.lastgroup for match in found]
        self._values = [match[match.lastindex or 0] for match in found]
        self._at = 0
        self._depth = 0

    @property
    def size(self) -> int:
        """Tokens, the end among them."""
        return len(self._kinds)

    @property
    def has_not(self) -> bool:
        """Whether a NOT is among them."""
        return "NOT" in self._kinds

    def whole(self) -> Node:
        node = self._any_of()
        self._take("END")
        return node

    def _take(self, kind: str) -> str:
        at = self._at
        if self._kinds[at] != kind:
            raise _UnsureError
        self._at = at + 1
        return self._values[at]

    def _any_of(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _UnsureError
        parts = [self._all_of()]
        while self._kinds[self._at] == "OR":
            self._at += 1
            parts.append(self._all_of())
        self._depth -= 1
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
        node = self._primary()
        while self._kinds[self._at] == "NEAR":
            operator = self._take("NEAR")
            node = make_near(node, operator, self._primary(), 1)
        return node

    def _primary(self) -> Node:  # noqa: PLR0911 - one a kind of token
        at = self._at
        kind = self._kinds[at]
        self._at = at + 1
        match kind:
            case "WORD":
                return make_term(self._values[at], exact=False, column=1)
            case "PHRASE":
                return make_phrase(self._values[at], exact=False, column=1)
            case "OPEN":
                return self._group()
            case "EXACT_WORD":
                return make_term(self._values[at][1:].lstrip(), exact=True, column=1)
            case "EXACT_PHRASE":
                return make_phrase(self._values[at][1:].lstrip(), exact=True, column=1)
            case "ATLEAST":
                self._take("OPEN")
                return make_at_least(self._values[at], self._group(), 1)
            case "FIELD":
                return self._field(check_field(self._values[at], 1))
            case _:
                raise _UnsureError

    def _field(self, name: str) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _UnsureError
        part = self._primary()
        self._depth -= 1
        return make_field(name, part, 1)

    def _group(self) -> Node:
        """What stands behind an opening bracket."""
        node = self._any_of()
        self._take("CLOSE")
        return node
