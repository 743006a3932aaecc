"""The normalised tokens which rules are matched on, the same for all three compilers.

A token is a run of letters or a run of digits: ``F-16C`` is ``f 16 c``, and so are ``F16C`` and ``F 16C``. What
stood between two tokens is kept as a ``Glue``, so that the matcher can tell ``AIM 7`` from ``aim, 7``. Scripts
written without spaces (Han, kana, Thai …) give one token a character.

The text is folded first (``fold``); possessives, plurals of numbers (``F-16s``), dots of initialisms (``U.S.``) and the
brackets of a letter that a quotation has changed (``[d]rones``) are taken off. SQLite and Elasticsearch see exactly the
tokens of this module.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.tokens.fold import Folded, fold

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TOKEN = 120
"""Longer tokens are cut, in texts and queries alike: Elasticsearch's whitespace tokenizer splits at 255."""


class Glue(IntEnum):
    """What stands between a token and the one before it."""

    START = 0
    """Nothing: it is the first token."""
    DIRECT = 1
    """No character: ``F16``."""
    DASH = 2
    """One dash and nothing else: ``F-16``."""
    SPACE = 3
    """White space without a blank line, a possessive's apostrophe or ``+`` before it: ``F 16``."""
    LOOSE = 4
    """Dashes with spaces, or several dashes: ``F - 16``."""
    QUOTED = 5
    """White space and quotation marks: ``AIM-7 "Sparrow"``."""
    SLASH = 6
    """A slash: ``70/72``."""
    POINT = 7
    """A mark within a number: ``7.62``, ``10,000``, ``16:30``."""
    DOT = 8
    """A full stop between a letter and a digit: ``GR.4``."""
    BREAK = 9
    """Anything else: comma, currency sign, bracket, end of a sentence, blank line."""


class Token(NamedTuple):
    """A normalised token and where it stands in the original text (code points)."""

    text: str
    start: int
    end: int
    glue: Glue


# Scripts written without spaces: Thai and Lao, Myanmar, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W\d_{UNSPACED}]"


def _token_pattern(letter: str, alphanumeric: str, unspaced: str) -> re.Pattern[str]:
    return re.compile(
        rf"((?:{letter}{{2,}}"  # first, since it is what stands nearly everywhere; no initialism begins so
        rf"|(?<!{alphanumeric})(?:[a-z]\.){{2,}}(?:[a-z](?!{alphanumeric}))?"  # an initialism: u.s. or u.s.a
        rf"|[0-9]+(?:s(?!{alphanumeric}))?"  # a number, and its plural: 16s
        rf"|\[(?<!{alphanumeric}\[){letter}\]{letter}+"  # a quotation's first letter, changed: [d]rones
        rf"{unspaced}"
        rf"|{letter})"
        # a possessive or contraction: it is never an S-400's "s"
        rf"(?:'(?:s|t|d|m|ll|re|ve)(?!{alphanumeric}))?)"
    )


# Character sets within ASCII are three times as fast to match.
_ASCII_TOKEN = _token_pattern("[a-z]", "[a-z0-9]", "")
# A character of an unspaced script, and its spelt-out marks.
_TOKEN = _token_pattern(_LETTER, r"[^\W_]", rf"|[{UNSPACED}](?:q[a-p]+q)*")
ABBREVIATIONS = {"blk": "block", "blks": "blocks"}
"""Other ways to write a token."""
_DOTTED = frozenset({"blk", "blks", "mk"})
"""Written with a full stop before a number, which is then no end of a sentence: ``Blk. 70``, ``Mk. 41``."""


