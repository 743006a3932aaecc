"""Windows: the parts of a text that can contain a pattern. Most matches need a tenth of an article tokenised.

One element of each pattern is its anchor. A search of the folded text finds the offsets of the anchor's words, and the
text around them is tokenised as far as the decision on a match can look. The matches in windows equal those in the
whole text, at the same offsets. If that is not certain, or not faster, the whole text is tokenised.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.patterns.locate import CONTEXT_REACH, MAX_GAP, find_spans
from pipelines.rules.patterns.patterns import ElementKind
from pipelines.rules.prefilter.word_set import composed_words
from pipelines.rules.tokens.document import Document
from pipelines.rules.tokens.fold import fold
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.rules.patterns.patterns import Element, Leaf, Pattern
    from pipelines.rules.tokens.fold import Folded

_MAX_OCCURRENCES = 24
"""Occurrences of an anchor at most; with more of them the whole text is tokenised."""
_WORD_WIDTH = 8
_LONG_WORDS = 40
"""Characters for each word and its gap, and an allowance for a few long words. If a window turns out too small, the
whole text is tokenised."""
_NEIGHBOURS = 2
"""Words before and after a match that decide whether it is part of a longer name."""


class Anchor(NamedTuple):
    """The tokens to search for to find a pattern, and the number of words around them that decide on a match.

    Spaces separate words: tokens joined by slashes, dashes or nothing are one word (``Document.word_numbers``).
    """

    words: tuple[str, ...]
    """The tokens as they occur in a folded text; empty if a search cannot find them."""
    stems: tuple[tuple[str, tuple[str, ...]], ...]
    """The shortest words, each with the words that begin with it: a search for the stem finds all of them."""
    whole: bool
    """True if the words are whole tokens, not prefixes."""
    before: int
    """Words before the anchor that a decision can look at."""
    after: int
    """Words from the anchor on that a decision can look at."""


@lru_cache(maxsize=1 << 16)
def _anchors(leaf: Leaf) -> tuple[Anchor, ...]:
    """Return the anchors of a leaf's patterns, in the same order."""
    return tuple(map(_anchor, leaf.patterns))


def _anchor(pattern: Pattern) -> Anchor:
    elements = pattern.elements
    at = max(range(len(elements)), key=lambda index: len(min(elements[index].words, key=len)))
    element = elements[at]
    gap = (MAX_GAP + 1) * bool(pattern.gap_at)
    before = sum(map(_width, elements[:at])) + gap + _NEIGHBOURS
    after = sum(map(_width, elements[at:])) + gap + _NEIGHBOURS
    if pattern.context or pattern.others:
        # A context word is within reach of the match, and is itself matched as a pattern.
        near = (*pattern.context, *pattern.others)
        longest = max(sum(map(_width, other.elements)) for other in near) + MAX_GAP + 1
        before, after = before + CONTEXT_REACH, after + CONTEXT_REACH + longest
    forms = {form for word in element.words for form in (word, *_SHORT_FORMS.get(word, ()))}
    words = () if any(len(form) >= MAX_TOKEN for form in forms) else tuple(sorted(forms))
    return Anchor(words, tuple(_by_stem(words)), element.kind is not ElementKind.PREFIX, before, after)


