"""What copies made of their origin: who that is among them, and how much each kept, changed and added."""

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
    """What a copy made of its origin, in words (counted by shingles: what has only moved is kept)."""

    kept: float
    """Share of the origin that the copy has."""
    changed: float
    """Share of the copy that stands in the place of other words of the origin."""
    added: float
    """Share of the copy that is new besides."""


def derivation(origin: ArticleContent, copy: ArticleContent) -> Derivation:
    """How much of an origin a copy kept, and what else is in the copy."""
    ours, theirs = shingles(origin.body), shingles(copy.body)
    known, held = set(ours.tolist()), set(theirs.tolist())
    new = sum(one not in known for one in held) / max(1, len(held))
    changed = _changed(ours.tolist(), theirs.tolist(), known) / max(1, len(theirs))
    return Derivation(
        kept=len(known & held) / max(1, len(known)), changed=min(new, changed), added=max(0.0, new - changed)
    )


def _changed(ours: list[int], theirs: list[int], known: set[int]) -> int:
    """Shingles of the copy in the place of others of the origin.

    Where something is only put in or taken out, the shingles across the seam are others as well: they count nothing.
    """
    seam, changed = SHINGLE - 1, 0
    for step, start, end, their_start, their_end in SequenceMatcher(None, ours, theirs).get_opcodes():
        new = sum(one not in known for one in theirs[their_start:their_end])
        if step == "replace" and end - start > seam and new > seam:
            changed += min(end - start, new)
    return changed


def origin_of(contents: Sequence[ArticleContent]) -> ArticleContent:
    """The origin of a copy group, given in order of time: the agency's own publication, else the first."""
    return next((one for one in contents if own_publication(one)), contents[0])
