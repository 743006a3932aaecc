"""The rule language: parser, and the names of its syntax tree.

``parse`` and ``format_query`` are inverse of each other: formatting a parsed query and parsing the result gives an
equal tree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

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
from pipelines.rules.language.quick_parse import quick_parse
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

_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "\uff02": '"'})
_WHITE_SPACE = re.compile(r"[^\S ]")
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
    """Parse a query: by hand where it is well formed, by the grammar where it is not, which can say why.

    Raises:
        RuleSyntaxError: with the column (from 1) and what was expected there.
    """
    if len(text) > MAX_QUERY:
        fail(f"the query has {len(text)} characters; at most {MAX_QUERY} are allowed", MAX_QUERY + 1)
    # Terms may hold any character, so lark's line counting is of no use: white space is made plain first.
    plain = _WHITE_SPACE.sub(" ", text if text.isascii() else text.translate(_TYPOGRAPHIC))
    root = quick_parse(plain)
    return Query(parse_by_grammar(plain) if root is None else root)


def parse_by_grammar(plain: str) -> Node:
    """Parse by ``query.lark``, which defines the language.

    Raises:
        RuleSyntaxError: with the column and what was expected there.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken  # noqa: PLC0415

    if not plain.strip():
        fail("the query is empty; expected a term, such as HIMARS", 1)
    if plain.count('"') % 2:
        fail('this quotation mark is not closed; expected "', plain.rindex('"') + 1)
    _check_brackets(plain)
    try:
        tree = _parser().parse(plain)
    except UnexpectedToken as error:
        _explain_token(plain, error)
    except (UnexpectedCharacters, UnexpectedEOF) as error:
        _explain_character(plain, error)
    root = _Builder().build(tree)
    check_whole(root)
    return root


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
                fail(f"brackets are nested more than {4 * MAX_DEPTH} deep", column)
        elif character == ")":
            if not opened:
                fail("this ')' closes nothing; expected no ')' or a '(' before it", column)
            opened.pop()
    if opened:
        fail("this '(' is not closed; expected ')'", opened[-1])


def _explain_token(text: str, error: UnexpectedToken) -> NoReturn:
    column = error.token.start_pos + 1 if error.token.type != "$END" else len(text.rstrip()) + 1
    found = f"'{error.token}'" if error.token.type != "$END" else "the end of the query"
    fail(f"found {found}; expected {_expected(set(error.accepts or error.expected))}", column)


def _explain_character(text: str, error: Exception) -> NoReturn:
    position = getattr(error, "pos_in_stream", None)
    position = position if isinstance(position, int) and 0 <= position < len(text) else len(text)
    found = f"'{text[position]}'" if position < len(text) else "the end of the query"
    expected = _expected(set(getattr(error, "allowed", None) or _WORD_LIKE))
    fail(f"found {found}; expected {expected}", position + 1)


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
    """Turns lark's parse tree into ours."""

    def build(self, tree: object) -> Node:
        return self._node(tree, 0)

    def _node(self, tree: object, depth: int) -> Node:
        from lark import Tree  # noqa: PLC0415

        assert isinstance(tree, Tree)
        if depth > 8 * MAX_DEPTH:  # groups cost a level here and none in the result
            fail(f"the query is nested more than {MAX_DEPTH} levels deep", tree.meta.start_pos + 1)
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
        return make_near(self._node(left, depth), str(operator), self._node(right, depth), _column(operator))

    def _at_least(self, parts: list[object], depth: int) -> Node:
        operator, inner = parts
        return make_at_least(str(operator), self._node(inner, depth), _column(operator))

    def _in_field(self, parts: list[object], depth: int) -> Node:
        field, inner = parts
        name = check_field(str(field), _column(field))
        return make_field(name, self._node(inner, depth), _column(field))

    def _word(self, parts: list[object], _: int) -> Node:
        return make_term(str(parts[0]), exact=False, column=_column(parts[0]))

    def _exact_word(self, parts: list[object], _: int) -> Node:
        return make_term(str(parts[1]), exact=True, column=_column(parts[1]))

    def _phrase(self, parts: list[object], _: int) -> Node:
        return make_phrase(str(parts[0]), exact=False, column=_column(parts[0]))

    def _exact_phrase(self, parts: list[object], _: int) -> Node:
        return make_phrase(str(parts[1]), exact=True, column=_column(parts[1]))


def _column(token: object) -> int:
    position: int = getattr(token, "start_pos", 0)
    return position + 1
