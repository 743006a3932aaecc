"""Folding of equivalent characters before a text is tokenised.

Case, dashes, spaces, quotes, compatibility forms (full-width, ligatures) and decimal digits of every script are
folded (NFKC and case folding, The Unicode Standard, sections 3.11 and 3.13). Diacritics are kept. Letters that SQLite's
tokeniser (``unicode61``, the letters of Unicode 6.1) does not treat as letters are spelt out in ASCII letters, so that
SQLite and Elasticsearch see exactly the tokens of this project.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import NamedTuple

_REFERENCE = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_REFERENCES = re.compile(_REFERENCE)
BASE_AND_MARKS = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+", re.DOTALL)
"""The runs that need folding; all other characters are ASCII and only change case."""

_FOREIGN = re.compile(rf"{_REFERENCE}|{BASE_AND_MARKS.pattern}", re.DOTALL)
"""The same runs, and character references of HTML left in a text: ``F-16&nbsp;Block&#8209;70``."""

_QUOTES = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u00b4\u055a", "'")
_QUOTES |= dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u2039\u203a\u300c\u300d", '"')
# Characters whose Unicode category does not decide their folding: minus signs and bullets, line and word separators,
# invisible joiners, the registered sign and the hyphenation point.
_SPECIAL = (
    _QUOTES
    | dict.fromkeys("\u2212\u2043\u02d7\u207b\u208b", "-")
    | dict.fromkeys("\u0085\u2028\u2029", "\n")
    | {"\u200b": " ", "\u00ae": "", "\u2027": ""}
)
# A letter is spelt out as its code point between two 'q', with the hexadecimal digits written as a to p.
_HEX_AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


# The most frequent characters outside ASCII, each with its one-character folding, so that no offset changes.
_COMMON = (
    ("\u2018", "'"),
    ("\u2019", "'"),
    ("\u201c", '"'),
    ("\u201d", '"'),
    ("\u2011", "-"),
    ("\u2013", "-"),
    ("\u2014", "-"),
    ("\u00a0", " "),
)


def fold_common(text: str) -> str:
    """Fold the quotation marks, dashes and spaces of ordinary typesetting, in C."""
    for original, folded in _COMMON:
        text = text.replace(original, folded)
    return text


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


def _fold_character(character: str, *, after_letter: bool) -> str:  # noqa: PLR0911 - one per category
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
    # Conjoining vowels and finals of Hangul compose with the preceding character, as marks do.
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


def _clusters(run: str) -> list[str]:
    clusters: list[str] = []
    for character in run:
        # Real text has a few marks per character; a hostile text stacks thousands, which would not be cached.
        if clusters and _is_mark(character) and len(clusters[-1]) < 8:  # noqa: PLR2004
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def fold_run(run: str) -> str:
    """Fold one match of ``BASE_AND_MARKS``."""
    return "".join(cluster.lower() if cluster.isascii() else _fold_cluster(cluster) for cluster in _clusters(run))


def has_references(text: str) -> bool:
    """Return whether a text may contain character references of HTML."""
    return "&" in text and _REFERENCES.search(text) is not None


@lru_cache(maxsize=1 << 12)
def _dereferenced(reference: str) -> str:
    """Return the text of a character reference, or the reference itself if it is unknown."""
    return unescape(reference) if reference[1] == "#" else html5.get(reference[1:], reference)


def _pieces(run: str) -> list[tuple[str, str]]:
    """Return the clusters of a match of ``_FOREIGN``, each with its folding."""
    if run[0] == "&" and run[-1] == ";":
        return [(run, fold_run(_dereferenced(run)))]
    return [(cluster, cluster.lower() if cluster.isascii() else _fold_cluster(cluster)) for cluster in _clusters(run)]


class Folded(NamedTuple):
    """A folded text with the original offsets of its characters."""

    text: str
    starts: list[int] | None
    """Original start offset of the cluster of each folded character; ``None`` if offsets are unchanged."""
    ends: list[int] | None
    """Original end offset of the cluster of each folded character; ``None`` if offsets are unchanged."""


def fold(text: str) -> Folded:
    """Fold a text. The result contains letters, ASCII digits, ASCII marks and white space."""
    if not text.isascii():
        text = fold_common(text)
    if text.isascii() and not has_references(text):
        return Folded(text.lower(), None, None)
    pieces: list[str] = []
    moved = False
    position = 0
    mapping: list[tuple[int, int, int]] = []  # start, length in the original, length folded; changed clusters only
    for run in _FOREIGN.finditer(text):
        pieces.append(text[position : run.start()].lower())
        at = run.start()
        for cluster, folded in _pieces(run[0]):
            if len(folded) != len(cluster):
                moved = True
                mapping.append((at, len(cluster), len(folded)))
            pieces.append(folded)
            at += len(cluster)
        position = run.end()
    pieces.append(text[position:].lower())
    joined = "".join(pieces)
    if not moved:
        return Folded(joined, None, None)
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
    return Folded(joined, starts, ends)
