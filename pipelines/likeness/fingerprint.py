"""Word 3-gram shingles of a text, and the few winnowed ones that serve as look-up keys.

Winnowing: S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: Local Algorithms for Document Fingerprinting",
SIGMOD 2003. Two texts that share a run of ``SHINGLE + WINDOW - 1`` words share a key.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Collection

Hashes = NDArray[np.uint64]

SHINGLE = 3
"""Words in a shingle. Measured best together with containment; 5 loses lightly edited copies."""
WINDOW = 32
"""Shingles in a winnowing window: one key for about 16 words, so 25 keys for an article of usual length."""
MAX_KEYS = 25
"""Keys kept of a text: its smallest hashes, so that two long copies still keep the same ones."""
MAX_SHINGLES = 6_000
"""Shingles kept of a text (48 KB). News texts beyond 6,000 words are rare; their first part decides."""

# A Chinese or Japanese character counts as a word: their scripts put no spaces between words.
_ALONE = (("\u3040", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"))
_SET = "".join(f"{first}-{last}" for first, last in _ALONE)
_WORD = re.compile(rf"[{_SET}]|[^\W_{_SET}]+")
_PLANE = 1 << 16
"""Code points of Unicode's basic plane: all but a few living scripts."""
_WITHIN_NUMBERS = ".,:/-"
_NUMBER = re.compile(rf"\d(?:[\d{_WITHIN_NUMBERS}]*\d)?")
_DIGIT = re.compile(r"\d")
_ASCII = bytes(range(128))
_NUMBERS_ALONE = bytes(byte if chr(byte) in f"0123456789{_WITHIN_NUMBERS}" else ord(" ") for byte in range(256))
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG = 4
DISTINCTIVE = np.uint64(1)
"""Bit of a number's hash which says that it is a long one."""
MIN_TITLE_WORDS = 4
"""Words from which a title is a look-up key: "Morning briefing" finds strangers."""
_KEY_MASK = np.uint64(2**63 - 1)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_UNGOLDEN = np.uint64(pow(int(_GOLDEN), -1, 2**64))
_THIRTY, _TWENTY_SEVEN, _THIRTY_ONE = np.uint64(30), np.uint64(27), np.uint64(31)
_MULTIPLIER, _OTHER_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
MAX_CHARACTERS = 1 << 17
"""Characters of a text that are looked at: with words of 21 letters still ``MAX_SHINGLES``."""


@lru_cache(maxsize=1 << 18)
def hash_text(text: str) -> int:
    """64-bit hash of a string, the same in every process and on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def key_of(text: str) -> int:
    """Hash of a string as a look-up key: below 2**63, so that it fits a signed 64-bit column."""
    return hash_text(text) >> 1


def words(text: str) -> list[str]:
    """The words of a text, compatibility-folded and lower case, punctuation left out."""
    if text.isascii():
        return text.lower().encode("ascii").translate(_ascii_words()).decode("ascii").split()
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def _mix(values: Hashes) -> Hashes:
    """Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), in place: every input bit reaches every output bit."""
    values ^= values >> _THIRTY
    values *= _MULTIPLIER
    values ^= values >> _TWENTY_SEVEN
    values *= _OTHER_MULTIPLIER
    values ^= values >> _THIRTY_ONE
    return values


@cache
def _classes() -> NDArray[np.uint8]:
    """By code point below 2**16: 0 for what parts words, 1 for what words are made of, 2 for what is a word alone."""
    classes = np.fromiter((chr(point).isalnum() for point in range(_PLANE)), np.uint8, _PLANE)
    for first, last in _ALONE:
        classes[ord(first) : ord(last) + 1] = 2
    return classes


@cache
def _ascii_classes() -> bytes:
    """The same of ASCII's characters, as a table for ``bytes.translate``."""
    return _classes()[:256].tobytes()


@cache
def _ascii_words() -> bytes:
    """A table that leaves of ASCII's characters what words are made of, and makes the rest blanks."""
    return bytes(byte if inside else ord(" ") for byte, inside in enumerate(_ascii_classes()))


@cache
def _terms() -> Hashes:
    """By code point below 2**16: what the character stands for in the hash of a word."""
    return _mix(np.arange(_PLANE, dtype=np.uint64) + _GOLDEN)


