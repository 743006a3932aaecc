"""Derivations of copies: the origin of a copy group, and the shares that each copy kept, changed and added."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pipelines.likeness.fingerprint import SHINGLE, shingles
from pipelines.lineage.agencies import own_publication

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.records import ArticleContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The shares of a copy and its origin that are equal or differ, counted in shingles; moved text counts as kept."""

    kept: float
    """Share of the origin that the copy has."""
    changed: float
    """Share of the copy that replaces other words of the origin."""
    added: float
    """Share of the copy that is new and replaces no words of the origin."""


def derivation(origin: ArticleContent, copy: ArticleContent) -> Derivation:
    """Return the shares of an origin that a copy kept, changed and added."""
    origin_shingles, copy_shingles = shingles(origin.body), shingles(copy.body)
    in_origin, in_copy = set(origin_shingles.tolist()), set(copy_shingles.tolist())
    new = sum(shingle not in in_origin for shingle in in_copy) / max(1, len(in_copy))
    changed = _changed(origin_shingles.tolist(), copy_shingles.tolist(), in_origin) / max(1, len(copy_shingles))
    return Derivation(
        kept=len(in_origin & in_copy) / max(1, len(in_origin)), changed=min(new, changed), added=max(0.0, new - changed)
    )


def _changed(origin: list[int], copy: list[int], in_origin: set[int]) -> int:
    """Return the number of shingles of the copy that replace shingles of the origin.

    An insertion or deletion also changes the shingles across the seam; these do not count.
    """
    seam, changed = SHINGLE - 1, 0
    for step, start, end, copy_start, copy_end in SequenceMatcher(None, origin, copy).get_opcodes():
        new = sum(shingle not in in_origin for shingle in copy[copy_start:copy_end])
        if step == "replace" and end - start > seam and new > seam:
            changed += min(end - start, new)
    return changed


def origin_of(contents: Sequence[ArticleContent]) -> ArticleContent:
    """Return the origin of a copy group in order of time: the agency's own publication, else the first article."""
    return next((content for content in contents if own_publication(content)), contents[0])
