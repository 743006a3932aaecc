"""The normalised tokens which rules are matched on, the same for all three compilers.

A token is a run of letters or a run of digits: ``F-16C`` is ``f 16 c``, and so are ``F16C`` and ``F 16C``. What
stood between two tokens is kept as a ``Glue``, so that the matcher can tell ``AIM 7`` from ``aim, 7``. Scripts
written without spaces (Han, kana, Thai …) give one token a character.

Case, dashes, spaces, quotes, compatibility forms (full-width, ligatures) and decimal digits of every script are
folded (NFKC and case folding, The Unicode Standard, sections 3.11 and 3.13); possessives, plurals of numbers
(``F-16s``) and dots of initialisms (``U.S.``) are taken off. Diacritics stay. Letters which the tokeniser of SQLite
(``unicode61``, the letters of Unicode 6.1) would not take for letters are spelt out in ASCII letters, so that
SQLite and Elasticsearch see exactly the tokens of this module.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

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
_TOKEN = re.compile(
    r"(?:(?<![^\W_])(?:[a-z]\.){2,}(?:[a-z](?![^\W_]))?"  # an initialism: u.s. or u.s.a
    r"|[0-9]+(?:s(?![^\W_]))?"  # a number, and its plural: 16s
    rf"|[{UNSPACED}](?:q[a-p]+q)*"  # a character of an unspaced script, and its spelt-out marks
    rf"|{_LETTER}+)"
    r"(?:'(?:s|t|d|m|ll|re|ve)(?![^\W_]))?"  # a possessive or contraction: it is never an S-400's "s"
)
_ABBREVIATIONS = {"blk": "block", "blks": "blocks"}
_DOTTED = frozenset({"blk", "blks", "mk"})
"""Written with a full stop before a number, which is then no end of a sentence: ``Blk. 70``, ``Mk. 41``."""

_BASE_AND_MARKS = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+", re.DOTALL)

_QUOTES = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u00b4\u055a", "'")
_QUOTES |= dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u2039\u203a\u300c\u300d", '"')
# The characters below with no single name in the categories: minus signs and bullets, line and word separators,
# invisible joiners, the registered sign and the hyphenation point.
_SPECIAL = (
    _QUOTES
    | dict.fromkeys("\u2212\u2043\u02d7\u207b\u208b", "-")
    | dict.fromkeys("\u0085\u2028\u2029", "\n")
    | {"\u200b": " ", "\u00ae": "", "\u2027": ""}
)
# 'q' and the code point in letters, hexadecimal digits as a to p.
_HEX_AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@lru_cache(maxsize=1 << 16)
def _fold_cluster(cluster: str) -> str:
    """Fold one character with its combining marks."""
    base = cluster[0]
    if base in _SPECIAL:
        return _SPECIAL[base]
    decomposition = unicodedata.decomposition(base)
    if decomposition.startswith("<super>"):
        return ""  # footnote figures and trade marks: HIMARS™ is HIMARS, 16² is not 162
    if decomposition.startswith("<fraction>"):
        return ";"
    folded = cluster
    for _ in range(3):  # NFKC and folding settle in two rounds for every code point; the test tries them all
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    out: list[str] = []
    after_letter = False
    for character in folded:
        piece = _fold_character(character, after_letter=after_letter)
        after_letter = piece.isalpha() or (after_letter and not piece)
        out.append(piece)
    return "".join(out)


def _fold_character(character: str, *, after_letter: bool) -> str:  # noqa: PLR0911 - one a category
    if character.isascii():
        return character
    if character in _SPECIAL:
        return _SPECIAL[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] == "L" or category == "Nl":
        # Unicode 3.2 letters are letters for every SQLite; later ones are spelt out.
        safe = unicodedata.ucd_3_2_0.category(character)[0] == "L" and character.isalpha()
        return character if safe else _spell(character)
    if category[0] == "M":
        if "VARIATION SELECTOR" in unicodedata.name(character, ""):
            return ""
        return _spell(character) if after_letter else ""
    if category == "Cf":
        return ""
    if category == "Pd":
        return "-"
    return " " if category[0] == "Z" else ";"


def _spell(character: str) -> str:
    return f"q{f'{ord(character):x}'.translate(_HEX_AS_LETTERS)}q"


def _is_mark(character: str) -> bool:
    # Conjoining vowels and finals of Hangul compose with what stands before them, as marks do.
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


def _clusters(run: str) -> list[str]:
    clusters: list[str] = []
    for character in run:
        # Nobody needs more than a few marks; a hostile text stacks thousands, which would not be cached.
        if clusters and _is_mark(character) and len(clusters[-1]) < 8:  # noqa: PLR2004
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


class _Folded(NamedTuple):
    text: str
    starts: list[int] | None
    """Original offset of the cluster which each folded character comes from; ``None``: the same offset."""
    ends: list[int] | None


def _fold(text: str) -> _Folded:
    if text.isascii():
        return _Folded(text.lower(), None, None)
    pieces: list[str] = []
    moved = False
    position = 0
    mapping: list[tuple[int, int, int]] = []  # start, length in the original, length folded; changed clusters only
    for run in _BASE_AND_MARKS.finditer(text):
        pieces.append(text[position : run.start()].lower())
        at = run.start()
        for cluster in _clusters(run[0]):
            folded = cluster.lower() if cluster.isascii() else _fold_cluster(cluster)
            if len(folded) != len(cluster):
                moved = True
                mapping.append((at, len(cluster), len(folded)))
            pieces.append(folded)
            at += len(cluster)
        position = run.end()
    pieces.append(text[position:].lower())
    joined = "".join(pieces)
    if not moved:
        return _Folded(joined, None, None)
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for at, length, folded_length in mapping:
        starts.extend(range(done, at))
        ends.extend(range(done + 1, at + 1))
        starts.extend([at] * folded_length)
        ends.extend([at + length] * folded_length)
        done = at + length
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return _Folded(joined, starts, ends)


@lru_cache(maxsize=1 << 16)
def _normal(raw: str) -> str:
    """The token which a match of ``_TOKEN`` stands for."""
    word = raw
    if "'" in word:
        word = word[:-2] if word.endswith("'s") else word.replace("'", "")
    if "." in word:
        word = word.replace(".", "")
    if word[0].isdecimal():
        word = word.rstrip("s")
    return _ABBREVIATIONS.get(word, word)[:MAX_TOKEN]


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


def tokens(text: str | None) -> list[Token]:
    """The normalised tokens of a text, in order.

    ``start`` and ``end`` are code point offsets into ``text``. A plural's *s* belongs to its number
    (``F-16s`` ends behind the *s*), a possessive's does not.
    """
    if not text:
        return []
    folded = _fold(text)
    source, starts, ends = folded
    out: list[Token] = []
    before = ""
    last_end = 0
    for match in _TOKEN.finditer(source):
        raw = match[0]
        start, end = match.span()
        glue = _between(before, source[last_end:start], raw) if before else Glue.START
        before, last_end = raw, end
        if raw.endswith("'s"):
            before = raw[:-2]
            end -= 2
        if starts is not None and ends is not None:
            start, end = starts[start], ends[end - 1]
        out.append(Token(_normal(raw), start, end, glue))
    return out


def index_text(text: str | None) -> str:
    """The normalised tokens of a text, separated by single spaces: what is stored for full-text search.

    It holds letters and digits only. SQLite's ``unicode61 remove_diacritics 0`` and Elasticsearch's
    ``whitespace`` analyzer give back the same tokens; normalising it again changes nothing.
    """
    if not text:
        return ""
    return " ".join(map(_normal, _TOKEN.findall(_fold(text).text)))
