"""Rows of hashes, each as long as it is, in one array: what is done to all of them takes one step, not one for each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.likeness.fingerprint import Hashes, turns, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Places = NDArray[np.intp]
"""Numbers of rows, or of values."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """A ragged array (row by row, as in a sparse matrix)."""

    values: Hashes
    """The rows one behind the other."""
    bounds: Places
    """Where each row begins, and where the last one ends: shape ``(rows + 1,)``."""

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Self:
        """Rows from little-endian bytes, as fingerprints hold them."""
        return cls(unpack(b"".join(packed)), _bounds(map(len, packed)) // 8)

    @classmethod
    def of(cls, rows: Sequence[Collection[int]]) -> Self:
        """Rows from numbers below 2**64."""
        bounds = _bounds(map(len, rows))
        return cls(np.fromiter(chain.from_iterable(rows), np.uint64, int(bounds[-1])), bounds)

    @property
    def lengths(self) -> Places:
        """Values in each row."""
        return np.diff(self.bounds)

    @property
    def owners(self) -> Places:
        """The row of each value."""
        return np.repeat(np.arange(len(self.bounds) - 1), self.lengths)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Only the values that are kept: shape of ``kept`` as ``values``."""
        places = kept.nonzero()[0]
        return type(self)(self.values.take(places), places.searchsorted(self.bounds))

    def first(self, most: int) -> Self:
        """The first values of each row."""
        lengths = self.lengths
        return self.where(np.arange(len(self.values)) < np.repeat(self.bounds[:-1] + most, lengths))

    def sorted_unique(self) -> Self:
        """Each row sorted, each value once. ``numpy.unique`` does it by a hash table, several times as slow here."""
        values = self.values.copy()
        for start, end in pairwise(self.bounds.tolist()):
            values[start:end].sort()
        kept = turns(values)
        kept[self.bounds[:-1][self.lengths > 0]] = True  # whatever the row before ends with
        return type(self)(values, self.bounds).where(kept)

    def find(self, rows: Places, values: Hashes) -> Places:
        """Where in its row, which must be sorted, each value stands; where it does not, the place of another.

        A binary search, as ``numpy.searchsorted`` makes it, in a row of its own for each value.
        """
        low, last = self.bounds[rows], self.bounds[rows + 1] - 1
        high = last
        for _ in range(int(self.lengths.max(initial=0)).bit_length()):
            middle = (low + high) >> 1
            above = self.values[middle] < values
            low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
        return np.minimum(low, last)


def _bounds(lengths: Iterable[int]) -> Places:
    return np.cumsum([0, *lengths], dtype=np.intp)
