"""The parts of a text in which a pattern can stand, each tokenised alone: most matches need a tenth of an article.

Of a pattern's elements one is the anchor: the places of its words are found by searching the folded text, and as much
is tokenised around them as deciding may look at. Matches there are those of the whole text, place for place; where
that is not certain, or not quicker, the whole text is tokenised.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.patterns.locate import CONTEXT_REACH, MAX_GAP, find
from pipelines.rules.patterns.patterns import ElementKind
from pipelines.rules.prefilter.word_set import composed_words
from pipelines.rules.tokens.document import Document
from pipelines.rules.tokens.fold import fold
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.rules.patterns.patterns import Element, Leaf, Pattern
    from pipelines.rules.tokens.fold import Folded

_MANY = 24
"""Places from which on the whole text is tokenised."""
_WORD_WIDTH = 8
_LONG_WORDS = 40
"""Characters that a word takes with what stands before it, and what a few long ones take more. Where that is too
little, the whole text is tokenised."""
_NEIGHBOURS = 2
"""Words before and behind a match which decide whether it is a part of something longer."""


class Anchor(NamedTuple):
    """The tokens a pattern is found by, and how many words around them decide on it.

    Words are parted by spaces: what slashes, dashes and nothing join is one (``Document.word_numbers``).
    """

    words: tuple[str, ...]
    """As they stand in a folded text; none when they cannot be searched for."""
    stems: tuple[tuple[str, tuple[str, ...]], ...]
    """The shortest of the words, each with those that begin with it: looking for one is looking for all of them."""
    whole: bool
    """Whether they are whole tokens, not beginnings."""
    before: int
    behind: int


@lru_cache(maxsize=1 << 16)
def _anchors(leaf: Leaf) -> tuple[Anchor, ...]:
    """The anchors of a leaf's patterns, in their order."""
    return tuple(map(_anchor, leaf.patterns))


def _anchor(pattern: Pattern) -> Anchor:
    elements = pattern.elements
    at = max(range(len(elements)), key=lambda index: len(min(elements[index].words, key=len)))
    element = elements[at]
    gap = (MAX_GAP + 1) * bool(pattern.gap_at)
    before = sum(map(_width, elements[:at])) + gap + _NEIGHBOURS
    behind = sum(map(_width, elements[at:])) + gap + _NEIGHBOURS
    if pattern.context or pattern.others:
        # A context word stands within reach of the match and is decided on as patterns are.
        near = (*pattern.context, *pattern.others)
        longest = max(sum(map(_width, one.elements)) for one in near) + MAX_GAP + 1
        before, behind = before + CONTEXT_REACH, behind + CONTEXT_REACH + longest
    forms = {form for word in element.words for form in (word, *_SHORT_FORMS.get(word, ()))}
    words = () if any(len(form) >= MAX_TOKEN for form in forms) else tuple(sorted(forms))
    return Anchor(words, tuple(_by_stem(words)), element.kind is not ElementKind.PREFIX, before, behind)


