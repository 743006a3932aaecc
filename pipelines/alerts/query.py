"""The rule language: parser, and the names of its syntax tree.

``parse`` and ``format_query`` are inverse of each other: formatting a parsed query and parsing the result gives an
equal tree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pipelines.alerts.normalise import index_text
from pipelines.alerts.syntax import (
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
from pipelines.errors import RuleSyntaxError

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedToken

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
MAX_DEPTH = 12
"""Levels of nesting. Elasticsearch refuses Boolean queries deeper than 30, and a level here can be two there."""
MAX_DISTANCE = 100
"""Words in NEAR/n: beyond that, AND says what is meant."""
MAX_MENTIONS = 1000
"""n of atleast/n."""

_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "\uff02": '"'})
_FIELDS = ("title:", "source:", "lang:")
_LOOKS_LIKE_OPERATOR = re.compile(r"(?i:o?near)(/.*)?|(?i:atleast)(/.*)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_WORD_LIKE = frozenset({"WORD", "PHRASE", "EXACT", "_OPEN", "FIELD", "ATLEAST", "NOT"})
_TERMINAL_NAMES = {
    "_CLOSE": "')'",
    "_AND": "AND",
    "_OR": "OR",
    "NEAR": "NEAR/n",
    "$END": "the end of the query",
    "_OPEN": "'('",
}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415 - 60 ms which commands without a query need not pay

    grammar = Path(__file__).with_name("query.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False, propagate_positions=True)


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        RuleSyntaxError: with the column (from 1) and what was expected there.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken  # noqa: PLC0415

    if len(text) > MAX_QUERY:
        _fail(f"the query has {len(text)} characters; at most {MAX_QUERY} are allowed", MAX_QUERY + 1)
    plain = text.translate(_TYPOGRAPHIC)
    if not plain.strip():
        _fail("the query is empty; expected a term, such as HIMARS", 1)
    if plain.count('"') % 2:
        _fail('this quotation mark is not closed; expected "', plain.rindex('"') + 1)
    _check_brackets(plain)
    # Terms may hold any character, so lark's line counting is of no use: white space is made plain first.
    plain = re.sub(r"\s", " ", plain)
    try:
        tree = _parser().parse(plain)
    except UnexpectedToken as error:
        _explain_token(plain, error)
    except (UnexpectedCharacters, UnexpectedEOF) as error:
        _explain_character(plain, error)
    root = _Builder().build(tree)
    _check_positive(root)
    return Query(root)


def _fail(message: str, column: int | None) -> NoReturn:
    raise RuleSyntaxError(message, column=column)


def _check_brackets(text: str) -> None:
    """Brackets must pair and not nest too deeply; said here, since it can be said more plainly than the parser can."""
    opened: list[int] = []
    quoted = False
    for column, character in enumerate(text, start=1):
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            opened.append(column)
            if len(opened) > 4 * MAX_DEPTH:
                _fail(f"brackets are nested more than {4 * MAX_DEPTH} deep", column)
        elif character == ")":
            if not opened:
                _fail("this ')' closes nothing; expected no ')' or a '(' before it", column)
            opened.pop()
    if opened:
        _fail("this '(' is not closed; expected ')'", opened[-1])


def _explain_token(text: str, error: UnexpectedToken) -> NoReturn:
    column = error.token.start_pos + 1 if error.token.type != "$END" else len(text.rstrip()) + 1
    found = f"'{error.token}'" if error.token.type != "$END" else "the end of the query"
    _fail(f"found {found}; expected {_expected(set(error.accepts or error.expected))}", column)


def _explain_character(text: str, error: Exception) -> NoReturn:
    position = getattr(error, "pos_in_stream", None)
    position = position if isinstance(position, int) and 0 <= position < len(text) else len(text)
    found = f"'{text[position]}'" if position < len(text) else "the end of the query"
    expected = _expected(set(getattr(error, "allowed", None) or _WORD_LIKE))
    _fail(f"found {found}; expected {expected}", position + 1)


def _expected(terminals: set[str]) -> str:
    words: list[str] = []
    if {"WORD", "PHRASE"} & terminals:
        words.append("a term, a \"phrase\" or '('")
        terminals = terminals - _WORD_LIKE
    words.extend(sorted(_TERMINAL_NAMES[name] for name in terminals if name in _TERMINAL_NAMES))
    if not words:
        return "something else"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class _Builder:
    """Turns lark's parse tree into ours, and checks what a grammar cannot say."""

    def build(self, tree: object) -> Node:
        return self._node(tree, 0)

    def _node(self, tree: object, depth: int) -> Node:
        from lark import Tree  # noqa: PLC0415

        assert isinstance(tree, Tree)
        if depth > 8 * MAX_DEPTH:  # groups cost a level here and none in the result
            _fail(f"the query is nested more than {MAX_DEPTH} levels deep", tree.meta.start_pos + 1)
        node: Node = getattr(self, f"_{tree.data}")(tree.children, depth + 1)
        return node

    def _group(self, parts: list[object], depth: int) -> Node:
        return self._node(parts[0], depth)

    def _any_of(self, parts: list[object], depth: int) -> Node:
        return Or(tuple(self._node(part, depth) for part in parts))

    def _all_of(self, parts: list[object], depth: int) -> Node:
        return And(tuple(self._node(part, depth) for part in parts))

    def _negation(self, parts: list[object], depth: int) -> Node:
        return Not(self._node(parts[1], depth))

    def _near(self, parts: list[object], depth: int) -> Node:
        left, operator, right = parts
        name, _, number = str(operator).partition("/")
        distance = self._number(operator, number, "the distance of NEAR", MAX_DISTANCE)
        sides = [self._node(side, depth) for side in (left, right)]
        for side in sides:
            self._check_places(side, operator, "NEAR")
        return Near(sides[0], sides[1], distance, ordered=name.startswith("O"))

    def _at_least(self, parts: list[object], depth: int) -> Node:
        operator, inner = parts
        count = self._number(operator, str(operator).partition("/")[2], "the number of atleast", MAX_MENTIONS)
        part = self._node(inner, depth)
        self._check_places(part, operator, "atleast")
        return AtLeast(count, part)

    def _in_field(self, parts: list[object], depth: int) -> Node:
        field, inner = parts
        column = _column(field)
        name = str(field).lower()
        if name not in _FIELDS:
            _fail(
                f"there is no field '{field}'; expected title:, source: or lang: "
                '(a term with a colon goes in quotes: "16:30")',
                column,
            )
        part = self._node(inner, depth)
        if name == "title:":
            if any(isinstance(node, InTitle | Source | Language) for node in _walk(part)):
                _fail("a field stands within title:; expected terms and operators only", column)
            return InTitle(part)
        if name == "source:":
            if not isinstance(part, Term | Phrase):
                _fail('expected one name after source:, such as source:Reuters or source:"Defense News"', column)
            return Source(part)
        code = part.text.lower() if isinstance(part, Term) and not (part.prefix or part.exact) else ""
        if not _LANGUAGE.fullmatch(code):
            _fail("expected a language code after lang:, such as lang:en", column)
        return Language(code)

    def _word(self, parts: list[object], _: int) -> Node:
        return self._term(parts[0], exact=False)

    def _exact_word(self, parts: list[object], _: int) -> Node:
        return self._term(parts[1], exact=True)

    def _phrase(self, parts: list[object], _: int) -> Node:
        return self._quoted(parts[0], exact=False)

    def _exact_phrase(self, parts: list[object], _: int) -> Node:
        return self._quoted(parts[1], exact=True)

    @staticmethod
    def _term(token: object, *, exact: bool) -> Node:
        column = _column(token)
        text = str(token)
        if text.lower() in _FIELDS:
            _fail(f"expected a term right after '{text}', without a space", column + len(text))
        if _LOOKS_LIKE_OPERATOR.fullmatch(text):
            _fail(
                f"'{text}' is not complete; expected NEAR/8 or ONEAR/8 between two terms, or atleast/3(term); "
                'as a word it goes in quotes: "near"',
                column,
            )
        prefix = text.endswith("*")
        text = text.removesuffix("*")
        if "*" in text:
            _fail("'*' stands within a word; expected it at the end only, as in deliver*", column)
        words = index_text(text).split()
        if not words:
            _fail(f"'{token}' has no letter or digit; expected a term", column)
        if prefix and len(words[-1]) < 2 and words[-1].isascii():  # noqa: PLR2004
            _fail("expected at least two letters or digits before '*'", column)
        return Term(text, exact=exact, prefix=prefix)

    @staticmethod
    def _quoted(token: object, *, exact: bool) -> Node:
        text = str(token)[1:-1]
        if not index_text(text):
            _fail("the phrase has no letter or digit; expected words between the quotation marks", _column(token))
        return Phrase(text, exact=exact)

    @staticmethod
    def _number(token: object, digits: str, what: str, most: int) -> int:
        number = int(digits[:6])
        if not 1 <= number <= most:
            _fail(f"{what} is {digits[:12]}; expected 1 to {most}", _column(token))
        return number

    @staticmethod
    def _check_places(node: Node, token: object, operator: str) -> None:
        """Near and atleast need places in the text."""
        for inner in _walk(node):
            if not isinstance(inner, Term | Phrase | Or | Near):
                kind = {"And": "AND", "Not": "NOT", "AtLeast": "atleast"}.get(type(inner).__name__, "a field")
                _fail(f"{kind} stands within {operator}; expected terms, phrases, OR or NEAR", _column(token))


def _column(token: object) -> int:
    position: int = getattr(token, "start_pos", 0)
    return position + 1


def _walk(node: Node) -> list[Node]:
    """A node and everything in it."""
    out = [node]
    for item in out:
        out.extend(children(item))
    return out


def _check_positive(root: Node) -> None:
    """A query must look for something, and not be nested too deeply."""
    level: tuple[Node, ...] = (root,)
    for _ in range(MAX_DEPTH):
        level = tuple(part for node in level for part in children(node))
    if level:
        _fail(f"the query is nested more than {MAX_DEPTH} levels deep; expected fewer brackets", None)
    if _matches_nothing_named(root):
        _fail(
            "NOT can only take away from something, and this query would match every article without it; "
            "expected a term beside NOT, as in A AND NOT B",
            None,
        )


def _matches_nothing_named(node: Node) -> bool:
    match node:
        case Not():
            return True
        case And(parts):
            return all(_matches_nothing_named(part) for part in parts)
        case Or(parts):
            return any(_matches_nothing_named(part) for part in parts)
        case InTitle(part):
            return _matches_nothing_named(part)
        case _:
            return False
