"""How much of one text stands in another.

Containment, not resemblance: of the shorter text, the share that the longer has too. So a truncated or abridged
copy is as near as a whole one. Shingles under an outlet's boilerplate count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.dedup.fingerprint import DISTINCTIVE, Hashes, unpack
from pipelines.stories.features import StoryFeatures

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from schemas.records import Fingerprint

THRESHOLD = 0.45
"""Average similarity within a group. This and what follows is measured by ``benchmarks.duplicates``."""
MIN_SHARED = 18
"""Shared shingles (20 words) below which two texts under different titles are never copies: a quotation."""
MIN_SHARED_SAME_TITLE = 12
"""The same under one title: a teaser."""
SAME_TITLE_BONUS = 0.25
"""Added to the containment of texts under one title, where the shorter has the longer's beginning: without it, desks
that write up one press release or quote one statement under the same headline would be taken for copies."""
SAME_TITLE = 0.75
"""Share of the telling words of the shorter title which the other has too."""
MIN_TITLE_WORDS = 3
"""Telling words which a title must have to be compared; a shorter one is only ever equal or not."""
EMBEDDED = 0.5
"""Share of the longer text under which it may be that it embeds the shorter one, as a roundup does."""
HEAD = 30
"""Shingles with which a text begins."""
HEAD_SHARED = 0.3
"""Share of the longer text's head that a truncated copy has: what is cut is the tail."""
EMBEDDED_FACTOR = 0.7
"""What remains of the similarity of a text which seems embedded: alone it may pass, against a better copy not."""
MIN_NUMBERS, MIN_DISTINCTIVE = 3, 2
"""Numbers (and long ones among them) which both texts must have before their numbers are compared."""
NUMBERS_SHARED = 0.5
"""Share of the numbers of the text with fewer of them which the other must have too. Copies keep the numbers;
templated notices differ in nothing else."""


@dataclass(frozen=True, slots=True)
class CopyView:
    """A fingerprint made ready for comparing, boilerplate taken out."""

    shingles: Hashes
    """Sorted and unique."""
    head: Hashes
    """The first ``HEAD`` of them in the order of the text."""
    numbers: Hashes
    distinctive: Hashes
    """Those of the numbers that are long: amounts, contract numbers."""
    title_key: int
    title: NDArray[np.uint64]
    """Hashes of the telling words of the title, sorted."""

    @classmethod
    def of(cls, fingerprint: Fingerprint, common: AbstractSet[int]) -> Self:
        """View of a fingerprint, given the keys known as boilerplate."""
        kept = _without_boilerplate(unpack(fingerprint.shingles), fingerprint.copy_keys, common)
        numbers = unpack(fingerprint.numbers)
        features = StoryFeatures.unpack(fingerprint.story_features)
        return cls(
            shingles=np.unique(kept),
            head=kept[:HEAD],
            numbers=numbers,
            distinctive=numbers[(numbers & DISTINCTIVE) != 0],
            title_key=fingerprint.title_key,
            title=features.terms[features.span("title")],
        )


def _without_boilerplate(ordered: Hashes, keys: tuple[int, ...], common: AbstractSet[int]) -> Hashes:
    """The shingles but for those under boilerplate, whose nearest keys on both sides are common ones.

    Only keys are counted across articles, so a block of boilerplate is known by the keys in it; what lies
    between two of them, or between one of them and the edge of the text, belongs to it.
    """
    marked = common & set(keys)
    if not marked:
        return ordered
    positions = np.flatnonzero(np.isin(ordered, np.fromiter(keys, np.uint64)))
    is_common = np.isin(ordered[positions], np.fromiter(marked, np.uint64))
    here = np.arange(len(ordered))
    left = np.searchsorted(positions, here, side="right") - 1
    right = np.searchsorted(positions, here, side="left")
    left_common = (left < 0) | is_common[np.maximum(left, 0)]
    right_common = (right == len(positions)) | is_common[np.minimum(right, len(positions) - 1)]
    kept: Hashes = ordered[~(left_common & right_common)]
    return kept


def _shared(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """What two sorted arrays without repeats have in common, sorted. Faster than ``intersect1d``, which sorts again."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if not len(short):
        return short
    found: NDArray[np.uint64] = short[long[np.minimum(np.searchsorted(long, short), len(long) - 1)] == short]
    return found


def copy_similarity(a: CopyView, b: CopyView) -> float:
    """How surely one of two texts is a copy of the other, 0 to 1: the containment, weighed by title and place.

    Symmetric.
    """
    short, long = (a, b) if len(a.shingles) <= len(b.shingles) else (b, a)
    same_title = _same_title(a, b)
    least = MIN_SHARED_SAME_TITLE if same_title else MIN_SHARED
    if len(short.shingles) < least:
        return 0.0
    shared = _shared(short.shingles, long.shingles)
    if len(shared) < least or _numbers_differ(a, b):
        return 0.0
    containment = len(shared) / len(short.shingles)
    headless = np.isin(long.head, shared).mean() < HEAD_SHARED
    if same_title:
        return containment if headless else min(1.0, containment + SAME_TITLE_BONUS)
    if headless and len(shared) < EMBEDDED * len(long.shingles):
        return containment * EMBEDDED_FACTOR
    return containment


def _same_title(a: CopyView, b: CopyView) -> bool:
    if a.title_key == b.title_key:
        return len(a.title) > 0
    fewer = min(len(a.title), len(b.title))
    return fewer >= MIN_TITLE_WORDS and len(_shared(a.title, b.title)) >= SAME_TITLE * fewer


def _numbers_differ(a: CopyView, b: CopyView) -> bool:
    for one, other, least in (
        (a.numbers, b.numbers, MIN_NUMBERS),
        (a.distinctive, b.distinctive, MIN_DISTINCTIVE),
    ):
        fewer = min(len(one), len(other))
        if fewer >= least and len(_shared(one, other)) < NUMBERS_SHARED * fewer:
            return True
    return False
