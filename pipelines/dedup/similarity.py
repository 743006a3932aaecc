"""How much of one text stands in another.

Containment, not resemblance: of the shorter text, the share that the longer has too. So a truncated or abridged
copy is as near as a whole one. Shingles under an outlet's boilerplate count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.dedup.fingerprint import Hashes, unpack

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from schemas.records import Fingerprint

THRESHOLD = 0.35
"""Average containment within a group. Measured on labelled syndication: ``benchmarks/duplicates.py``."""
MIN_SHARED = 25
"""Shared shingles below which two texts are never copies: a sentence or two is a quotation."""
MIN_NUMBERS = 3
"""Numbers which both texts must have before their numbers are compared."""
NUMBERS_SHARED = 0.5
"""Share of the numbers of the text with fewer of them which the other must have too."""


@dataclass(frozen=True, slots=True)
class CopyView:
    """A fingerprint made ready for comparing, boilerplate taken out."""

    shingles: Hashes
    """Sorted and unique."""
    numbers: Hashes

    @classmethod
    def of(cls, fingerprint: Fingerprint, common: AbstractSet[int]) -> Self:
        """View of a fingerprint, given the keys known as boilerplate."""
        ordered = unpack(fingerprint.shingles)
        return cls(
            shingles=np.unique(ordered[~_boilerplate(ordered, fingerprint.copy_keys, common)]),
            numbers=unpack(fingerprint.numbers),
        )


def _boilerplate(ordered: Hashes, keys: tuple[int, ...], common: AbstractSet[int]) -> NDArray[np.bool_]:
    """Mask of shingles under boilerplate: those whose nearest keys on both sides are common ones.

    Only keys are counted across articles, so a block of boilerplate is known by the keys in it; what lies
    between two of them, or between one of them and the edge of the text, belongs to it.
    """
    marked = common & set(keys)
    if not marked:
        return np.zeros(len(ordered), bool)
    positions = np.flatnonzero(np.isin(ordered, np.fromiter(keys, np.uint64)))
    is_common = np.isin(ordered[positions], np.fromiter(marked, np.uint64))
    here = np.arange(len(ordered))
    left = np.searchsorted(positions, here, side="right") - 1
    right = np.searchsorted(positions, here, side="left")
    left_common = (left < 0) | is_common[np.maximum(left, 0)]
    right_common = (right == len(positions)) | is_common[np.minimum(right, len(positions) - 1)]
    found: NDArray[np.bool_] = left_common & right_common
    return found


def _shared(a: Hashes, b: Hashes) -> int:
    return len(np.intersect1d(a, b, assume_unique=True))


def containment(a: CopyView, b: CopyView) -> float:
    """Share of the shorter text that stands in the other, 0 to 1; 0 where they cannot be copies.

    Symmetric: ``containment(a, b) == containment(b, a)``.
    """
    shorter = min(len(a.shingles), len(b.shingles))
    if shorter < MIN_SHARED:
        return 0.0
    shared = _shared(a.shingles, b.shingles)
    if shared < MIN_SHARED:
        return 0.0
    fewer = min(len(a.numbers), len(b.numbers))
    if fewer >= MIN_NUMBERS and _shared(a.numbers, b.numbers) < NUMBERS_SHARED * fewer:
        return 0.0
    return shared / shorter
