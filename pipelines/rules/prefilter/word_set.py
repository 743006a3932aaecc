"""The set of words of a text, computed fast: a superset of its normalised tokens.

``normalise.tokens`` costs several times as much, and nearly all rules are excluded by words alone. So the text is
folded as there and then handled as bytes: one translation table keeps letters, another digits, and ``split`` returns
the runs of each. Tokens composed of several runs (initialisms, contractions) are tokenised exactly, from white space to
white space, and added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pipelines.rules.tokens.fold import BASE_AND_MARKS, fold, fold_common, fold_run, has_references
from pipelines.rules.tokens.normalise import UNSPACED, folded_tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

_UNSPACED = re.compile(rf"[{UNSPACED}](?:q[a-p]+q)*")
# Each pattern begins with a literal, which makes the search cheap.
_INITIALS = re.compile(r"\.[A-Za-z]\.")
_CONTRACTION = re.compile(r"'(?:[TtDdMm]|[Ll][Ll]|[Rr][Ee]|[Vv][Ee])(?![^\W_])")
_BRACKETED = re.compile(r"\[[^\W\d_]\][^\W\d_]")
_NUMBER_NEXT = re.compile(r"[\W_]*[0-9]")
_NO_DIGIT = re.compile(r"[^0-9]*")
_MAX_CHUNK = 200
"""Characters of a chunk without white space at most; if one is longer, the whole text is tokenised."""
_MAX_CACHED = 24
"""Characters of a chunk or run at most to be cached."""
_NEIGHBOUR_BYTES = 512
"""Bytes in which the neighbours of a word are searched; if they are further away, any word may be a neighbour."""
_FEW_WORDS = 6
"""Words at most for which a search of each costs less than splitting the text into words."""
_BYTES_BEFORE_NUMBER = 40
"""Bytes before a number that mostly contain the word before it."""
_MIN_PARTS = 2
_MAX_CUT_PARTS = 2
"""Parts of a possibly cut slice: from ``_MIN_PARTS`` on the last part is whole; with more than ``_MAX_CUT_PARTS`` the
two parts nearest the word are whole."""

_SPACE_BYTE, _LAST_ASCII = 0x20, 0x7F
_LETTERS = bytes(
    byte if byte > _LAST_ASCII else ord(chr(byte).lower()) if chr(byte).isalpha() else _SPACE_BYTE
    for byte in range(256)
)
_DIGITS = bytes(byte if chr(byte) in "0123456789" else _SPACE_BYTE for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class WordSet:
    """The words of a text as UTF-8. Attributes that few queries need are computed on first use."""

    letters: bytes
    """The words that begin with a letter, then the composed words; each between spaces."""
    digits: bytes
    """The numbers, at the same offsets as in the text, then the composed words; each between spaces."""
    length: int
    """Offset of the composed words in ``letters`` and ``digits``."""
    composed: frozenset[bytes]
    """Tokens composed of several runs."""
    before_numbers: bool
    """True if a composed token may precede a number."""
    cased: bytes | None
    """The text with its capitals, each byte at its offset in ``letters``; ``None`` if folding has lost capitals."""

    @cached_property
    def numbers(self) -> list[bytes]:
        """The numbers, in order, with repeats."""
        return self.digits[: self.length].split()

    @cached_property
    def words(self) -> set[bytes]:
        """All normalised tokens, and possibly more words.

        They are neither cut to ``MAX_TOKEN`` nor expanded (``ABBREVIATIONS``); callers look up all forms of a word.
        """
        return {*self.letters.split(), *self.numbers, *self.composed}

    def has_any(self, words: Collection[bytes]) -> bool:
        """Return whether the text has one of these words; a few words are searched for one by one, which is faster."""
        if len(words) > _FEW_WORDS or "words" in self.__dict__:
            return not self.words.isdisjoint(words)
        return any(b" %b " % word in (self.digits if word.isdigit() else self.letters) for word in words)

    def pairs(self, wanted: Container[bytes]) -> list[bytes]:
        """Return each wanted number with the word before it, as in ``b"f 16"``.

        Other numbers between them are skipped (``F-15/16``). The result may contain a few pairs that the text lacks.
        """
        letters, digits = self.letters, self.digits
        pairs: list[bytes] = []
        before: tuple[bytes, ...] = ()
        at = done = 0
        for number in self.numbers:
            offset = digits.find(number, at)
            at = offset + len(number)
            if number not in wanted:
                continue
            near = letters[max(done, offset - _BYTES_BEFORE_NUMBER) : offset].rsplit(None, 1)
            if len(near) < _MIN_PARTS or near[1] == b"s":
                near = letters[done:offset].split()
            done = at
            if near:
                last = near[-1]
                before = (last,) if last != b"s" else (last, _word_before_plurals(near, before))
            pairs += [word + b" " + number for word in before]
        return pairs

    def has_pair(self, words: Collection[bytes]) -> bool:
        """Return whether the text has one of the pairs among these words; sometimes true if it has none."""
        wanted = [word for word in words if b" " in word]
        if not wanted or not self._pairs.isdisjoint(wanted):
            return bool(wanted)
        # The position of a composed token is unknown, so it may precede any number.
        return self.before_numbers and any(
            word in self.composed and (number in self.composed or number in self.numbers)
            for word, _, number in (pair.partition(b" ") for pair in wanted)
        )

    @cached_property
    def _pairs(self) -> frozenset[bytes]:
        return frozenset(self.pairs(frozenset(self.numbers)))

    def words_after(self, end: int) -> Sequence[bytes] | None:
        """Return the word after an offset in ``letters``, and possibly one more; ``None`` if it may be any word."""
        near = self.letters[end : end + _NEIGHBOUR_BYTES].split(None, 2) if end <= self.length else []
        if len(near) <= _MAX_CUT_PARTS:
            return None
        # A possessive's "s" is a run of its own here.
        return near[:2] if near[0] == b"s" else near[:1]

    def words_before(self, start: int) -> Sequence[bytes] | None:
        """Return the word before an offset in ``letters``, and possibly one more; ``None`` if it may be any word."""
        near = self.letters[max(0, start - _NEIGHBOUR_BYTES) : start].rsplit(None, 2) if start < self.length else []
        if len(near) <= _MAX_CUT_PARTS:
            return None
        return near[1:] if near[-1] == b"s" else near[2:]

    def has_adjacent(self, firsts: Iterable[bytes], seconds: Iterable[bytes]) -> bool:
        """Return whether a word of ``firsts`` directly precedes one of ``seconds``; sometimes true if none does."""
        if any(word in self.composed for words in (firsts, seconds) for word in words):
            return True
        runs = self._runs
        return any(
            b" %b %b " % (first, second) in runs or b" %b s %b " % (first, second) in runs
            for first in firsts
            for second in seconds
        )

    @cached_property
    def _runs(self) -> bytes:
        return b" %b " % b" ".join(self.letters.split())

    def has_capital(self, word: bytes) -> bool:
        """Return whether an ASCII word occurs with an initial capital; sometimes true if it does not."""
        target = b" %b " % word
        at = self.letters.find(target)
        while at >= 0:
            if self.capital_at(at + 1):
                return True
            at = self.letters.find(target, at + 1)
        return False

    def capital_at(self, offset: int) -> bool:
        """Return whether there is a capital at an offset in ``letters``; sometimes true if there is none."""
        return self.cased is None or offset >= self.length or self.cased[offset : offset + 1].isupper()


def word_set_of(*texts: str | None) -> WordSet:
    """Return the words of the fields of an article."""
    simple = [text if text.isascii() else fold_common(text) for text in texts if text]
    # Texts with character references of HTML need the tokeniser, since references change the tokens around them.
    referring = [text for text in simple if has_references(text)]
    composed = {token for text in referring for token in folded_tokens(fold(text).text)}
    folded = " ".join(map(_fold, simple))
    chunks = _composed_chunks(folded)
    before_numbers = bool(referring)
    for chunk, end in chunks:
        before_numbers = before_numbers or bool(_NUMBER_NEXT.match(folded, end) or not _NO_DIGIT.fullmatch(chunk))
        composed.update(_cached_chunk(chunk) if len(chunk) <= _MAX_CACHED else _chunk_words(chunk))
    if not folded.isascii():  # after the chunks, whose neighbours must not change before
        folded = _UNSPACED.sub(r" \g<0> ", folded)
    data = f" {folded} ".encode()
    letters, digits = data.translate(_LETTERS), data.translate(_DIGITS)
    if composed:
        appended = f" {' '.join(composed)} ".encode()
        letters, digits = letters + appended, digits + appended
    return WordSet(
        letters=letters,
        digits=digits,
        length=len(data),
        composed=frozenset(map(str.encode, composed)),
        before_numbers=before_numbers,
        cased=data if not referring and all(map(str.isascii, simple)) else None,
    )


def _word_before_plurals(between: list[bytes], before: tuple[bytes, ...]) -> bytes:
    """Return the word of a number if plurals or possessives are between them: F-15s/16s, Boeing's 737."""
    return next((word for word in reversed(between) if word != b"s"), before[-1] if before else b"s")


