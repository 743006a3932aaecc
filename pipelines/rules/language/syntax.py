"""The syntax tree of the rule language, and how it is written down.

The tree is frozen and picklable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A word as the user wrote it: ``HIMARS``, ``AIM-7``, ``deliver*``, ``=SAM``."""

    text: str
    """Without ``=`` and ``*``."""
    exact: bool = False
    """Exactly this case, no aliases."""
    prefix: bool = False
    """Any word which begins so."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row, without aliases."""

    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not match. Stands within an ``And`` beside something that must."""

    part: Node


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides in one field, at most ``distance`` words between them."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    """The left side comes first."""


@dataclass(frozen=True, slots=True)
class InTitle:
    """The part, in the title only."""

    part: Node


@dataclass(frozen=True, slots=True)
class Source:
    """The outlet's name has these words in a row."""

    part: Term | Phrase


@dataclass(frozen=True, slots=True)
class Language:
    """The article is in this language."""

    code: str
    """ISO 639, lower case."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` mentions, title and body together."""

    count: int
    part: Node


Node: TypeAlias = Term | Phrase | And | Or | Not | Near | InTitle | Source | Language | AtLeast


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    root: Node

    def __str__(self) -> str:
        """The query in the rule language."""
        return format_query(self)


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node."""
    match node:
        case Term() | Phrase():
            return ()
        case And(parts) | Or(parts):
            return parts
        case Not(part) | InTitle(part) | AtLeast(_, part):
            return (part,)
        case Near(left, right):
            return (left, right)
        case Source(part):
            return (part,)
        case _:
            return ()


# Formatting ---------------------------------------------------------------------------------------------


def format_query(query: Query) -> str:
    """Write a query in the rule language, with as few brackets as it takes."""
    return _format(query.root, 0)


# How tightly a node binds; a part that binds less tightly than its place asks for is bracketed.
_OR, _AND, _NOT, _NEAR, _PRIMARY = range(5)


def _format(node: Node, place: int) -> str:  # noqa: C901, PLR0911 - one a kind of node
    match node:
        case Term(text, exact, prefix):
            return f"{'=' * exact}{text}{'*' * prefix}"
        case Phrase(text, exact):
            return f'{"=" * exact}"{text}"'
        case Or(parts):
            level, written = _OR, " OR ".join(_format(part, _AND) for part in parts)
        case And(parts):
            level, written = _AND, " AND ".join(_format(part, _NOT) for part in parts)
        case Not(part):
            level, written = _NOT, f"NOT {_format(part, _NEAR)}"
        case Near(left, right, distance, ordered):
            operator = f"{'O' * ordered}NEAR/{distance}"
            level, written = _NEAR, f"{_format(left, _NEAR)} {operator} {_format(right, _PRIMARY)}"
        case InTitle(part):
            return f"title:{_format(part, _PRIMARY)}"
        case Source(part):
            return f"source:{_format(part, _PRIMARY)}"
        case Language(code):
            return f"lang:{code}"
        case AtLeast(count, part):
            return f"atleast/{count}({_format(part, _OR)})"
    return written if level >= place else f"({written})"
