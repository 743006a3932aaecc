"""Requirements of queries on the words of a text, mostly regardless of their positions.

A requirement is weaker than its query: every text that matches meets it, and a few other texts do.
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
"""Words of which a text must have at least one; ``b"f 16"`` denotes a word and its number."""

Sign: TypeAlias = bytes
"""A trait that a text can have: ``b"himars"`` a word; ``b" deliver"`` a word with this prefix; ``b"f 16"`` a word and
its number; ``b"iron dome"`` two adjacent words; ``b"^saw"`` a word with a capital."""


class AllOf(NamedTuple):
    """A requirement that every part is met."""

    parts: tuple[Requirement, ...]


class AnyOf(NamedTuple):
    """A requirement that at least one part is met."""

    parts: tuple[Requirement, ...]


class Begins(NamedTuple):
    """A requirement of a word with one of these prefixes; each prefix begins with a space."""

    beginnings: tuple[Sign, ...]


class Capital(NamedTuple):
    """A requirement of one of these words with a capital."""

    words: tuple[bytes, ...]


class Adjacent(NamedTuple):
    """A requirement of a word of ``first`` directly before one of ``second``."""

    first: Words
    second: Words


Requirement: TypeAlias = Words | AllOf | AnyOf | Begins | Adjacent | Capital

NO_REQUIREMENT: Requirement = AllOf(())
"""The requirement that every text meets."""

_SHORT_FORMS: defaultdict[str, list[bytes]] = defaultdict(list)
for _short, _word in ABBREVIATIONS.items():
    _SHORT_FORMS[_word].append(_short.encode())


def requirement_of(query: Query, gazetteer: Gazetteer) -> Requirement:
    """Return the requirement of a query."""
    return _node_requirement(query.root, gazetteer)


def _node_requirement(node: Node, gazetteer: Gazetteer) -> Requirement:
    match node:
        case Term() | Phrase():
            return leaf_requirement(node, gazetteer)
        case And(parts):
            return _all([_node_requirement(part, gazetteer) for part in parts])
        case Or(parts):
            return _any([_node_requirement(part, gazetteer) for part in parts])
        case Near(left, right):
            return _all([_node_requirement(left, gazetteer), _node_requirement(right, gazetteer)])
        case InTitle(part) | AtLeast(_, part):
            return _node_requirement(part, gazetteer)
        case _:
            return NO_REQUIREMENT


def _all(parts: list[Requirement]) -> Requirement:
    # Lookups in the set of words come before searches of the text.
    parts = [part for part in parts if part != NO_REQUIREMENT]
    return parts[0] if len(parts) == 1 else AllOf(tuple(sorted(parts, key=_effort)))


def _effort(requirement: Requirement) -> int:
    return 0 if isinstance(requirement, frozenset) else 2 if isinstance(requirement, Adjacent | Capital) else 1


def _any(parts: list[Requirement]) -> Requirement:
    words: Words = frozenset().union(*(part for part in parts if isinstance(part, frozenset)))
    others = [part for part in parts if not isinstance(part, frozenset)]
    if NO_REQUIREMENT in others:
        return NO_REQUIREMENT
    if not others:
        return words
    return others[0] if len(others) == 1 and not words else AnyOf((words, *others) if words else tuple(others))


@lru_cache(maxsize=1 << 16)
def leaf_requirement(node: Term | Phrase, gazetteer: Gazetteer) -> Requirement:
    """Return the requirement of a term or phrase: always the same object, since results are cached by identity."""
    patterns = [_pattern_requirement(pattern) for pattern in leaf_of(node, gazetteer).patterns]
    return patterns[0] if len(patterns) == 1 else _any(list(dict.fromkeys(patterns)))


def _pattern_requirement(pattern: Pattern) -> Requirement:
    """Return the requirement of a pattern, in which a word and its number are a pair."""
    elements = pattern.elements
    parts: list[Requirement] = []
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
        Adjacent(_forms(first.words), _forms(second.words))
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
    """Return whether a number follows its word directly, or after other numbers of a list."""
    return (
        word.kind is ElementKind.WORD
        and number.kind is ElementKind.NUMBER
        and all(len(form) < MAX_TOKEN for form in (*word.words, *number.words))
    )


@lru_cache(maxsize=1 << 12)
def _context(context: tuple[Pattern, ...]) -> Requirement:
    words = frozenset().union(*(max(pattern.elements, key=_shortest_length).words for pattern in context))
    return _words(words)


def _shortest_length(element: Element) -> int:
    return len(min(element.words, key=len))


@lru_cache(maxsize=1 << 14)
def _forms(words: frozenset[str]) -> Words:
    return forms_of(words)


def forms_of(words: Iterable[str]) -> Words:
    """Return the forms in which these tokens can occur in a text, abbreviations included."""
    forms = frozenset(map(str.encode, words))
    short = [form for word in words if word in _SHORT_FORMS for form in _SHORT_FORMS[word]]
    return forms.union(short) if short else forms


def _words(words: frozenset[str]) -> Requirement:
    # The words of a WordSet are not cut: a long word begins with the token it would be cut to.
    cut = tuple(f" {word}".encode() for word in sorted(words) if len(word) >= MAX_TOKEN)
    whole = _forms(words)
    return AnyOf((whole, Begins(cut))) if cut else whole
