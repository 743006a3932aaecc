"""What is done to all rows at once is what is done to one after the other."""

from __future__ import annotations

from itertools import chain
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.likeness import sparse_rows
from pipelines.likeness.fingerprint import pack
from pipelines.likeness.ragged import Ragged
from pipelines.likeness.sparse_rows import SparseRows

VALUES = st.integers(0, 30) | st.integers(0, 2**63 - 1)
ROWS = st.lists(st.lists(VALUES, max_size=12), max_size=8)


def as_lists(ragged: Ragged) -> list[list[int]]:
    return [part.tolist() for part in np.split(ragged.values, ragged.bounds[1:-1])][: len(ragged.bounds) - 1]


@given(ROWS)
def test_rows_are_kept_as_they_are(lists: list[list[int]]) -> None:
    ragged = Ragged.of(lists)
    assert as_lists(ragged) == as_lists(Ragged.unpack([pack(np.array(row, np.uint64)) for row in lists])) == lists
    assert ragged.lengths.tolist() == [*map(len, lists)]
    assert ragged.owners.tolist() == [at for at, row in enumerate(lists) for _ in row]


@given(ROWS, st.integers(0, 12), st.integers(0, 2**63 - 1))
def test_parts_of_rows(lists: list[list[int]], most: int, bound: int) -> None:
    ragged = Ragged.of(lists)
    assert as_lists(ragged.first(most)) == [row[:most] for row in lists]
    assert as_lists(ragged.where(ragged.values < bound)) == [[one for one in row if one < bound] for row in lists]
    assert as_lists(ragged.sorted_unique()) == [sorted(set(row)) for row in lists]


@given(ROWS, st.lists(VALUES, max_size=4))
def test_a_value_is_found_in_the_rows_that_have_it(lists: list[list[int]], others: list[int]) -> None:
    ragged = Ragged.of(lists).sorted_unique()
    wanted = [*others, *chain(*lists)]
    asked = [(at, value) for at, row in enumerate(lists) if row for value in wanted]
    values = np.array([value for _, value in asked], np.uint64)
    found = ragged.search(np.array([at for at, _ in asked], np.intp), values)
    assert (ragged.values[found] == values).tolist() == [value in lists[at] for at, value in asked]
    assert ragged.owners[found].tolist() == [at for at, _ in asked]


@given(
    st.lists(st.sets(st.integers(0, 29)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
    st.integers(1, 40),
)
def test_pairs_of_rows_are_compared_in_whatever_parts(
    sets: list[set[int]], pairs: list[tuple[int, int]], most: int
) -> None:
    """Each number stands for a term of one of three views."""
    made = SparseRows.of(Ragged.of([[one // 10 << 32 | one % 10 for one in sorted(row)] for row in sets]))
    first, second = np.array(pairs, np.intp).reshape(-1, 2).T % len(sets)
    shared = [sets[a] & sets[b] for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    with patch.object(sparse_rows, "CHUNK_TERMS", most):
        assert made.counts(first, made, second).tolist() == [*map(len, shared)]
        assert made.products(first, made, second).tolist() == [*map(len, shared)]
        assert made.products_by_view(first, made, second, 3).tolist() == [
            [sum(one // 10 == view for one in both) for view in range(3)] for both in shared
        ]