@cache
def _powers(base: np.uint64, count: int) -> Hashes:
    """The first powers of a number, modulo 2**64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def _characters(text: str) -> tuple[NDArray[np.uint8], Hashes]:
    """Class of each character (see ``_classes``), one that parts words before the first and behind the last; terms."""
    if text.isascii():
        folded = f" {text.lower()} ".encode("ascii")
        classes = np.frombuffer(folded.translate(_ascii_classes()), np.uint8)
        return classes, _terms().take(np.frombuffer(folded, np.uint8))
    folded = f" {unicodedata.normalize('NFKC', text).lower()} ".encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(folded, "<u4")
    if points.max() < _PLANE:
        return _classes().take(points), _terms().take(points)
    classes = _classes().take(points, mode="clip")
    for beyond in np.unique(points[points >= _PLANE]):
        classes[points == beyond] = chr(int(beyond)).isalnum()
    return classes, _mix(points + _GOLDEN)


def word_hashes(text: str) -> Hashes:
    """A hash of each of the ``words`` of a text (its first ``MAX_CHARACTERS``), in order.

    All at once: a word's hash is a polynomial of its characters, mixed. What stands between two places of the text is
    the difference of two running sums, moved to the first power by the inverse of the base (M. Karp, R. Rabin, 1987,
    modulo 2**64). Cutting the words out and hashing each takes some twenty times as long.
    """
    classes, terms = _characters(text[:MAX_CHARACTERS])
    before, here = classes[:-1], classes[1:]
    joined = before & here & 1  # two that are words alone have no bit of it
    starts = (here > joined).nonzero()[0]  # of a word, the place before it; so its end is its last character
    ends = (before > joined).nonzero()[0]
    size = 1 << len(terms).bit_length()
    terms *= _powers(_GOLDEN, size)[: len(terms)]
    sums = terms.cumsum()
    hashes: Hashes = sums.take(ends)
    hashes -= sums.take(starts)
    hashes *= _powers(_UNGOLDEN, size)[1:].take(starts)
    hashes += (ends - starts).view(np.uint64)
    return _mix(hashes)


def shingles(text: str) -> Hashes:
    """Hashes of the word 3-grams in the order of the text: shape ``(words - 2,)``, at most ``MAX_SHINGLES``."""
    hashed = word_hashes(text)[: MAX_SHINGLES + SHINGLE - 1]
    count = len(hashed) - SHINGLE + 1
    if count < 1:
        return np.zeros(0, np.uint64)
    out = hashed[:count].copy()
    for position in range(1, SHINGLE):
        out *= _GOLDEN
        out += hashed[position : position + count]
    _mix(out)
    out &= _KEY_MASK  # the top bit goes, so that shingles and keys are the same numbers
    return out


def turns(hashes: Hashes) -> NDArray[np.bool_]:
    """Where a hash is another than the one before it; the first always is."""
    other = np.empty(len(hashes), np.bool_)
    other[:1] = True
    np.not_equal(hashes[1:], hashes[:-1], out=other[1:])
    return other


def winnow(hashes: Hashes) -> tuple[int, ...]:
    """The keys of a text: the least shingle of each window, at most ``MAX_KEYS``, sorted."""
    if not len(hashes):
        return ()
    if len(hashes) <= WINDOW:
        return (int(hashes.min()),)
    least, width = hashes, 1
    while width < WINDOW:  # minima of windows twice as wide each time; WINDOW is a power of two
        least, width = np.minimum(least[:-width], least[width:]), 2 * width
    # Neighbouring windows mostly share their least shingle.
    return tuple(sorted({*least[turns(least)].tolist()})[:MAX_KEYS])


def copy_keys(hashes: Hashes, title_key: int, title_words: int) -> tuple[int, ...]:
    """All look-up keys of an article, sorted: the winnowed ones and, of a title that says something, the title's."""
    keys = winnow(hashes)[: MAX_KEYS - 1]
    return tuple(sorted({*keys, title_key})) if title_words >= MIN_TITLE_WORDS else keys


def numbers(text: str) -> Hashes:
    """Sorted unique hashes of the numbers in a text; those of long numbers have the bit ``DISTINCTIVE`` set.

    Long are those of four digits and more, but for years.
    """
    return np.array(sorted({*map(_number_hash, written_numbers(text))}), np.uint64)


def written_numbers(text: str) -> Collection[str]:
    """The numbers in a text as they are written: from digit to digit, with what stands between the digits of a number.

    Where all digits are ASCII's they are what is left once everything else is taken out, a third of the time that a
    regular expression takes.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    beyond_ascii = "" if text.isascii() else encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if _DIGIT.search(beyond_ascii):
        return _NUMBER.findall(text)
    runs = {*encoded.translate(_NUMBERS_ALONE).decode("ascii").split()}
    return {run.strip(_WITHIN_NUMBERS) for run in runs} - {""}


@lru_cache(maxsize=1 << 16)
def _number_hash(number: str) -> int:
    is_long = sum(map(str.isdigit, number)) >= _LONG and not _YEAR.fullmatch(number)
    return (hash_text(number) & ~int(DISTINCTIVE)) | (int(DISTINCTIVE) if is_long else 0)


def unpack(packed: bytes) -> Hashes:
    """Hashes from the little-endian bytes which a fingerprint holds."""
    return np.frombuffer(packed, dtype="<u8")


def pack(hashes: Hashes) -> bytes:
    """Hashes as little-endian bytes."""
    return hashes.astype("<u8").tobytes()
