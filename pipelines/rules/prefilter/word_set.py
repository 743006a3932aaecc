"""The words of a text, found fast: a superset of its normalised tokens, without places.

Tokenising by ``normalise.tokens`` costs several times as much as this, and nearly all rules are ruled out by words
alone. So the text is folded as there and then taken as bytes: one table leaves letters, another digits, and
``split`` gives the runs of each. What the tokeniser puts together from several runs (initialisms, contractions) is
tokenised exactly, white space to white space, and added.
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
# Each begins with a literal, which makes searching for them cheap.
_INITIALS = re.compile(r"\.[A-Za-z]\.")
_CONTRACTION = re.compile(r"'(?:[TtDdMm]|[Ll][Ll]|[Rr][Ee]|[Vv][Ee])(?![^\W_])")
_BRACKETED = re.compile(r"\[[^\W\d_]\][^\W\d_]")
_NUMBER_NEXT = re.compile(r"[\W_]*[0-9]")
_NO_DIGIT = re.compile(r"[^0-9]*")
_MAX_CHUNK = 200
"""Characters without white space; in longer ones everything is tokenised, once."""
_CACHED_RUN = 24
_NEIGHBOUR = 512
"""Bytes in which the neighbours of a word are looked for; where they are further away, any word may be one."""
_FEW = 6
"""Searching for so many words costs less than taking all words of a text apart."""
_BEFORE_NUMBER = 40
"""Bytes before a number in which most words before one stand."""
_WHOLE_LAST = 2
_WITH_NEIGHBOURS = 2
"""Parts of what was perhaps cut: with so many the last one is whole, with more the two at that end are."""

_SPACE_BYTE, _LAST_ASCII = 0x20, 0x7F
_LETTERS = bytes(
    byte if byte > _LAST_ASCII else ord(chr(byte).lower()) if chr(byte).isalpha() else _SPACE_BYTE
    for byte in range(256)
)
_DIGITS = bytes(byte if chr(byte) in "0123456789" else _SPACE_BYTE for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class WordSet:
    """The words of a text as UTF-8. What few queries ask for is worked out when one does."""

    letters: bytes
    """The words that begin with a letter and, behind them, the composed ones; a space around each."""
    digits: bytes
    """Likewise the numbers, at the same places, and the composed words."""
    length: int
    """Where the composed words begin in ``letters`` and ``digits``."""
    composed: frozenset[bytes]
    """Tokens put together from several runs."""
    before_numbers: bool
    """Whether any of them may stand before any of the numbers."""
    cased: bytes | None
    """The text with its capitals, each byte at the place it has in ``letters``; ``None`` when folding has lost some."""

    @cached_property
    def numbers(self) -> list[bytes]:
        """The numbers, in order, with repeats."""
        return self.digits[: self.length].split()

    @cached_property
    def words(self) -> set[bytes]:
        """Every normalised token, and perhaps more.

        Neither cut to ``MAX_TOKEN`` nor written out (``ABBREVIATIONS``): who looks for a word looks for those forms.
        """
        return {*self.letters.split(), *self.numbers, *self.composed}

    def has_any(self, words: Collection[bytes]) -> bool:
        """Whether one of these is among ``words``, the quicker way: few are searched for one by one."""
        if len(words) > _FEW or "words" in self.__dict__:
            return not self.words.isdisjoint(words)
        return any(b" %b " % word in (self.digits if word.isdigit() else self.letters) for word in words)

    def pairs(self, wanted: Container[bytes]) -> list[bytes]:
        """``b"f 16"``: each wanted number with the word before it, other numbers skipped (``F-15/16``).

        A few pairs more, which the text does not have, may be among them.
        """
        letters, digits = self.letters, self.digits
        pairs: list[bytes] = []
        before: tuple[bytes, ...] = ()
        at = done = 0
        for number in self.numbers:
            place = digits.find(number, at)
            at = place + len(number)
            if number not in wanted:
                continue
            near = letters[max(done, place - _BEFORE_NUMBER) : place].rsplit(None, 1)
            if len(near) < _WHOLE_LAST or near[1] == b"s":
                near = letters[done:place].split()
            done = at
            if near:
                last = near[-1]
                before = (last,) if last != b"s" else (last, _word_before_plurals(near, before))
            pairs += [word + b" " + number for word in before]
        return pairs

    def has_pair(self, words: Collection[bytes]) -> bool:
        """Whether a pair among these stands in the text; sometimes true when none does."""
        wanted = [word for word in words if b" " in word]
        if not wanted or not self._pairs.isdisjoint(wanted):
            return bool(wanted)
        # A composed token may stand before any number.
        return self.before_numbers and any(
            word in self.composed and (number in self.composed or number in self.numbers)
            for word, _, number in (one.partition(b" ") for one in wanted)
        )

    @cached_property
    def _pairs(self) -> frozenset[bytes]:
        return frozenset(self.pairs(frozenset(self.numbers)))

    def behind(self, end: int) -> Sequence[bytes] | None:
        """The word that stands right behind a place of ``letters``, and perhaps one more; ``None``: any may."""
        near = self.letters[end : end + _NEIGHBOUR].split(None, 2) if end <= self.length else []
        if len(near) <= _WITH_NEIGHBOURS:
            return None
        # A possessive's "s" is a run of its own here.
        return near[:2] if near[0] == b"s" else near[:1]

    def before(self, start: int) -> Sequence[bytes] | None:
        """Likewise right before a place."""
        near = self.letters[max(0, start - _NEIGHBOUR) : start].rsplit(None, 2) if start < self.length else []
        if len(near) <= _WITH_NEIGHBOURS:
            return None
        return near[1:] if near[-1] == b"s" else near[2:]

    def has_row(self, firsts: Iterable[bytes], seconds: Iterable[bytes]) -> bool:
        """Whether a word of ``firsts`` stands right before one of ``seconds``; sometimes true when it does not."""
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
        """Whether an ASCII word stands somewhere with a capital in front; sometimes true when it does not."""
        sought = b" %b " % word
        at = self.letters.find(sought)
        while at >= 0:
            if self.capital_at(at + 1):
                return True
            at = self.letters.find(sought, at + 1)
        return False

    def capital_at(self, place: int) -> bool:
        """Whether a capital stands at a place of ``letters``; sometimes true when none does."""
        return self.cased is None or place >= self.length or self.cased[place : place + 1].isupper()


def rough(*texts: str | None) -> WordSet:
    """The words of the fields of an article."""
    simple = [text if text.isascii() else fold_common(text) for text in texts if text]
    # What character references of HTML make of their surroundings only the tokeniser says.
    referring = [text for text in simple if has_references(text)]
    composed = {token for text in referring for token in folded_tokens(fold(text).text)}
    folded = " ".join(map(_fold, simple))
    chunks = _composed_chunks(folded)
    before_numbers = bool(referring)
    for chunk, end in chunks:
        before_numbers = before_numbers or bool(_NUMBER_NEXT.match(folded, end) or not _NO_DIGIT.fullmatch(chunk))
        composed.update(_cached_chunk(chunk) if len(chunk) <= _CACHED_RUN else _chunk_words(chunk))
    if not folded.isascii():  # behind the chunks, which what stands beside them decides on
        folded = _UNSPACED.sub(r" \g<0> ", folded)
    data = f" {folded} ".encode()
    letters, digits = data.translate(_LETTERS), data.translate(_DIGITS)
    if composed:
        behind = f" {' '.join(composed)} ".encode()
        letters, digits = letters + behind, digits + behind
    return WordSet(
        letters=letters,
        digits=digits,
        length=len(data),
        composed=frozenset(map(str.encode, composed)),
        before_numbers=before_numbers,
        cased=data if not referring and all(map(str.isascii, simple)) else None,
    )


def _word_before_plurals(between: list[bytes], before: tuple[bytes, ...]) -> bytes:
    """The word that the number belongs to when plurals or possessives stand between: F-15s/16s, Boeing's 737."""
    return next((word for word in reversed(between) if word != b"s"), before[-1] if before else b"s")