def _by_stem(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield sorted words in groups, each with the shortest word as their common prefix."""
    stem, group = "", list[str]()
    for word in words:
        if group and word.startswith(stem):
            group.append(word)
        else:
            if group:
                yield stem, tuple(group)
            stem, group = word, [word]
    if group:
        yield stem, tuple(group)


_SHORT_FORMS = {
    word: tuple(short for short, long in ABBREVIATIONS.items() if long == word) for word in ABBREVIATIONS.values()
}


def _width(element: Element) -> int:
    """Return the most words that an element can span: a list of numbers is one, the variants after it another."""
    return 2 if element.kind is ElementKind.NUMBER else 1


def leaf_spans(document: Document, leaf: Leaf) -> set[tuple[int, int]]:
    """Return the spans ``(start, end)`` of a leaf's patterns in a text, in code points."""
    words = document.words
    spans: set[tuple[int, int]] = set()
    for pattern, required in zip(leaf.patterns, leaf.required, strict=True):
        if not any(map(words.isdisjoint, required)):
            spans.update(_pattern_spans(document, pattern))
    return spans


def _pattern_spans(document: Document, pattern: Pattern) -> list[tuple[int, int]]:
    tokens = document.tokens
    return [(tokens[first].start, tokens[stop - 1].end) for first, stop in find_spans(document, pattern)]


class Windows:
    """A field of an article, tokenised only in windows around possible matches."""

    def __init__(self, text: str, composed: frozenset[str] | None = None) -> None:
        """Keep the text; it is folded and tokenised on demand.

        ``composed`` holds the ``composed_words`` of the text if they are known; it may hold further words.
        """
        self._text = text
        self._given_composed = composed
        self._budget = len(text)
        """Characters that windows may still tokenise before tokenising the whole text would be faster."""
        self._made: list[Document] = []

    @cached_property
    def _folded(self) -> Folded:
        return fold(self._text)

    @cached_property
    def _composed(self) -> frozenset[str]:
        return composed_words(self._folded.text) if self._given_composed is None else self._given_composed

    @cached_property
    def _searchable(self) -> str:
        """The folded text and its composed words: a string that contains every token."""
        return " ".join([self._folded.text, *self._composed])

    @cached_property
    def whole(self) -> Document:
        """The whole text, tokenised."""
        self._budget = 0
        return Document(self._text, Tokens(self._folded))

    def spans(self, leaf: Leaf) -> set[tuple[int, int]]:
        """Return the spans ``(start, end)`` of a leaf's patterns, in code points."""
        spans: set[tuple[int, int]] = set()
        text = self._searchable
        for pattern, anchor in zip(leaf.patterns, _anchors(leaf), strict=True):
            # A list is faster than a generator in this hot loop.
            if anchor.words and not any([stem in text for stem, _ in anchor.stems]):  # noqa: C419
                continue
            windows = self._windows(anchor)
            if windows is None:
                return leaf_spans(self.whole, leaf)
            for window in windows:
                spans.update(_pattern_spans(window, pattern))
        return spans

    def window_around(self, start: int, end: int, distance: int) -> Document:
        """Return a document with more than ``distance`` words on either side of a span."""
        if self._budget and self._folded.starts is None:
            reach = _characters(distance)
            window = self._window(start - reach, end + reach)
            if window is not None:
                tokens, words = window.tokens, window.word_numbers
                enough_before = not tokens.low or window.word_at(start) - words[0] > distance + 1
                at_end = tokens.high == len(self._text)
                if enough_before and (at_end or words[-1] - window.word_at(end - 1) > distance + 1):
                    return window
        return self.whole

    def _windows(self, anchor: Anchor) -> list[Document] | None:
        """Return all windows that can contain a pattern with an anchor; ``None`` if the whole text is needed."""
        if not self._budget or not anchor.words or self._folded.starts is not None or self._may_be_composed(anchor):
            return None
        text = self._folded.text
        offsets = sorted([offset for stem in anchor.stems for offset in _occurrences(text, *stem, whole=anchor.whole)])
        if len(offsets) > _MAX_OCCURRENCES:
            return None
        before, after = _characters(anchor.before), _characters(anchor.after)
        windows: list[Document] = []
        for group in _split_by_distance(offsets, before + after):
            window = self._window(group[0] - before, group[-1] + after)
            if window is None:
                return None
            tokens = window.tokens
            first, last = tokens.count_before(group[0]), tokens.count_before(group[-1])
            enough_before = not tokens.low or tokens.count_spaced(1, first + 1) > anchor.before
            at_end = tokens.high == len(text)
            if not enough_before or not (at_end or tokens.count_spaced(last + 1, len(tokens)) > anchor.after):
                return None
            windows.append(window)
        return windows

    def _may_be_composed(self, anchor: Anchor) -> bool:
        """Return whether a word of the anchor may occur in the text in several runs: the US of U.S."""
        if anchor.whole:
            return not self._composed.isdisjoint(anchor.words)
        return any(token.startswith(anchor.words) for token in self._composed)

    def _window(self, low: int, high: int) -> Document | None:
        """Return the text between two offsets, extended to white space; ``None`` if it exceeds the budget."""
        text = self._folded.text
        low, high = max(0, low), min(len(text), high)
        for made in self._made:
            if made.tokens.low <= low and high <= made.tokens.high:
                return made
        low = text.rfind(" ", 0, low) + 1
        high = text.find(" ", high)
        high = len(text) if high < 0 else high
        self._budget -= high - low
        if self._budget < 0:
            self._budget = 0
            return None
        window = Document(self._text, Tokens(self._folded, low, high))
        self._made.append(window)
        return window


def _occurrences(text: str, stem: str, words: tuple[str, ...], *, whole: bool) -> Iterator[int]:
    """Yield the offsets in a folded text at which tokens with a stem may begin, including a few false ones."""
    bounded, digits = stem.isascii(), stem.isdigit()
    at = text.find(stem)
    while at >= 0:
        # Marks are spelt out with a final q, and may precede any character.
        begins = not bounded or text[at - 1 : at] == "q" or not _same_run(text[at - 1 : at], digits=digits)
        if begins and (not (bounded and whole) or any(_ends_at(text, at, word, digits=digits) for word in words)):
            yield at
        at = text.find(stem, at + 1)


def _ends_at(text: str, at: int, word: str, *, digits: bool) -> bool:
    """Return whether a word, and no longer one, is at an offset."""
    end = at + len(word)
    return text.startswith(word, at) and not _same_run(text[end : end + 1], digits=digits)


def _same_run(character: str, *, digits: bool) -> bool:
    """Return whether a character forms one token with adjacent ASCII digits or letters."""
    return character.isascii() and (character.isdigit() if digits else character.isalpha())


def _characters(words: int) -> int:
    return _WORD_WIDTH * words + _LONG_WORDS


def _split_by_distance(offsets: list[int], distance: int) -> list[list[int]]:
    """Return the sorted offsets in groups, split where the distance is exceeded."""
    groups: list[list[int]] = []
    for offset in offsets:
        if groups and offset - groups[-1][-1] <= distance:
            groups[-1].append(offset)
        else:
            groups.append([offset])
    return groups
