"""What one line looks like: its comparison form, its words, whether it is running prose.

Everything here is pure and looks at one line only. A word is what stands between white space; in scripts which
write no spaces two characters count as a word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape

MAX_CUE_WORDS = 60
"""Lines with more words are never looked at for cues."""
MAX_CUE_LENGTH = 400
"""Lines with more characters are never looked at for cues: no boilerplate line of the known classes is as long."""

_SENTENCE_WORDS = 8
"""A line with a sentence's end counts as prose from this many words on."""
_PROSE_WORDS = 25
"""A line without a sentence's end counts as prose from this many words on; headlines are shorter."""

_SENTENCE_TAIL = 16
"""Characters from the end among which a sentence's last stop and what closes behind it are sought."""

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
        "\u0130": "i",  # casefold would make two code points of the Turkish dotted capital I
        "\u00ad": None,
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\u2060": None,
        "\ufeff": None,
    }
)
_MEMORY = 1024
"""Lines whose forms are remembered: one line is looked at by some twenty rules in turn."""
_JOINERS = "\u200c\u200d"
_IDLE_JOINER = re.compile(f"(?<![^\\W\\x00-\u02af])[{_JOINERS}](?![^\\x00-\u02af])")
"""Joiners that join nothing: not behind a letter of a script other than Latin, nor before such a letter or a sign."""
_LEADING_MARKS = re.compile(r"[^\w(\[\"'@#\u00a9<$€£+]+")
_TRAILING_MARKS = " .:!?\u2026,;|/>\u00bb\u203a\u2192\u25b6\u0964*-+"
_SENTENCE_END = re.compile(r"[.!?\u2026\u0964\u3002]\s?['\"\u2019\u201d\u00bb)\]]*\s*$")
_SENTENCE_BREAK = re.compile(r"[.!?\u0964]['\"\u2019\u201d\u00bb)]*\s+['\"\u2018\u201c\u00ab(]?[^\W\d_a-z]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_ALPHANUMERIC = re.compile(r"[^\w]+")


def without_references(text: str) -> str:
    """Return a text with its character references resolved, only those that end in a semicolon: "B&not" has none."""
    return _REFERENCE.sub(lambda found: unescape(found[0]), text) if "&" in text else text


def tidy(line: str) -> str:
    """Return a line with single spaces and without what is not shown; the text itself stays as it is.

    Characters that only format (soft hyphen, zero-width space, byte order mark, marks of direction) are no spaces: they
    stand within words. Joiners stay between letters of scripts that need them. Other unprintable characters are spaces.
    """
    # Line breaks and tabs, the usual unprintable characters, are gone after the first split.
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
    """The form in which cues are written: NFKC, lower case, plain quotes and dashes, single spaces."""
    if line.isascii():
        return " ".join(line.lower().split())
    return " ".join(unicodedata.normalize("NFKC", line).translate(_PUNCTUATION).casefold().split())


@lru_cache(_MEMORY)
def bare(line: str) -> str:
    """``comparable`` without bullets, arrows and emoji in front and without punctuation behind."""
    form = comparable(line)
    leading = _LEADING_MARKS.match(form)
    return (form[leading.end() :] if leading else form).rstrip(_TRAILING_MARKS)


@lru_cache(_MEMORY)
def letters(line: str) -> str:
    """Letters and digits only, lower case, without spaces: equal for two ways to write one name or title."""
    decomposed = unicodedata.normalize("NFKD", comparable(line))
    return _ALPHANUMERIC.sub("", decomposed).replace("_", "")


@lru_cache(_MEMORY)
def word_count(line: str) -> int:
    """Number of pieces between white space that hold a letter or a digit; two characters of a script without spaces."""
    # Most pieces are words, which are seen by their first character.
    pieces = line.split()
    marks = [piece for piece in pieces if not piece[0].isalnum()]
    spaced = len(pieces) - sum(not any(map(str.isalnum, piece)) for piece in marks)
    return spaced if line.isascii() else max(spaced, len(_UNSPACED.findall(line)) // 2)


def ends_sentence(line: str) -> bool:
    """Whether the line ends like a sentence: a full stop, question or exclamation mark, danda or ellipsis."""
    return _SENTENCE_END.search(line[-_SENTENCE_TAIL:]) is not None


def has_sentences(line: str) -> bool:
    """Whether a sentence ends within the line and another begins."""
    return _SENTENCE_BREAK.search(line) is not None


@lru_cache(_MEMORY)
def is_prose(line: str) -> bool:
    """Whether the line is running text rather than a heading, a label or a caption."""
    words = word_count(line)
    return words >= _PROSE_WORDS or (words >= _SENTENCE_WORDS and ends_sentence(line))
