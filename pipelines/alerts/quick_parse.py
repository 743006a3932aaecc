"""A well-formed query parsed by hand, thirty times as fast as by the grammar; ``query.lark`` defines the language.

Whatever is not plainly right is left to the grammar, which says what is wrong and where. A property test holds the
two to the same trees.
"""

from __future__ import annotations

import re

from pipelines.alerts.construct import (
    check_field,
    check_whole,
    make_at_least,
    make_field,
    make_near,
    make_phrase,
    make_term,
)
from pipelines.alerts.syntax import And, Node, Not, Or
from pipelines.errors import RuleSyntaxError

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
    |(?P<EXACT>=)
    |(?P<PHRASE>"[^"]*")
    |(?P<OPEN>\()
    |(?P<CLOSE>\))
    |(?P<WORD>[^\s()"=][^\s()"]*)
    |(?P<END>$)
    )""",
    re.VERBOSE,
)
_BEGINS_OPERAND = frozenset({"NOT", "ATLEAST", "FIELD", "EXACT", "PHRASE", "OPEN", "WORD"})


class _UnsureError(Exception):
    """The query is not plainly right."""


def quick_parse(text: str) -> Node | None:
    """The tree of a query; ``None`` when the grammar must decide. White space must be spaces."""
    try:
        node = _Parser(text).whole()
        check_whole(node)
    except (_UnsureError, RuleSyntaxError):
        return None
    return node


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position <= len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _UnsureError
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))
            if kind == "END":
                break
            position = match.end()
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._any_of()
        self._take("END")
        return node

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _take(self, kind: str) -> str:
        found, value = self._tokens[self._at]
        if found != kind:
            raise _UnsureError
        self._at += 1
        return value

    def _any_of(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _UnsureError
        parts = [self._all_of()]
        while self._kind == "OR":
            self._take("OR")
            parts.append(self._all_of())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all_of(self) -> Node:
        parts = [self._operand()]
        while self._kind in _BEGINS_OPERAND or self._kind == "AND":
            if self._kind == "AND":
                self._take("AND")
            parts.append(self._operand())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _operand(self) -> Node:
        if self._kind == "NOT":
            self._take("NOT")
            return Not(self._near())
        return self._near()

    def _near(self) -> Node:
        node = self._primary()
        while self._kind == "NEAR":
            operator = self._take("NEAR")
            node = make_near(node, operator, self._primary(), 1)
        return node

    def _primary(self) -> Node:
        kind = self._kind
        if kind == "WORD":
            return make_term(self._take("WORD"), exact=False, column=1)
        if kind == "PHRASE":
            return make_phrase(self._take("PHRASE"), exact=False, column=1)
        if kind == "EXACT":
            self._take("EXACT")
            word = self._kind == "WORD"
            return (
                make_term(self._take("WORD"), exact=True, column=1)
                if word
                else make_phrase(self._take("PHRASE"), exact=True, column=1)
            )
        if kind == "OPEN":
            return self._group()
        if kind == "ATLEAST":
            operator = self._take("ATLEAST")
            return make_at_least(operator, self._group(), 1)
        name = check_field(self._take("FIELD"), 1)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _UnsureError
        part = self._primary()
        self._depth -= 1
        return make_field(name, part, 1)

    def _group(self) -> Node:
        self._take("OPEN")
        node = self._any_of()
        self._take("CLOSE")
        return node
