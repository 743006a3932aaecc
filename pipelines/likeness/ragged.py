"""Ragged arrays: rows of hashes of different lengths in one array, so that an operation handles all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.likeness.fingerprint import Hashes, run_starts, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Indices = NDArray[np.intp]
"""Indices of rows or of values."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """A ragged array, stored row by row as in a CSR matrix."""

    values: Hashes
    """The values of all rows, concatenated."""
    bounds: Indices
    """Index of the first value of each row, and the number of values: shape ``(rows + 1,)``."""

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Self:
        """Return the rows in little-endian bytes, as stored in fingerprints."""
        return cls(unpack(b"".join(packed)), _bounds(map(len, packed)) // 8)

    @classmethod
    def of(cls, rows: Sequence[Collection[int]]) -> Self:
        """Return rows of integers below 2**64."""
        bounds = _bounds(map(len, rows))
        return cls(np.fromiter(chain.from_iterable(rows), np.uint64, int(bounds[-1])), bounds)

    @property
    def lengths(self) -> Indices:
        """The number of values in each row."""
        return np.diff(self.bounds)

    @property
    def owners(self) -> Indices:
        """The row index of each value."""
        return np.repeat(np.arange(len(self.bounds) - 1), self.lengths)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Return only the values selected by a mask; ``kept`` has the shape of ``values``."""
        indices = kept.nonzero()[0]
        return type(self)(self.values.take(indices), indices.searchsorted(self.bounds))

    def first(self, count: int) -> Self:
        """Return the first ``count`` values of each row."""
        lengths = self.lengths
        return self.where(np.arange(len(self.values)) < np.repeat(self.bounds[:-1] + count, lengths))

    def sorted_unique(self) -> Self:
        """Return the rows sorted, without repeats. ``numpy.unique`` uses a hash table, several times as slow here."""
        values = self.values.copy()
        for start, end in pairwise(self.bounds.tolist()):
            values[start:end].sort()
        kept = run_starts(values)
        kept[self.bounds[:-1][self.lengths > 0]] = True  # regardless of the last value of the previous row
        return type(self)(values, self.bounds).where(kept)

    def search(self, rows: Indices, values: Hashes) -> Indices:
        """Return the index in ``values`` of each value within its row; of an absent value, the index of another one.

        Rows must be sorted. The binary search is that of ``numpy.searchsorted``, in a different row for each value.
        """
        low, last = self.bounds[rows], self.bounds[rows + 1] - 1
        high = last
        for _ in range(int(self.lengths.max(initial=0)).bit_length()):
            middle = (low + high) >> 1
            above = self.values[middle] < values
            low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
        return np.minimum(low, last)


def _bounds(lengths: Iterable[int]) -> Indices:
    return np.cumsum([0, *lengths], dtype=np.intp)
