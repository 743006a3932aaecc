"""The syntax tree of the rule language, and its formatting.

The tree is frozen and picklable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query: ``HIMARS``, ``AIM-7``, ``deliver*``, ``=SAM``."""

    text: str
    """The word as the user wrote it, without ``=`` and ``*``."""
    exact: bool = False
    """True if only this case matches, and no aliases."""
    prefix: bool = False
    """True if any word with this prefix matches."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sequence of words, without aliases."""

    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """A conjunction: all parts must match."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """A disjunction: at least one part must match."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A negation: the part must not match. Its ``And`` must have a part that must match."""

    part: Node


@dataclass(frozen=True, slots=True)
class Near:
    """Two sides in one field with at most ``distance`` words between them."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    """True if the left side must come first."""


@dataclass(frozen=True, slots=True)
class InTitle:
    """A part that must match in the title."""

    part: Node


@dataclass(frozen=True, slots=True)
class Source:
    """A sequence of words in the name of the outlet."""

    part: Term | Phrase


@dataclass(frozen=True, slots=True)
class Language:
    """The language of the article."""

    code: str
    """ISO 639, lower case."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A minimum number of mentions, in title and body together."""

    count: int
    part: Node


Node: TypeAlias = Term | Phrase | And | Or | Not | Near | InTitle | Source | Language | AtLeast


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    root: Node

    def __str__(self) -> str:
        """Return the query in the rule language."""
        return format_query(self)


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node."""
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
    """Write a query in the rule language, with as few brackets as possible."""
    return _format(query.root, 0)


# Precedence of nodes, lowest first; a part with a lower precedence than its parent requires is bracketed.
_OR, _AND, _NOT, _NEAR, _PRIMARY = range(5)


def _format(node: Node, precedence: int) -> str:  # noqa: C901, PLR0911 - a return per kind of node
    match node:
        case Term(text, exact, prefix):
            return f"{'=' * exact}{text}{'*' * prefix}"
        case Phrase(text, exact):
            return f'{"=" * exact}"{text}"'
        case Or(parts):
            own, text = _OR, " OR ".join(_format(part, _AND) for part in parts)
        case And(parts):
            own, text = _AND, " AND ".join(_format(part, _NOT) for part in parts)
        case Not(part):
            own, text = _NOT, f"NOT {_format(part, _NEAR)}"
        case Near(left, right, distance, ordered):
            operator = f"{'O' * ordered}NEAR/{distance}"
            own, text = _NEAR, f"{_format(left, _NEAR)} {operator} {_format(right, _PRIMARY)}"
        case InTitle(part):
            return f"title:{_format(part, _PRIMARY)}"
        case Source(part):
            return f"source:{_format(part, _PRIMARY)}"
        case Language(code):
            return f"lang:{code}"
        case AtLeast(count, part):
            return f"atleast/{count}({_format(part, _OR)})"
    return text if own >= precedence else f"({text})"
