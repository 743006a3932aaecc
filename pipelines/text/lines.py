"""Properties of a single line: its comparison form, its number of words, and whether it is running prose.

All functions are pure and examine one line only. White space separates words; in scripts without spaces two
characters count as a word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape

MAX_CUE_WORDS = 60
"""Lines with more words are never searched for cues."""
MAX_CUE_LENGTH = 400
"""Lines with more characters are never searched for cues: no line of a known class of boilerplate is that long."""

_SENTENCE_WORDS = 8
"""Fewest words of prose in a line that ends like a sentence."""
_PROSE_WORDS = 25
"""Fewest words of prose in a line that does not end like a sentence; headlines are shorter."""

_SENTENCE_TAIL = 16
"""Characters at the end of a line that are searched for a final stop and the closing quotes and brackets after it."""

_PUNCTUATION = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u2032": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2033": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2015": "-",
        "\u2212": "-",
        "\u0130": "i",  # casefold would turn the Turkish dotted capital I into two code points
        "\u00ad": None,
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\u2060": None,
        "\ufeff": None,
    }
)
_MEMORY = 1024
"""Lines whose forms are cached: about twenty rules examine the same line in turn."""
_JOINERS = "\u200c\u200d"
_IDLE_JOINER = re.compile(f"(?<![^\\W\\x00-\u02af])[{_JOINERS}](?![^\\x00-\u02af])")
"""Joiners without effect: neither after a letter of a non-Latin script nor before such a letter or a sign."""
_LEADING_MARKS = re.compile(r"[^\w(\[\"'@#\u00a9<$€£+]+")
_TRAILING_MARKS = " .:!?\u2026,;|/>\u00bb\u203a\u2192\u25b6\u0964*-+"
_SENTENCE_END = re.compile(r"[.!?\u2026\u0964\u3002]\s?['\"\u2019\u201d\u00bb)\]]*\s*$")
_SENTENCE_BREAK = re.compile(r"[.!?\u0964]['\"\u2019\u201d\u00bb)]*\s+['\"\u2018\u201c\u00ab(]?[^\W\d_a-z]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_ALPHANUMERIC = re.compile(r"[^\w]+")


def without_references(text: str) -> str:
    """Return a text with its character references resolved. They must end in a semicolon: "B&not" holds none."""
    return _REFERENCE.sub(lambda reference: unescape(reference[0]), text) if "&" in text else text


def tidy(line: str) -> str:
    """Return a line with single spaces and without invisible characters; the visible text is unchanged.

    Format characters (soft hyphen, zero-width space, byte order mark, marks of direction) are removed, since they stand
    within words. Joiners stay between letters of scripts that need them. Other unprintable characters become spaces.
    """
    # The first split removes line breaks and tabs, the most frequent unprintable characters.
    line = " ".join(line.split())
    if line.isprintable():
        return line
    line = _IDLE_JOINER.sub("", line)
    return " ".join("".join(map(_shown, line)).split())


def _shown(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    return "" if unicodedata.category(char) == "Cf" else " "


@lru_cache(_MEMORY)
def comparable(line: str) -> str:
    """Return the form for comparison with cues: NFKC, lower case, plain quotes and dashes, single spaces."""
    if line.isascii():
        return " ".join(line.lower().split())
    return " ".join(unicodedata.normalize("NFKC", line).translate(_PUNCTUATION).casefold().split())


@lru_cache(_MEMORY)
def bare(line: str) -> str:
    """Return the comparison form without leading bullets, arrows and emoji and without trailing punctuation."""
    form = comparable(line)
    leading = _LEADING_MARKS.match(form)
    return (form[leading.end() :] if leading else form).rstrip(_TRAILING_MARKS)


@lru_cache(_MEMORY)
def letters(line: str) -> str:
    """Return only letters and digits, in lower case: equal for different spellings of the same name or title."""
    decomposed = unicodedata.normalize("NFKD", comparable(line))
    return _ALPHANUMERIC.sub("", decomposed).replace("_", "")


@lru_cache(_MEMORY)
def word_count(line: str) -> int:
    """Count the words: pieces between spaces with a letter or digit, or pairs of characters in unspaced scripts."""
    # The first character shows that most pieces are words.
    pieces = line.split()
    marks = [piece for piece in pieces if not piece[0].isalnum()]
    spaced = len(pieces) - sum(not any(map(str.isalnum, piece)) for piece in marks)
    return spaced if line.isascii() else max(spaced, len(_UNSPACED.findall(line)) // 2)


def ends_sentence(line: str) -> bool:
    """Return whether the line ends in a full stop, question mark, exclamation mark, danda or ellipsis."""
    return _SENTENCE_END.search(line[-_SENTENCE_TAIL:]) is not None


def has_sentences(line: str) -> bool:
    """Return whether a sentence ends and another begins within the line."""
    return _SENTENCE_BREAK.search(line) is not None


@lru_cache(_MEMORY)
def is_prose(line: str) -> bool:
    """Return whether the line is running text rather than a heading, a label or a caption."""
    words = word_count(line)
    return words >= _PROSE_WORDS or (words >= _SENTENCE_WORDS and ends_sentence(line))
