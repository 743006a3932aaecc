"""Texts prepared for matching, once for all rules: tokens, their positions, words and sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from pipelines.rules.tokens.fold import fold
from pipelines.rules.tokens.normalise import Glue, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SENTENCE = 600
"""Characters quoted around a match at most: a text without full stops must not be quoted whole for every match."""

_WITHIN_WORD = frozenset({Glue.DIRECT, Glue.DASH, Glue.SLASH, Glue.POINT, Glue.DOT})

# A sentence ends at . ! ? or … with its closing quotes and brackets, before white space and no lower-case letter; at a
# blank line; and at the full stops of Chinese and Japanese.
# All alternatives begin with one character class, which makes the search cheap.
_END = re.compile(
    r"[.!?…。！？\n](?:(?<=[.!?…])[.!?…]*[\"'”’»)\]]*(?=\s)|(?<=[。！？])|(?<=\n)[^\S\n]*\n)"  # noqa: RUF001 - the ones meant
)
# fmt: off
_ABBREVIATIONS = frozenset({
    "Adm", "Amb", "Blk", "Blks", "Brig", "Bros", "Capt", "Cdr", "Cmdr", "Co", "Col", "Corp", "Cpl", "Dr", "Ft", "Fig",
    "Gen", "Gov", "Inc", "Jr", "Lt", "Ltd", "Maj", "Messrs", "Mk", "Mod", "Mr", "Mrs", "Ms", "Mt", "No", "Nos", "Prof",
    "Rep", "Rev", "Sen", "Sgt", "Sr", "St", "approx", "ca", "cf", "est", "etc", "vs",
    "Jan", "Feb", "Mar", "Apr", "Aug", "Sept", "Oct", "Nov", "Dec",
    *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",  # initials
})
# fmt: on
"""Words whose full stop ends no sentence."""
_LONGEST_ABBREVIATION = max(map(len, _ABBREVIATIONS))
_USUAL_SENTENCE = 200
"""Characters before a match in which the beginning of its sentence is searched first."""


def sentence_ends(text: str, low: int = 0, high: int | None = None) -> list[int]:
    """Return the end offsets of the sentences of ``text[low:high]``, in order; the last one is ``high``."""
    high = len(text) if high is None else high
    ends = list(_ends(text, low, high))
    if not ends or ends[-1] < high:
        ends.append(high)
    return ends


def _ends(text: str, low: int, high: int) -> Iterator[int]:
    for match in _END.finditer(text, low, high):
        if match[0][0] == ".":
            at = match.end()
            if text[at : at + 2].lstrip()[:1].islower():
                continue
            if len(match[0]) == 1 and _is_abbreviation(text, match.start()):
                continue
        yield match.end()


def _is_abbreviation(text: str, stop: int) -> bool:
    """Return whether the word before a full stop is an abbreviation."""
    start = stop
    while start and stop - start <= _LONGEST_ABBREVIATION and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:stop] in _ABBREVIATIONS


def sentence(text: str, start: int, end: int) -> str:
    """Return the sentence around a span of a text, cut to ``MAX_SENTENCE`` characters."""
    # Sentence ends beyond the quoted range do not matter.
    low, high = max(0, start - 2 * MAX_SENTENCE), min(len(text), end + 2 * MAX_SENTENCE)
    begin, left, right = start, None, high
    while left is None:
        begin = _before_ends(text, max(low, begin - _USUAL_SENTENCE), low)
        left, right = _nearest_ends(text, begin, high, start, end)
        if begin == low and left is None:
            left = low
    room = max(0, MAX_SENTENCE - (end - start)) // 2
    if right - left > MAX_SENTENCE:
        left, right = max(left, start - room), min(right, end + room)
    return text[left:right].strip()


def _nearest_ends(text: str, low: int, high: int, start: int, end: int) -> tuple[int | None, int]:
    """Return the last sentence end at or before ``start``, if any, and the first at or after ``end``."""
    left = None
    for boundary in _ends(text, low, high):
        if boundary <= start:
            left = boundary
        if boundary >= end:
            return left, boundary
    return left, high


def _before_ends(text: str, at: int, low: int) -> int:
    """Return the last offset up to ``at`` that is not inside a sentence end; a search may begin there."""
    while at > low and not text[at - 1].isalnum():
        at -= 1
    return at


class Document:
    """A field of an article with its tokens, or a window of the field with the tokens at their offsets in the field."""

    def __init__(self, text: str, tokens: Tokens | None = None) -> None:
        """Tokenise the text unless its tokens are given; all else is computed on demand."""
        self.text = text
        self.tokens = Tokens(fold(text)) if tokens is None else tokens
        self._positions: dict[frozenset[str], list[int]] = {}

    @cached_property
    def words(self) -> frozenset[str]:
        """The distinct tokens."""
        return frozenset(self.tokens.texts)

    @cached_property
    def vocabulary(self) -> list[str]:
        """The distinct tokens, sorted."""
        return sorted(self.words)

    def positions(self, words: frozenset[str]) -> list[int]:
        """Return the positions of all of these tokens, in order."""
        known = self._positions.get(words)
        if known is None:
            known = sorted(position for word in words & self.words for position in self._positions_of(word))
            self._positions[words] = known
        return known

    def _positions_of(self, word: str) -> Iterator[int]:
        texts = self.tokens.texts
        at = -1
        for _ in range(texts.count(word)):
            at = texts.index(word, at + 1)
            yield at

    def completions(self, beginning: str) -> list[str]:
        """Return the distinct tokens with a prefix, sorted."""
        out: list[str] = []
        for index in range(bisect_left(self.vocabulary, beginning), len(self.vocabulary)):
            if not self.vocabulary[index].startswith(beginning):
                break
            out.append(self.vocabulary[index])
        return out

    @cached_property
    def word_numbers(self) -> list[int]:
        """The word number of each token: ``S-400`` and ``HIMARS-equipped`` are one word each."""
        tokens = self.tokens
        begins = [gap == " " or tokens.glue(index) not in _WITHIN_WORD for index, gap in enumerate(tokens.gaps)]
        return list(accumulate(begins, initial=0))[1:]

    def word_at(self, offset: int) -> int:
        """Return the number of the word at an offset of the text, which must be in a word.

        Before a window it is one less than the lowest word number, after it one more than the highest.
        """
        numbers = self.word_numbers
        index = self.tokens.index_at(offset)
        if index < 0:
            return numbers[0] - 1 if numbers else 0
        return numbers[index] if index < len(numbers) else numbers[-1] + 1

    def starts_sentence(self, position: int) -> bool:
        """Return whether a token is the first of its sentence, or follows a colon or quotation mark."""
        if self.tokens[position].glue in {Glue.START, Glue.BREAK, Glue.QUOTED}:
            return True
        start, before = self.tokens[position].start, self.tokens[position - 1].start
        return sentence_ends(self.text, before, start + 1)[0] <= start
