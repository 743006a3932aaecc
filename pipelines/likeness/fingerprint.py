"""Fingerprints: word 3-gram shingles of a text, and the winnowed shingles that serve as lookup keys.

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
"""Words in a shingle. Measured best with containment; 5 misses lightly edited copies."""
WINDOW = 32
"""Shingles in a winnowing window: one key per 16 words or so, hence 25 keys for an article of usual length."""
MAX_KEYS = 25
"""Keys of a text at most: its smallest hashes, so that two long copies keep the same keys."""
MAX_SHINGLES = 6_000
"""Shingles of a text at most (48 KB). News texts beyond 6,000 words are rare; their first part decides."""

# Chinese and Japanese have no spaces between words, so each of their characters counts as a word.
_UNSPACED = (("\u3040", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"))
_SET = "".join(f"{first}-{last}" for first, last in _UNSPACED)
_WORD = re.compile(rf"[{_SET}]|[^\W_{_SET}]+")
_BASIC_PLANE = 1 << 16
"""Code points of Unicode's basic plane, which has all but a few living scripts."""
_NUMBER_MARKS = ".,:/-"
_NUMBER = re.compile(rf"\d(?:[\d{_NUMBER_MARKS}]*\d)?")
_DIGIT = re.compile(r"\d")
_ASCII = bytes(range(128))
_NUMBER_BYTES = bytes(byte if chr(byte) in f"0123456789{_NUMBER_MARKS}" else ord(" ") for byte in range(256))
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG_DIGITS = 4
DISTINCTIVE = np.uint64(1)
"""Bit of a number's hash that marks a long number."""
MIN_TITLE_WORDS = 4
"""Words of a title at least for it to be a lookup key: "Morning briefing" would match unrelated articles."""
_KEY_MASK = np.uint64(2**63 - 1)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_UNGOLDEN = np.uint64(pow(int(_GOLDEN), -1, 2**64))
_THIRTY, _TWENTY_SEVEN, _THIRTY_ONE = np.uint64(30), np.uint64(27), np.uint64(31)
_MULTIPLIER, _OTHER_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
MAX_CHARACTERS = 1 << 17
"""Characters of a text that are read: enough for ``MAX_SHINGLES`` shingles of words of 21 letters."""


@lru_cache(maxsize=1 << 18)
def hash_text(text: str) -> int:
    """Return a 64-bit hash of a string, the same in every process and on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def key_of(text: str) -> int:
    """Return the hash of a string as a lookup key, below 2**63 so that it fits a signed 64-bit column."""
    return hash_text(text) >> 1


def words(text: str) -> list[str]:
    """Return the words of a text, compatibility-folded and in lower case, without punctuation."""
    if text.isascii():
        return text.lower().encode("ascii").translate(_ascii_words()).decode("ascii").split()
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def _mix(values: Hashes) -> Hashes:
    """Apply the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) in place.

    Every input bit affects every output bit.
    """
    values ^= values >> _THIRTY
    values *= _MULTIPLIER
    values ^= values >> _TWENTY_SEVEN
    values *= _OTHER_MULTIPLIER
    values ^= values >> _THIRTY_ONE
    return values


@cache
def _classes() -> NDArray[np.uint8]:
    """Return the class of each code point below 2**16: 0 separator, 1 character of a word, 2 word by itself."""
    classes = np.fromiter((chr(point).isalnum() for point in range(_BASIC_PLANE)), np.uint8, _BASIC_PLANE)
    for first, last in _UNSPACED:
        classes[ord(first) : ord(last) + 1] = 2
    return classes


@cache
def _ascii_classes() -> bytes:
    """Return the classes of ASCII characters as a table for ``bytes.translate``."""
    return _classes()[:256].tobytes()


@cache
def _ascii_words() -> bytes:
    """Return a table for ``bytes.translate`` that replaces all ASCII characters but those of words by spaces."""
    return bytes(byte if inside else ord(" ") for byte, inside in enumerate(_ascii_classes()))


@cache
def _character_hashes() -> Hashes:
    """Return the value of each code point below 2**16 in the hash of a word."""
    return _mix(np.arange(_BASIC_PLANE, dtype=np.uint64) + _GOLDEN)


@cache
def _powers(base: np.uint64, count: int) -> Hashes:
    """Return the first ``count`` powers of a number, modulo 2**64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def _characters(text: str) -> tuple[NDArray[np.uint8], Hashes]:
    """Return the class (see ``_classes``) and the hash value of each character, with a separator at either end."""
    if text.isascii():
        folded = f" {text.lower()} ".encode("ascii")
        classes = np.frombuffer(folded.translate(_ascii_classes()), np.uint8)
        return classes, _character_hashes().take(np.frombuffer(folded, np.uint8))
    folded = f" {unicodedata.normalize('NFKC', text).lower()} ".encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(folded, "<u4")
    if points.max() < _BASIC_PLANE:
        return _classes().take(points), _character_hashes().take(points)
    classes = _classes().take(points, mode="clip")
    for point in np.unique(points[points >= _BASIC_PLANE]):
        classes[points == point] = chr(int(point)).isalnum()
    return classes, _mix(points + _GOLDEN)