def composed_words(folded: str) -> frozenset[str]:
    """Return the tokens of a folded text that consist of several runs, and the tokens around them."""
    chunks = (chunk for chunk, _ in _composed_chunks(folded))
    return frozenset().union(
        *(_cached_chunk(chunk) if len(chunk) <= _MAX_CACHED else _chunk_words(chunk) for chunk in chunks)
    )


def _fold(text: str) -> str:
    return text if text.isascii() else BASE_AND_MARKS.sub(_folded_run, text)


def _composed_chunks(text: str) -> list[tuple[str, int]]:
    """Return the chunks of a folded text, between white space, that contain tokens of several runs, with their ends."""
    out: list[tuple[str, int]] = []
    done = 0
    # Few texts have a bracket, and a test for one is faster than the pattern.
    patterns = (_INITIALS, _CONTRACTION, _BRACKETED) if "[" in text else (_INITIALS, _CONTRACTION)
    for offset in sorted([match.start() for pattern in patterns for match in pattern.finditer(text)]):
        if offset < done:
            continue
        start, done = _chunk(text, offset)
        if done - start > _MAX_CHUNK:
            return [(text, 0)]
        out.append((text[start:done], done))
    return out


def _folded_run(match: re.Match[str]) -> str:
    run = match[0]
    return _cached_run(run) if len(run) <= _MAX_CACHED else fold_run(run)


_cached_run = lru_cache(maxsize=1 << 16)(fold_run)


def _chunk_words(chunk: str) -> frozenset[str]:
    return frozenset(folded_tokens(chunk))


_cached_chunk = lru_cache(maxsize=1 << 12)(_chunk_words)
_WHITE_SPACE = re.compile(r"\s")


def _chunk(text: str, at: int) -> tuple[int, int]:
    """Return start and end of the run without white space around an offset, within ``_MAX_CHUNK`` + 1 characters."""
    low = max(0, at - _MAX_CHUNK)
    before = text[low:at]
    start = low + len(before) - len(before.rsplit(None, 1)[-1]) if before and not before[-1].isspace() else at
    following = _WHITE_SPACE.search(text, at, at + _MAX_CHUNK + 1)
    return start, following.start() if following else min(len(text), at + _MAX_CHUNK + 1)
