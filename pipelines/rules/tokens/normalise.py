"""Normalised tokens, which rules are matched on; the same for the matcher, SQLite and Elasticsearch.

A token is a run of letters or a run of digits: ``F-16C`` is ``f 16 c``, and so are ``F16C`` and ``F 16C``. The text
between two tokens is classified as a ``Glue``, so that the matcher can tell ``AIM 7`` from ``aim, 7``. In scripts
written without spaces (Han, kana, Thai …) each character is a token.

The text is folded first (``fold``). Possessives, plurals of numbers (``F-16s``), dots of initialisms (``U.S.``) and the
brackets of a letter changed in a quotation (``[d]rones``) are removed. SQLite and Elasticsearch see exactly the tokens
of this module.
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
"""Characters of a token; longer ones are cut, in texts and queries alike, since Elasticsearch's whitespace tokenizer
splits at 255."""


class Glue(IntEnum):
    """The kind of text between a token and the one before it."""

    START = 0
    """No preceding token."""
    DIRECT = 1
    """No character: ``F16``."""
    DASH = 2
    """A single dash: ``F-16``."""
    SPACE = 3
    """White space without a blank line, possibly after a possessive's apostrophe or a ``+``: ``F 16``."""
    LOOSE = 4
    """Dashes with spaces, or several dashes: ``F - 16``."""
    QUOTED = 5
    """White space and quotation marks: ``AIM-7 "Sparrow"``."""
    SLASH = 6
    """A slash: ``70/72``."""
    POINT = 7
    """A mark inside a number: ``7.62``, ``10,000``, ``16:30``."""
    DOT = 8
    """A full stop between a letter and a digit: ``GR.4``."""
    BREAK = 9
    """Anything else: comma, currency sign, bracket, end of a sentence, blank line."""


class Token(NamedTuple):
    """A normalised token with its span in the original text (code points)."""

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
        rf"((?:{letter}{{2,}}"  # first, since most tokens match it; no initialism begins like this
        rf"|(?<!{alphanumeric})(?:[a-z]\.){{2,}}(?:[a-z](?!{alphanumeric}))?"  # an initialism: u.s. or u.s.a
        rf"|[0-9]+(?:s(?!{alphanumeric}))?"  # a number, and its plural: 16s
        rf"|\[(?<!{alphanumeric}\[){letter}\]{letter}+"  # the changed first letter of a quotation: [d]rones
        rf"{unspaced}"
        rf"|{letter})"
        # a possessive or contraction, whose "s" is never a token
        rf"(?:'(?:s|t|d|m|ll|re|ve)(?!{alphanumeric}))?)"
    )


# Character sets within ASCII are three times as fast to match.
_ASCII_TOKEN = _token_pattern("[a-z]", "[a-z0-9]", "")
# A character of an unspaced script with its spelt-out marks.
_TOKEN = _token_pattern(_LETTER, r"[^\W_]", rf"|[{UNSPACED}](?:q[a-p]+q)*")
ABBREVIATIONS = {"blk": "block", "blks": "blocks"}
"""Abbreviated forms of tokens."""
_DOTTED = frozenset({"blk", "blks", "mk"})
"""Abbreviations whose full stop before a number ends no sentence: ``Blk. 70``, ``Mk. 41``."""


