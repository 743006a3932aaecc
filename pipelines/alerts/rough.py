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

from pipelines.alerts.fold import BASE_AND_MARKS, fold, fold_common, fold_run, has_references
from pipelines.alerts.normalise import UNSPACED, folded_tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_UNSPACED = re.compile(rf"[{UNSPACED}](?:q[a-p]+q)*")
# Both begin with a literal, which makes searching for them cheap.
_INITIALS = re.compile(r"\.[A-Za-z]\.")
_CONTRACTION = re.compile(r"'(?:[TtDdMm]|[Ll][Ll]|[Rr][Ee]|[Vv][Ee])(?![^\W_])")
_NUMBER_NEXT = re.compile(r"[\W_]*[0-9]")
_NO_DIGIT = re.compile(r"[^0-9]*")
_MAX_CHUNK = 200
"""Characters without white space; in longer ones everything is tokenised, once."""
_CACHED_RUN = 24

_SPACE_BYTE, _LAST_ASCII = 0x20, 0x7F
_LETTERS = bytes(
    byte if byte > _LAST_ASCII else ord(chr(byte).lower()) if chr(byte).isalpha() else _SPACE_BYTE
    for byte in range(256)
)
_DIGITS = bytes(byte if chr(byte) in "0123456789" else _SPACE_BYTE for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class Rough:
    """The words of a text as UTF-8. What few queries ask for is worked out when one does."""

    words: list[bytes]
    """Every normalised token, and perhaps more; with repeats, in no order. Neither cut to ``MAX_TOKEN`` nor written
    out (``ABBREVIATIONS``): who looks for a word looks for those forms of it."""
    pairs: list[bytes]
    """``b"f 16"``: each number with the word before it, other numbers skipped (``F-15/16``), and perhaps more."""
    numbers: list[bytes]
    composed: list[bytes]
    """Tokens put together from several runs."""
    before_numbers: bool
    """Whether any of them may stand before any of the numbers."""
    letters: bytes
    """The words that begin with a letter and the composed ones, a space before each: where prefixes are looked for."""
    digits: bytes
    """Likewise the numbers and the composed words."""
    cased: str | None
    """The text with its capitals; ``None`` when folding has lost some."""

    def has_row(self, firsts: Iterable[bytes], seconds: Collection[bytes]) -> bool:
        """Whether a word of ``firsts`` stands right before one of ``seconds``; sometimes true when it does not."""
        if any(word in self.composed for words in (firsts, seconds) for word in words):
            return True
        # A possessive's "s" is a run of its own here.
        runs = self._runs
        return any(
            b" %b %b " % (first, second) in runs or b" %b s %b " % (first, second) in runs
            for first in firsts
            for second in seconds
        )

    @cached_property
    def _runs(self) -> bytes:
        return b" %b " % b" ".join(self.letters.split())

    @cached_property
    def _lower(self) -> str:
        return self.cased.lower() if self.cased else ""

    def has_capital(self, word: str) -> bool:
        """Whether an ASCII word stands somewhere with a capital in front; sometimes true when it does not."""
        if self.cased is None:
            return True
        lower = self._lower
        at = lower.find(word)
        while at >= 0:
            if self.cased[at].isupper():
                return True
            at = lower.find(word, at + len(word))
        return False


def rough(*texts: str | None) -> Rough:
    """The words of the fields of an article."""
    simple = [text if text.isascii() else fold_common(text) for text in texts if text]
    # What character references of HTML make of their surroundings only the tokeniser says.
    referring = [text for text in simple if has_references(text)]
    composed = [token.encode() for text in referring for token in folded_tokens(fold(text).text)]
    folded = " ".join(_fold(text) for text in simple)
    chunks = _composed_chunks(folded)
    for chunk, _ in chunks:
        composed += (token.encode() for token in folded_tokens(chunk))
    data = f" {folded}".encode()
    letters, digits = data.translate(_LETTERS), data.translate(_DIGITS)
    numbers = digits.split()
    words: list[bytes] = []
    pairs: list[bytes] = []
    before: tuple[bytes, ...] = ()
    at = 0
    for number in numbers:
        place = digits.find(number, at)
        between = letters[at:place].split()
        if between:
            words += between
            before = (between[-1],) if between[-1] != b"s" else (b"s", _word_before_plurals(between, before))
        pairs += [b"%b %b" % (word, number) for word in before]
        at = place + len(number)
    words += letters[at:].split()
    words += numbers
    words += composed
    return Rough(
        words=words,
        pairs=pairs,
        numbers=numbers,
        composed=composed,
        before_numbers=bool(referring)
        or any(_NUMBER_NEXT.match(folded, end) or not _NO_DIGIT.fullmatch(chunk) for chunk, end in chunks),
        letters=b" ".join((letters, *composed)),
        digits=b" ".join((digits, *composed)),
        cased=folded if all(map(str.isascii, simple)) and not referring else None,
    )


def _word_before_plurals(between: list[bytes], before: tuple[bytes, ...]) -> bytes:
    """The word that the number belongs to when plurals or possessives stand between: F-15s/16s, Boeing's 737."""
    return next((word for word in reversed(between) if word != b"s"), before[-1] if before else b"s")


def _fold(text: str) -> str:
    if not text.isascii():
        text = BASE_AND_MARKS.sub(_folded_run, text)
        if not text.isascii():
            text = _UNSPACED.sub(r" \g<0> ", text)
    return text


def _composed_chunks(text: str) -> list[tuple[str, int]]:
    """The parts of a folded text, white space to white space, with tokens that are no run of letters or digits."""
    out: list[tuple[str, int]] = []
    done = 0
    for found in sorted(match.start() for pattern in (_INITIALS, _CONTRACTION) for match in pattern.finditer(text)):
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
_WHITE_SPACE = re.compile(r"\s")


def _chunk(text: str, at: int) -> tuple[int, int]:
    """Where the run without white space around a place begins and ends, within ``_MAX_CHUNK`` + 1 characters."""
    low = max(0, at - _MAX_CHUNK)
    before = text[low:at]
    start = low + len(before) - len(before.split()[-1]) if before and not before[-1].isspace() else at
    following = _WHITE_SPACE.search(text, at, at + _MAX_CHUNK + 1)
    return start, following.start() if following else min(len(text), at + _MAX_CHUNK + 1)