def word_hashes(text: str) -> Hashes:
    """Return the hash of each of the ``words`` of a text (of its first ``MAX_CHARACTERS`` characters), in order.

    All hashes are computed at once. The hash of a word is a polynomial of its characters, mixed. The polynomial of a
    part of the text is the difference of two running sums, shifted to the first power by the inverse of the base
    (M. Karp, R. Rabin, 1987, modulo 2**64). Splitting the text and hashing each word takes some twenty times as long.
    """
    classes, terms = _characters(text[:MAX_CHARACTERS])
    before, here = classes[:-1], classes[1:]
    joined = before & here & 1  # bit 0 is clear in characters that are words by themselves
    starts = (here > joined).nonzero()[0]  # index before the first character of each word
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
    """Return the hashes of the word 3-grams in text order: shape ``(words - 2,)``, at most ``MAX_SHINGLES``."""
    hashed = word_hashes(text)[: MAX_SHINGLES + SHINGLE - 1]
    count = len(hashed) - SHINGLE + 1
    if count < 1:
        return np.zeros(0, np.uint64)
    out = hashed[:count].copy()
    for position in range(1, SHINGLE):
        out *= _GOLDEN
        out += hashed[position : position + count]
    _mix(out)
    out &= _KEY_MASK  # clears the top bit, so that shingles and keys are the same numbers
    return out


def run_starts(hashes: Hashes) -> NDArray[np.bool_]:
    """Return a mask of the hashes that differ from the one before; the first is always set."""
    changed = np.empty(len(hashes), np.bool_)
    changed[:1] = True
    np.not_equal(hashes[1:], hashes[:-1], out=changed[1:])
    return changed


def winnow(hashes: Hashes) -> tuple[int, ...]:
    """Return the keys of a text: the smallest shingle of each window, at most ``MAX_KEYS``, sorted."""
    if not len(hashes):
        return ()
    if len(hashes) <= WINDOW:
        return (int(hashes.min()),)
    minima, width = hashes, 1
    while width < WINDOW:  # the width doubles in each step; WINDOW is a power of two
        minima, width = np.minimum(minima[:-width], minima[width:]), 2 * width
    # Adjacent windows mostly share their smallest shingle.
    return tuple(sorted({*minima[run_starts(minima)].tolist()})[:MAX_KEYS])


def copy_keys(hashes: Hashes, title_key: int, title_words: int) -> tuple[int, ...]:
    """Return all lookup keys of an article, sorted: the winnowed keys and, for a long enough title, the title's key."""
    keys = winnow(hashes)[: MAX_KEYS - 1]
    return tuple(sorted({*keys, title_key})) if title_words >= MIN_TITLE_WORDS else keys


def numbers(text: str) -> Hashes:
    """Return the sorted unique hashes of the numbers in a text; long numbers have the bit ``DISTINCTIVE`` set.

    A long number has four or more digits and is no year.
    """
    return np.array(sorted({*map(_number_hash, written_numbers(text))}), np.uint64)


def written_numbers(text: str) -> Collection[str]:
    """Return the numbers in a text as written, with the marks between their digits.

    If all digits are ASCII, all other characters are deleted by a table, which takes a third of the time of a regular
    expression.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    beyond_ascii = "" if text.isascii() else encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if _DIGIT.search(beyond_ascii):
        return _NUMBER.findall(text)
    runs = {*encoded.translate(_NUMBER_BYTES).decode("ascii").split()}
    return {run.strip(_NUMBER_MARKS) for run in runs} - {""}


@lru_cache(maxsize=1 << 16)
def _number_hash(number: str) -> int:
    is_long = sum(map(str.isdigit, number)) >= _LONG_DIGITS and not _YEAR.fullmatch(number)
    return (hash_text(number) & ~int(DISTINCTIVE)) | (int(DISTINCTIVE) if is_long else 0)


def unpack(packed: bytes) -> Hashes:
    """Return the hashes in the little-endian bytes of a fingerprint."""
    return np.frombuffer(packed, dtype="<u8")


def pack(hashes: Hashes) -> bytes:
    """Return hashes as little-endian bytes."""
    return hashes.astype("<u8").tobytes()