class _Cache(dict[str, str]):
    """A cache of a function's results for short texts; it takes a third of the time of ``lru_cache``."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> str:
        made = self._make(text)
        if len(text) <= MAX_TOKEN:
            if len(self) >= _CACHE_SIZE:
                self.clear()
            self[text] = made
        return made


_CACHE_SIZE = 1 << 16


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


_normal = _Cache(_normalised).__getitem__
"""The normalised token of a match of ``_TOKEN``."""

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
    """Classify the folded text between two tokens, regardless of the tokens."""
    if not gap:
        return Glue.DIRECT
    if _BLANK_LINE.search(gap):
        return Glue.BREAK
    for pattern, glue in _GLUES:
        if pattern.fullmatch(gap):
            return glue
    return Glue.BREAK


def _between(before: str, gap: str, after: str) -> Glue:
    """Classify the folded text between two raw tokens."""
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

    ``start`` and ``end`` of a token are code point offsets into the text. A plural's *s* belongs to its number
    (``F-16s`` ends after the *s*); a possessive's does not. The texts of all tokens are computed at once, their spans
    on demand.
    ``low`` and ``high`` are the bounds of the tokenised part of the folded text.
    """

    __slots__ = ("_folded", "_made", "_parts", "_starts", "high", "low", "texts")

    def __init__(self, folded: Folded, low: int = 0, high: int | None = None) -> None:
        """Tokenise a folded text, or its part ``[low:high]``.

        Each bound is an end of the text or next to white space. The first token of a part has the glue ``START``.
        """
        self._folded = folded
        self.low = low
        self.high = len(folded.text) if high is None else high
        source = folded.text[low:high]
        # Gap, token, gap, token …, gap: a single call returns all of them.
        self._parts: list[str] = (_ASCII_TOKEN if source.isascii() else _TOKEN).split(source)
        # The start of each part, and the end of the last one.
        self._starts = list(accumulate(map(len, self._parts), initial=low))
        self._made: dict[int, Token] = {}
        self.texts: list[str] = list(map(_normal, self._parts[1::2]))

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> Token:
        known = self._made.get(index)
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
        token = self._made[index] = Token(text, start, end, self.glue(index))
        return token

    def count_before(self, offset: int) -> int:
        """Return the number of tokens that begin before an offset of the folded text."""
        return bisect_left(self._starts, offset) // 2

    def index_at(self, offset: int) -> int:
        """Return the index of the token at or before an offset of the text.

        It is -1 before the first token, and the number of tokens after the tokenised part.
        """
        if self._folded.starts is not None:
            offset = bisect_right(self._folded.starts, offset) - 1
        return self.count_before(offset + 1) - 1 if offset < self.high else len(self.texts)

    def count_spaced(self, low: int, high: int) -> int:
        """Return how many tokens of ``[low:high]`` follow a single space: at least so many words begin there."""
        return self._parts[2 * low : 2 * high : 2].count(" ")

    @property
    def gaps(self) -> list[str]:
        """The folded text before each token."""
        return self._parts[:-1:2]

    def glue(self, index: int) -> Glue:
        """Return the glue before a token."""
        if not index:
            return Glue.START
        before, gap, raw = self._parts[2 * index - 1 : 2 * index + 2]
        return Glue.SPACE if gap == " " else _between(before.removesuffix("'s"), gap, raw)


def tokens(text: str | None) -> list[Token]:
    """Return the normalised tokens of a text, in order."""
    sequence = Tokens(fold(text or ""))
    return [sequence[index] for index in range(len(sequence))]


def folded_tokens(folded: str) -> list[str]:
    """Return the normalised tokens of a text that is folded except for the case of its ASCII letters."""
    lower = folded.encode().lower().decode()  # as bytes, since str.lower changes letters that casefold keeps (Cherokee)
    pattern = _ASCII_TOKEN if lower.isascii() else _TOKEN
    return list(map(_normal, pattern.findall(lower)))


def index_text(text: str | None) -> str:
    """Return the normalised tokens of a text, separated by single spaces, as stored for full-text search.

    The result contains only letters, digits and spaces. SQLite's ``unicode61 remove_diacritics 0`` and Elasticsearch's
    ``whitespace`` analyzer split it into the same tokens; normalising it again changes nothing.
    """
    return " ".join(filter(None, map(_indexed, text.split()))) if text else ""


def _index_word(word: str) -> str:
    return " ".join(folded_tokens(fold(word).text))


_indexed = _Cache(_index_word).__getitem__
"""The tokens of a run between white space, cached. Neither a token nor its context crosses white space, so most runs of
a text are looked up, in a third of the time."""


@lru_cache(maxsize=1 << 15)
def name_key(name: str) -> str:
    """Return ``index_text`` of a name or term, cached, since a few names recur often."""
    return index_text(name)