def _by_stem(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words in order by the shortest that they begin with."""
    stem, found = "", list[str]()
    for word in words:
        if found and word.startswith(stem):
            found.append(word)
        else:
            if found:
                yield stem, tuple(found)
            stem, found = word, [word]
    if found:
        yield stem, tuple(found)


_SHORT_FORMS = {
    word: tuple(short for short, long in ABBREVIATIONS.items() if long == word) for word in ABBREVIATIONS.values()
}


def _width(element: Element) -> int:
    """The most words that an element steps over: a list of numbers is one, the variants behind it may be another."""
    return 2 if element.kind is ElementKind.NUMBER else 1


def find_leaf(document: Document, leaf: Leaf) -> set[tuple[int, int]]:
    """Where the patterns of a leaf stand in a text: where each place begins and ends."""
    words = document.words
    found: set[tuple[int, int]] = set()
    for pattern, required in zip(leaf.patterns, leaf.required, strict=True):
        if not any(map(words.isdisjoint, required)):
            found.update(_offsets(document, pattern))
    return found


def _offsets(document: Document, pattern: Pattern) -> list[tuple[int, int]]:
    tokens = document.tokens
    return [(tokens[first].start, tokens[behind - 1].end) for first, behind in find(document, pattern)]


class Windows:
    """A field of an article, tokenised only where patterns can stand."""

    def __init__(self, text: str, composed: frozenset[str] | None = None) -> None:
        """Nothing is done before a pattern is asked for.

        ``composed`` holds the ``composed_words`` of the text, where they are known; others may be among them.
        """
        self._text = text
        self._known_composed = composed
        self._room = len(text)
        """Characters that may yet be tokenised before tokenising all of them would have been quicker."""
        self._cut: list[Document] = []

    @cached_property
    def _folded(self) -> Folded:
        return fold(self._text)

    @cached_property
    def _composed(self) -> frozenset[str]:
        return composed_words(self._folded.text) if self._known_composed is None else self._known_composed

    @cached_property
    def _searched(self) -> str:
        """What holds every token that the text has."""
        return " ".join([self._folded.text, *self._composed])

    @cached_property
    def whole(self) -> Document:
        """All of it."""
        self._room = 0
        return Document(self._text, Tokens(self._folded))

    def places(self, leaf: Leaf) -> set[tuple[int, int]]:
        """Where the patterns of a leaf stand: where each place begins and ends."""
        found: set[tuple[int, int]] = set()
        text = self._searched
        for pattern, anchor in zip(leaf.patterns, _anchors(leaf), strict=True):
            # A list and no generator: this is where time goes.
            if anchor.words and not any([stem in text for stem, _ in anchor.stems]):  # noqa: C419
                continue
            excerpts = self._around(anchor)
            if excerpts is None:
                return find_leaf(self.whole, leaf)
            for excerpt in excerpts:
                found.update(_offsets(excerpt, pattern))
        return found

    def reaching(self, start: int, end: int, distance: int) -> Document:
        """The text around a place, more than so many words to either side."""
        if self._room and self._folded.starts is None:
            reach = _characters(distance)
            excerpt = self._between(start - reach, end + reach)
            if excerpt is not None:
                tokens, words = excerpt.tokens, excerpt.word_numbers
                enough_before = not tokens.low or excerpt.word_at(start) - words[0] > distance + 1
                at_end = tokens.high == len(self._text)
                if enough_before and (at_end or words[-1] - excerpt.word_at(end - 1) > distance + 1):
                    return excerpt
        return self.whole

    def _around(self, anchor: Anchor) -> list[Document] | None:
        """Every part in which a pattern with this anchor can stand; ``None``: the whole text must be looked at."""
        if not self._room or not anchor.words or self._folded.starts is not None or self._may_be_composed(anchor):
            return None
        text = self._folded.text
        places = sorted([place for stem in anchor.stems for place in _places(text, *stem, whole=anchor.whole)])
        if len(places) > _MANY:
            return None
        before, behind = _characters(anchor.before), _characters(anchor.behind)
        documents: list[Document] = []
        for group in _groups(places, before + behind):
            document = self._between(group[0] - before, group[-1] + behind)
            if document is None:
                return None
            tokens = document.tokens
            first, last = tokens.beginning_before(group[0]), tokens.beginning_before(group[-1])
            enough_before = not tokens.low or tokens.spaces(1, first + 1) > anchor.before
            at_end = tokens.high == len(text)
            if not enough_before or not (at_end or tokens.spaces(last + 1, len(tokens)) > anchor.behind):
                return None
            documents.append(document)
        return documents

    def _may_be_composed(self, anchor: Anchor) -> bool:
        """Whether a word of the anchor may stand in the text in pieces: the US of U.S."""
        if anchor.whole:
            return not self._composed.isdisjoint(anchor.words)
        return any(token.startswith(anchor.words) for token in self._composed)

    def _between(self, low: int, high: int) -> Document | None:
        """The text from white space before one place to white space behind another; ``None``: it would be too much."""
        text = self._folded.text
        low, high = max(0, low), min(len(text), high)
        for known in self._cut:
            if known.tokens.low <= low and high <= known.tokens.high:
                return known
        low = text.rfind(" ", 0, low) + 1
        high = text.find(" ", high)
        high = len(text) if high < 0 else high
        self._room -= high - low
        if self._room < 0:
            self._room = 0
            return None
        document = Document(self._text, Tokens(self._folded, low, high))
        self._cut.append(document)
        return document


def _places(text: str, stem: str, words: tuple[str, ...], *, whole: bool) -> Iterator[int]:
    """Where tokens that begin with a stem may stand in a folded text; a few more than where they do."""
    bounded, digits = stem.isascii(), stem.isdigit()
    at = text.find(stem)
    while at >= 0:
        # Spelt-out marks end in a q, and may stand before anything.
        begins = not bounded or text[at - 1 : at] == "q" or not _same_run(text[at - 1 : at], digits=digits)
        if begins and (not (bounded and whole) or any(_ends_at(text, at, word, digits=digits) for word in words)):
            yield at
        at = text.find(stem, at + 1)


def _ends_at(text: str, at: int, word: str, *, digits: bool) -> bool:
    """Whether a word stands at a place, and no longer one."""
    end = at + len(word)
    return text.startswith(word, at) and not _same_run(text[end : end + 1], digits=digits)


def _same_run(character: str, *, digits: bool) -> bool:
    """Whether a character makes one token with ASCII digits or letters beside it."""
    return character.isascii() and (character.isdigit() if digits else character.isalpha())


def _characters(words: int) -> int:
    return _WORD_WIDTH * words + _LONG_WORDS


def _groups(places: list[int], distance: int) -> list[list[int]]:
    """The places, those together which stand close together."""
    groups: list[list[int]] = []
    for place in places:
        if groups and place - groups[-1][-1] <= distance:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
