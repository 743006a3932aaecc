"""Wire lineage: which agency a text comes from, who carried it, and what each made of it.

An agency's credit counts where an outlet puts it: as the byline or the name of the source, in the dateline, in a line
of its own or in brackets at the end. An agency that is merely quoted ("Reuters reported") is no origin.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from pipelines.dedup.fingerprint import shingles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.records import ArticleContent

AGENCIES: dict[str, str] = tomllib.loads(
    files("pipelines.lineage").joinpath("agencies.toml").read_text(encoding="utf-8")
)
"""Agencies by the name they are known by, and how they are credited (regular expressions)."""


def _credit(prefix: str = "a") -> str:
    """Any of the agencies, each in a named group; names of groups must differ within one expression."""
    return "|".join(f"(?P<{prefix}{number}>{forms})" for number, forms in enumerate(AGENCIES.values()))


_ANY, _AGAIN = _credit(), _credit("b")
_DASH = "\u2010-\u2015-"
_ALONE = re.compile(rf"\W*(?:(?i:by|from|source|via|with inputs from):?)?\s*(?:the )?(?:{_ANY})\W*")
_DATELINE = re.compile(rf"[^\n]{{0,60}}?(?:\((?:{_ANY})\)\s*[:{_DASH}]|[,/]\s*(?:{_AGAIN})\s*[:/{_DASH}])")
_ENDING = re.compile(rf"[(\[{_DASH}]\s*(?:(?i:with inputs from|source:) )?(?:{_ANY})[)\]]?\W*$")
_BYLINE = re.compile(rf"(?:^|[\s,/(|&])(?:{_ANY})(?:$|[\s,/)|&])")
_NAMES = tuple(AGENCIES)
_MAX_CREDIT = 60
"""Characters of a line that is nothing but a credit."""


def agency(content: ArticleContent) -> str | None:
    """The agency whose text an article is, by its credit; ``None`` without one."""
    paragraphs = content.body.split("\n\n")
    dropped = [line.line for line in content.dropped if len(line.line) <= _MAX_CREDIT]
    tried = (
        _ALONE.fullmatch(content.source or ""),
        _BYLINE.search(content.author or ""),
        _DATELINE.match(paragraphs[0]),
        _ENDING.search(paragraphs[-1]),
        *(_ALONE.fullmatch(line) for line in (paragraphs[-1], *dropped) if len(line) <= _MAX_CREDIT),
    )
    return next((name for match in tried if match and (name := _name(match))), None)


def _name(match: re.Match[str]) -> str | None:
    found = next((group for group, text in match.groupdict().items() if text), None)
    return _NAMES[int(found[1:])] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What a copy made of its origin, in words of each (counted by shingles)."""

    kept: float
    """Share of the origin that the copy has."""
    added: float
    """Share of the copy that the origin has not."""


def derivation(origin: ArticleContent, copy: ArticleContent) -> Derivation:
    """How much of an origin a copy kept, and how much of the copy is new."""
    ours, theirs = np.unique(shingles(origin.body)), np.unique(shingles(copy.body))
    shared = len(np.intersect1d(ours, theirs, assume_unique=True))
    return Derivation(kept=shared / max(1, len(ours)), added=1 - shared / max(1, len(theirs)))


def origin_of(contents: Sequence[ArticleContent]) -> ArticleContent:
    """The origin of a copy group, given in order of time: the agency's own publication, else the first."""
    own = (one for one in contents if _ALONE.fullmatch(one.source or ""))
    return next(own, contents[0])