def composed_words(folded: str) -> frozenset[str]:
    """The tokens of a folded text that stand in it in several runs, and those around them."""
    chunks = (chunk for chunk, _ in _composed_chunks(folded))
    return frozenset().union(*(_cached_chunk(one) if len(one) <= _CACHED_RUN else _chunk_words(one) for one in chunks))


def _fold(text: str) -> str:
    return text if text.isascii() else BASE_AND_MARKS.sub(_folded_run, text)


def _composed_chunks(text: str) -> list[tuple[str, int]]:
    """The parts of a folded text, white space to white space, with tokens that are no run of letters or digits."""
    out: list[tuple[str, int]] = []
    done = 0
    # Few texts have a bracket: looking for one is quicker than the pattern.
    patterns = (_INITIALS, _CONTRACTION, _BRACKETED) if "[" in text else (_INITIALS, _CONTRACTION)
    for found in sorted([match.start() for pattern in patterns for match in pattern.finditer(text)]):
        if found < done:
            continue
        start, done = _chunk(text, found)
        if done - start > _MAX_CHUNK:
            return [(text, 0)]
        out.append((text[start:done], done))
    return out


def _folded_run(match: re.Match[str]) -> str:
    run = match[0]
    return _cached_run(run) if len(run) <= _CACHED_RUN else fold_run(run)


_cached_run = lru_cache(maxsize=1 << 16)(fold_run)


def _chunk_words(chunk: str) -> frozenset[str]:
    return frozenset(folded_tokens(chunk))


_cached_chunk = lru_cache(maxsize=1 << 12)(_chunk_words)
_WHITE_SPACE = re.compile(r"\s")


def _chunk(text: str, at: int) -> tuple[int, int]:
    """Where the run without white space around a place begins and ends, within ``_MAX_CHUNK`` + 1 characters."""
    low = max(0, at - _MAX_CHUNK)
    before = text[low:at]
    start = low + len(before) - len(before.rsplit(None, 1)[-1]) if before and not before[-1].isspace() else at
    following = _WHITE_SPACE.search(text, at, at + _MAX_CHUNK + 1)
    return start, following.start() if following else min(len(text), at + _MAX_CHUNK + 1)
