"""The shape of a query over words: what the words of a text must be for the query to match it, places aside.

A shape asks for less than its query: every text that matches has it, and a few others.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pipelines.rules.language.query import And, AtLeast, InTitle, Near, Node, Or, Phrase, Query, Term
from pipelines.rules.patterns.patterns import ElementKind, leaf_of
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.patterns.patterns import Element, Pattern

Words: TypeAlias = frozenset[bytes]
"""A text has one of these words; ``b"f 16"`` stands for a word and its number."""

Sign: TypeAlias = bytes
"""What a text shows: ``b"himars"`` a word; ``b" deliver"`` a word which begins so; ``b"f 16"`` a word and its number;
``b"iron dome"`` a word and the next one; ``b"^saw"`` a word with a capital."""


class AllOf(NamedTuple):
    """Every part is met."""

    parts: tuple[Shape, ...]


class AnyOf(NamedTuple):
    """A part is met."""

    parts: tuple[Shape, ...]


class Begins(NamedTuple):
    """A word begins with one of these; each has a space in front."""

    beginnings: tuple[Sign, ...]


class Capital(NamedTuple):
    """One of these words stands with a capital."""

    words: tuple[bytes, ...]


class Row(NamedTuple):
    """A word of the first stands right before one of the second."""

    first: Words
    second: Words


Shape: TypeAlias = Words | AllOf | AnyOf | Begins | Row | Capital

EVERY: Shape = AllOf(())
"""What words do not narrow."""

_SHORT_FORMS: defaultdict[str, list[bytes]] = defaultdict(list)
for _short, _word in ABBREVIATIONS.items():
    _SHORT_FORMS[_word].append(_short.encode())


def shape_of(query: Query, gazetteer: Gazetteer) -> Shape:
    """The shape of a query."""
    return _shape(query.root, gazetteer)


def _shape(node: Node, gazetteer: Gazetteer) -> Shape:
    match node:
        case Term() | Phrase():
            return leaf_shape(node, gazetteer)
        case And(parts):
            return _all([_shape(part, gazetteer) for part in parts])
        case Or(parts):
            return _any([_shape(part, gazetteer) for part in parts])
        case Near(left, right):
            return _all([_shape(left, gazetteer), _shape(right, gazetteer)])
        case InTitle(part) | AtLeast(_, part):
            return _shape(part, gazetteer)
        case _:
            return EVERY


def _all(parts: list[Shape]) -> Shape:
    # What is asked of the words comes before what is asked of the text.
    parts = [part for part in parts if part != EVERY]
    return parts[0] if len(parts) == 1 else AllOf(tuple(sorted(parts, key=_effort)))


def _effort(shape: Shape) -> int:
    return 0 if isinstance(shape, frozenset) else 2 if isinstance(shape, Row | Capital) else 1


def _any(parts: list[Shape]) -> Shape:
    words: Words = frozenset().union(*(part for part in parts if isinstance(part, frozenset)))
    others = [part for part in parts if not isinstance(part, frozenset)]
    if EVERY in others:
        return EVERY
    if not others:
        return words
    return others[0] if len(others) == 1 and not words else AnyOf((words, *others) if words else tuple(others))


@lru_cache(maxsize=1 << 16)
def leaf_shape(node: Term | Phrase, gazetteer: Gazetteer) -> Shape:
    """The shape of a term or phrase; the same object whenever it is asked for, by which answers are kept."""
    patterns = [_pattern_shape(pattern) for pattern in leaf_of(node, gazetteer).patterns]
    return patterns[0] if len(patterns) == 1 else _any(list(dict.fromkeys(patterns)))


def _pattern_shape(pattern: Pattern) -> Shape:
    """What a text with this pattern has; a word and the number that belongs to it as a pair."""
    elements = pattern.elements
    parts: list[Shape] = []
    for index, element in enumerate(elements):
        following = elements[index + 1] if index + 1 < len(elements) else None
        if following and _paired(element, following) and index + 1 != pattern.gap_at:
            continue
        before = elements[index - 1] if index else None
        if before and _paired(before, element) and index != pattern.gap_at:
            forms = _forms(before.words)
            parts.append(frozenset(b"%b %b" % (word, number) for word in forms for number in _forms(element.words)))
        elif element.kind is ElementKind.PREFIX:
            parts.append(Begins(tuple(b" " + word for word in sorted(_forms(element.words)))))
        else:
            parts.append(_words(element.words))
    rows = zip(elements, elements[1:], range(1, len(elements)), strict=False)
    parts.extend(
        Row(_forms(first.words), _forms(second.words))
        for first, second, index in rows
        if index != pattern.gap_at and all(_is_whole_word(element) for element in (first, second))
    )
    if pattern.capital and all(word.isascii() and len(word) < MAX_TOKEN for word in elements[0].words):
        parts.append(Capital(tuple(sorted(_forms(elements[0].words)))))
    if pattern.context:
        parts.append(_context(pattern.context))
    return _all(parts)


def _is_whole_word(element: Element) -> bool:
    return element.kind is ElementKind.WORD and all(len(word) < MAX_TOKEN for word in element.words)


def _paired(word: Element, number: Element) -> bool:
    """Whether a number follows its word directly, but for other numbers of a list."""
    return (
        word.kind is ElementKind.WORD
        and number.kind is ElementKind.NUMBER
        and all(len(one) < MAX_TOKEN for one in (*word.words, *number.words))
    )


@lru_cache(maxsize=1 << 12)
def _context(context: tuple[Pattern, ...]) -> Shape:
    words = frozenset().union(*(max(pattern.elements, key=_telling).words for pattern in context))
    return _words(words)


def _telling(element: Element) -> int:
    return len(min(element.words, key=len))


@lru_cache(maxsize=1 << 14)
def _forms(words: frozenset[str]) -> Words:
    return forms_of(words)


def forms_of(words: Iterable[str]) -> Words:
    """Every way in which these tokens may stand in a text."""
    forms = frozenset(map(str.encode, words))
    short = [form for word in words if word in _SHORT_FORMS for form in _SHORT_FORMS[word]]
    return forms.union(short) if short else forms


def _words(words: frozenset[str]) -> Shape:
    # The words of a rough text are not cut: a long one begins with what it would be cut to.
    cut = tuple(f" {word}".encode() for word in sorted(words) if len(word) >= MAX_TOKEN)
    whole = _forms(words)
    return AnyOf((whole, Begins(cut))) if cut else whole
