"""Groups from similarities: average link, the strongest edge first.

Average link (UPGMA; R. Sokal, C. Michener, 1958) merges two groups when their members are alike *on average*,
so one chance resemblance does not chain strangers together, as plain transitive closure does. The result
depends on the set of items alone: items are taken by id and ties go to the smaller ids.

Two groups of several items each may be asked for more than a single item that joins one: where the items are two
affairs with much in common, each has its own core, and the averages between the cores say so reliably; what a
single item has in common with a core is less certain, and little evidence must do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray


def components(ids: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Connected components, each sorted, in the order of their smallest ids."""
    parent = {item: item for item in ids}

    def root(item: str) -> str:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in edges:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    found: dict[str, list[str]] = {}
    for item in sorted(parent):
        found.setdefault(root(item), []).append(item)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Bar:
    """The average similarity which two groups need to be merged."""

    single: float
    """Where one of the two is a single item."""
    grown: float
    """What is approached as the smaller of them grows; not below ``single``."""

    def between(self, size: float, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """The bar between a group of one size and groups of other sizes, shape as ``sizes``."""
        return self.single + (self.grown - self.single) * (1 - 1 / np.minimum(size, sizes))


FEW_KEYS = 9
"""Keys of a short text: it may share a single one with a copy of it."""


def average_link(ids: Sequence[str], similarity: NDArray[np.float64], bar: Bar) -> list[list[str]]:
    """Merge the two groups with the highest average similarity among those that reach ``bar`` until none does.

    ``ids`` are sorted; ``similarity`` is symmetric, shape ``(len(ids), len(ids))``, its diagonal ignored.
    Returns the groups, each sorted, in the order of their smallest ids.
    """
    count = len(ids)
    full = similarity.astype(np.float64, copy=True)
    # What may be merged: only above the diagonal, so the first maximum is the tie with the smallest ids.
    open_ = np.where(np.triu(full >= bar.single, 1), full, -np.inf)
    size = np.ones(count)
    alive = np.ones(count, bool)
    groups = [[item] for item in ids]
    for _ in range(count - 1):
        i, j = divmod(int(open_.argmax()), count)
        if open_[i, j] == -np.inf:
            break
        merged = (full[i] * size[i] + full[j] * size[j]) / (size[i] + size[j])
        full[i, :] = merged
        full[:, i] = merged
        size[i] += size[j]
        alive[j] = False
        now = np.where(alive & (merged >= bar.between(size[i], size)), merged, -np.inf)
        open_[i, i + 1 :] = now[i + 1 :]
        open_[:i, i] = now[:i]
        open_[j, :] = -np.inf
        open_[:, j] = -np.inf
        groups[i] += groups[j]
        groups[j] = []
    return [sorted(group) for group in groups if group]


def group_similar(
    keys: Mapping[str, Collection[int]], similarity: Callable[[str, str], float], bar: Bar, *, shared: int = 1
) -> tuple[list[list[str]], dict[str, str]]:
    """Groups by average link, and the component (its smallest id) of each item.

    Candidates share at least ``shared`` keys, or a single one where either has no more than ``FEW_KEYS``. Two groups
    can only merge when some pair of them reaches the lower end of the bar, so the edges at or above it divide the work
    into components without changing the result.
    """
    postings: defaultdict[int, list[str]] = defaultdict(list)
    for item in sorted(keys):
        for key in keys[item]:
            postings[key].append(item)
    common = Counter(pair for items in postings.values() for pair in combinations(items, 2))
    measured = {
        (a, b): similarity(a, b)
        for (a, b), count in common.items()
        if count >= shared or min(len(keys[a]), len(keys[b])) <= FEW_KEYS
    }
    edges = [pair for pair, value in measured.items() if value >= bar.single]
    groups: list[list[str]] = []
    component: dict[str, str] = {}
    for members in components(keys, edges):
        component |= dict.fromkeys(members, members[0])
        if len(members) == 1:
            groups.append(members)
            continue
        matrix = np.zeros((len(members), len(members)))
        for (i, a), (j, b) in combinations(enumerate(members), 2):
            value = measured.get((a, b))
            matrix[i, j] = matrix[j, i] = similarity(a, b) if value is None else value
        groups += average_link(members, matrix, bar)
    return groups, component