class _Remembered(dict[str, str]):
    """What a function makes of short texts, remembered: a third of the time of ``lru_cache``."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> str:
        made = self._make(text)
        if len(text) <= MAX_TOKEN:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = made
        return made


_REMEMBERED = 1 << 16


def _normalised(raw: str) -> str:
    word = raw
    if "'" in word:
        word = word[:-2] if word.endswith("'s") else word.replace("'", "")
    if "." in word:
        word = word.replace(".", "")
    if word[0] == "[":
        word = word[1] + word[3:]
    if word[0].isdecimal():
        word = word.rstrip("s")
    return ABBREVIATIONS.get(word, word)[:MAX_TOKEN]


_normal = _Remembered(_normalised).__getitem__
"""The token which a match of ``_TOKEN`` stands for."""

_GLUES = (
    (re.compile(r"-"), Glue.DASH),
    (re.compile(r"['+]?\s+"), Glue.SPACE),
    (re.compile(r"[\s-]*-[\s-]*"), Glue.LOOSE),
    (re.compile(r"\s*/\s*"), Glue.SLASH),
    (re.compile(r"['\"`\s]+"), Glue.QUOTED),
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n|\r\n?[^\S\n]*\r")


@lru_cache(maxsize=1 << 14)
def _glue(gap: str) -> Glue:
    """The kind of the folded text between two tokens, whatever the tokens are."""
    if not gap:
        return Glue.DIRECT
    if _BLANK_LINE.search(gap):
        return Glue.BREAK
    for pattern, glue in _GLUES:
        if pattern.fullmatch(gap):
            return glue
    return Glue.BREAK


def _between(before: str, gap: str, after: str) -> Glue:
    """The kind of ``gap`` between two raw tokens."""
    if gap == " ":
        return Glue.SPACE
    if gap[:1] == "." and before in _DOTTED:
        gap = gap[1:]
    if len(gap) == 1:
        if gap in ".,:'" and before[-1].isdecimal() and after[0].isdecimal():
            return Glue.POINT
        if gap == "." and before[-1].isalpha() and after[0].isdecimal():
            return Glue.DOT
    return _glue(gap)


class Tokens:
    """The normalised tokens of a text, in order.

    ``start`` and ``end`` are code point offsets into the text. A plural's *s* belongs to its number (``F-16s`` ends
    behind the *s*), a possessive's does not. The words are found at once; where each stands, when it is asked for.
    ``low`` and ``high`` are where the part of the folded text that was cut begins and ends.
    """

    __slots__ = ("_folded", "_known", "_parts", "_starts", "high", "low", "texts")

    def __init__(self, folded: Folded, low: int = 0, high: int | None = None) -> None:
        """Cut a folded text into tokens, or the part of it from ``low`` to before ``high``.

        Each of these is an end of the text or white space; the glue of a part's first token is that of a text's first.
        """
        self._folded = folded
        self.low = low
        self.high = len(folded.text) if high is None else high
        source = folded.text[low:high]
        # Gap, token, gap, token …, gap: one call for all of them.
        self._parts: list[str] = (_ASCII_TOKEN if source.isascii() else _TOKEN).split(source)
        # Where each part begins, and the last one ends.
        self._starts = list(accumulate(map(len, self._parts), initial=low))
        self._known: dict[int, Token] = {}
        self.texts: list[str] = list(map(_normal, self._parts[1::2]))

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> Token:
        known = self._known.get(index)
        return self._token(index) if known is None else known

    def _token(self, index: int) -> Token:
        text = self.texts[index]
        at = 2 * index + 1
        start, end = self._starts[at], self._starts[at + 1]
        if self._parts[at].endswith("'s"):
            end -= 2
        starts, ends = self._folded.starts, self._folded.ends
        if starts is not None and ends is not None:
            start, end = starts[start], ends[end - 1]
        token = self._known[index] = Token(text, start, end, self.glue(index))
        return token

    def beginning_before(self, offset: int) -> int:
        """How many tokens begin before an offset of the folded text."""
        return bisect_left(self._starts, offset) // 2

    def at(self, offset: int) -> int:
        """The token at an offset of the text, or the last before it; -1 before all of them, their number behind."""
        if self._folded.starts is not None:
            offset = bisect_right(self._folded.starts, offset) - 1
        return self.beginning_before(offset + 1) - 1 if offset < self.high else len(self.texts)

    def spaces(self, low: int, high: int) -> int:
        """How many of the tokens from one to before another have a space before them: so many words begin there."""
        return self._parts[2 * low : 2 * high : 2].count(" ")

    @property
    def gaps(self) -> list[str]:
        """The folded text before each token."""
        return self._parts[:-1:2]

    def glue(self, index: int) -> Glue:
        """What stands before a token."""
        if not index:
            return Glue.START
        before, gap, raw = self._parts[2 * index - 1 : 2 * index + 2]
        return Glue.SPACE if gap == " " else _between(before.removesuffix("'s"), gap, raw)


def tokens(text: str | None) -> list[Token]:
    """The normalised tokens of a text, in order."""
    found = Tokens(fold(text or ""))
    return [found[index] for index in range(len(found))]


def folded_tokens(folded: str) -> list[str]:
    """The normalised tokens of a text that is folded, apart from the case of its ASCII letters."""
    lower = folded.encode().lower().decode()  # of bytes: casefold has capitals of its own (Cherokee)
    pattern = _ASCII_TOKEN if lower.isascii() else _TOKEN
    return list(map(_normal, pattern.findall(lower)))


def index_text(text: str | None) -> str:
    """The normalised tokens of a text, separated by single spaces: what is stored for full-text search.

    It holds letters and digits only. SQLite's ``unicode61 remove_diacritics 0`` and Elasticsearch's
    ``whitespace`` analyzer give back the same tokens; normalising it again changes nothing.
    """
    return " ".join(filter(None, map(_indexed, text.split()))) if text else ""


def _index_word(word: str) -> str:
    return " ".join(folded_tokens(fold(word).text))


_indexed = _Remembered(_index_word).__getitem__
"""The tokens of what stands between white space. No token reaches over that, nor what decides on one, so most of a text
is looked up: in a third of the time."""


@lru_cache(maxsize=1 << 15)
def name_key(name: str) -> str:
    """``index_text`` of a name or term, remembered: the same few are asked for again and again."""
    return index_text(name)
