"""The parts of a text in which a pattern can stand, each tokenised alone: most matches need a tenth of an article.

Of a pattern's elements one is the anchor: the places of its words are found by searching the folded text, and as much
is tokenised around them as deciding may look at. Matches there are those of the whole text, place for place; where
that is not certain, or not quicker, the whole text is tokenised.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.alerts.document import Document
from pipelines.alerts.fold import fold
from pipelines.alerts.locate import CONTEXT_REACH, MAX_GAP
from pipelines.alerts.normalise import ABBREVIATIONS, MAX_TOKEN, Tokens
from pipelines.alerts.patterns import Kind, leaf_of
from pipelines.alerts.rough import composed_words
from pipelines.alerts.variants import MAX_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.alerts.fold import Folded
    from pipelines.alerts.gazetteer import Gazetteer
    from pipelines.alerts.patterns import Element, Pattern
    from pipelines.alerts.query import Phrase, Term

_MANY = 24
"""Places from which on the whole text is tokenised."""
_TOKEN_WIDTH = 8
_LONG_WORDS = 40
"""Characters that a token takes with what stands before it, and what a few long ones take more. Where that is too
little, the whole text is tokenised."""
_NEIGHBOURS = 2
"""Tokens before and behind a match which decide whether it is a part of something longer."""


class Anchor(NamedTuple):
    """The words a pattern is found by, and how many tokens around them decide on it."""

    words: tuple[str, ...]
    """As they stand in a folded text; none when they cannot be searched for."""
    whole: bool
    """Whether they are whole tokens, not beginnings."""
    before: int
    behind: int


@lru_cache(maxsize=1 << 16)
def anchors(node: Term | Phrase, gazetteer: Gazetteer) -> tuple[Anchor, ...]:
    """The anchors of a leaf's patterns, in their order."""
    return tuple(map(_anchor, leaf_of(node, gazetteer).patterns))


def _anchor(pattern: Pattern) -> Anchor:
    elements = pattern.elements
    at = max(range(len(elements)), key=lambda index: len(min(elements[index].words, key=len)))
    element = elements[at]
    gap = (MAX_GAP + 1) * bool(pattern.gap_at)
    before = sum(map(_width, elements[:at])) + MAX_LIST * (element.kind in _LISTED) + gap + _NEIGHBOURS
    behind = sum(map(_width, elements[at:])) + gap + _NEIGHBOURS
    if pattern.context or pattern.others:
        # A context word stands within reach of the match and is decided on as patterns are.
        near = (*pattern.context, *pattern.others)
        longest = max(sum(map(_width, one.elements)) for one in near) + MAX_GAP + 1
        before, behind = before + CONTEXT_REACH, behind + CONTEXT_REACH + longest
    words = {form for word in element.words for form in (word, *_SHORT_FORMS.get(word, ()))}
    cut = any(len(word) >= MAX_TOKEN for word in words)
    return Anchor(() if cut else tuple(sorted(words)), element.kind is not Kind.PREFIX, before, behind)


_SHORT_FORMS = {
    word: tuple(short for short, long in ABBREVIATIONS.items() if long == word) for word in ABBREVIATIONS.values()
}


_LISTED = frozenset({Kind.NUMBER, Kind.VARIANT})


def _width(element: Element) -> int:
    """The most tokens that an element steps over: a list of numbers and the variant behind it."""
    if element.kind is Kind.NUMBER:
        return 3 * MAX_LIST + _NEIGHBOURS
    return MAX_LIST if element.kind is Kind.VARIANT else 1


class Excerpts:
    """A field of an article, tokenised only where patterns can stand."""

    def __init__(self, text: str) -> None:
        """Nothing is done before a pattern is asked for."""
        self._text = text
        self._room = len(text)
        """Characters that may yet be tokenised before tokenising all of them would have been quicker."""

    @cached_property
    def _folded(self) -> Folded:
        return fold(self._text)

    @cached_property
    def _composed(self) -> frozenset[str]:
        return composed_words(self._folded.text)

    def whole(self) -> Document:
        """All of it."""
        return Document(self._text, Tokens(self._folded))

    def around(self, anchor: Anchor) -> list[Document] | None:
        """Every part in which a pattern with this anchor can stand; ``None``: the whole text must be looked at."""
        if not self._room or not anchor.words or self._folded.starts is not None or self._may_be_composed(anchor):
            return None
        places = sorted(
            place for word in anchor.words for place in _places(self._folded.text, word, whole=anchor.whole)
        )
        if len(places) > _MANY:
            return None
        documents: list[Document] = []
        for group in _groups(places, _characters(anchor.before) + _characters(anchor.behind)):
            document = self._excerpt(group, anchor)
            if document is None:
                return None
            documents.append(document)
        return documents

    def _may_be_composed(self, anchor: Anchor) -> bool:
        """Whether a word of the anchor may stand in the text in pieces: the US of U.S."""
        if anchor.whole:
            return not self._composed.isdisjoint(anchor.words)
        return any(token.startswith(anchor.words) for token in self._composed)

    def _excerpt(self, places: list[int], anchor: Anchor) -> Document | None:
        """The text from white space before the first place to white space behind the last."""
        folded = self._folded.text
        low = folded.rfind(" ", 0, max(0, places[0] - _characters(anchor.before))) + 1
        high = folded.find(" ", places[-1] + _characters(anchor.behind))
        high = len(folded) if high < 0 else high
        self._room -= high - low
        if self._room < 0:
            self._room = 0
            return None
        tokens = Tokens(self._folded, low, high)
        enough_before = not low or tokens.beginning_before(places[0]) >= anchor.before
        enough_behind = high == len(folded) or len(tokens) - tokens.beginning_before(places[-1]) > anchor.behind
        return Document(self._text, tokens) if enough_before and enough_behind else None


def _places(text: str, word: str, *, whole: bool) -> Iterator[int]:
    """Where a token may stand in a folded text; a few more than where it does."""
    bounded, digits, width = word.isascii(), word.isdigit(), len(word)
    at = text.find(word)
    while at >= 0:
        # Spelt-out marks end in a q, and may stand before anything.
        longer = bounded and (
            (_same_run(text[at - 1 : at], digits=digits) and text[at - 1] != "q")
            or (whole and _same_run(text[at + width : at + width + 1], digits=digits))
        )
        if not longer:
            yield at
        at = text.find(word, at + 1)


def _same_run(character: str, *, digits: bool) -> bool:
    """Whether a character makes one token with ASCII digits or letters beside it."""
    return character.isascii() and (character.isdigit() if digits else character.isalpha())


def _characters(tokens: int) -> int:
    return _TOKEN_WIDTH * tokens + _LONG_WORDS


def _groups(places: list[int], distance: int) -> list[list[int]]:
    """The places, those together which stand close together."""
    groups: list[list[int]] = []
    for place in places:
        if groups and place - groups[-1][-1] <= distance:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
