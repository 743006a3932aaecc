"""Groups from similarities: average link, the strongest edge first.

Average link (UPGMA; R. Sokal, C. Michener, 1958) merges two groups when their members are alike *on average*,
so one chance resemblance does not chain strangers together, as plain transitive closure does. The result
depends on the set of items alone: items are taken by id and ties go to the smaller ids.

Two groups are only ever merged where an *edge* joins them: a pair that shares keys and is alike enough to be merged
as single items. So a group's making depends on its own items and on those that edges join to them, however far
further edges lead; ``pipelines.grouping.clustering`` relies on that.

Two groups of several items each may be asked for more than a single item that joins one: where the items are two
affairs with much in common, each has its own core, and the averages between the cores say so reliably; what a
single item has in common with a core is less certain, and little evidence must do.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, triu
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pipelines.likeness.ragged import Indices

    Pair = tuple[str, str]
    Similarities = Callable[[Sequence[Pair]], Sequence[float]]

FEW_KEYS = 9
"""Keys of a short text: it may share a single one with a copy of it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The average similarity which two groups need to be merged."""

    single: float
    """Where one of the two is a single item."""
    grown: float
    """What is approached as the smaller of them grows; not below ``single``."""

    def between(self, size: int, other: int) -> float:
        """The bar between groups of these sizes."""
        return self.single + (self.grown - self.single) * (1 - 1 / min(size, other))


def candidates(keys: Sequence[Collection[int]], of: Indices, *, shared: int = 1) -> tuple[Indices, Indices]:
    """Pairs of places in ``keys``, the smaller first, which share keys and of which one is among ``of``.

    At least ``shared`` keys, or a single one where either item has no more than ``FEW_KEYS``.
    """
    counts = np.array([len(one) for one in keys], np.intp)
    every = np.fromiter((key for one in keys for key in one), np.int64, int(counts.sum()))
    _, columns = np.unique(every, return_inverse=True)
    ends = np.concatenate([[0], np.cumsum(counts)])
    holds = csr_array((np.ones(len(every), np.int32), columns, ends), shape=(len(keys), len(every)))
    common = (holds[of] @ holds.T).tocoo()
    first, second = of[common.row], common.col.astype(np.intp)
    enough = (common.data >= shared) | (np.minimum(counts[first], counts[second]) <= FEW_KEYS)
    inside = np.zeros(len(keys), np.bool_)
    inside[of] = True
    once = enough & (first != second) & ((first < second) | ~inside[second])
    first, second = first[once], second[once]
    return np.minimum(first, second), np.maximum(first, second)


def average_link(
    items: Iterable[str], edges: Mapping[Pair, float], similarities: Similarities, bar: Bar
) -> list[list[str]]:
    """Merge the two groups with the highest average similarity among those that reach ``bar`` until none does.

    ``edges`` are the pairs of items (the smaller id first) that share keys and reach the bar, with their similarity;
    that of other pairs is asked for where it counts. Returns the groups, each sorted, by their first ids.
    """
    members = {item: [item] for item in sorted(items)}
    near: dict[str, dict[str, float]] = {item: {} for item in members}
    """Sums of the similarities between groups that edges join. A group goes by its smallest id."""
    for (a, b), value in edges.items():
        near[a][b] = near[b][a] = value

    def offer(a: str, b: str) -> tuple[float, str, str, int, int]:
        a, b = min(a, b), max(a, b)
        one, two = len(members[a]), len(members[b])
        return -near[a][b] / (one * two), a, b, one, two

    offers = [offer(a, b) for a, ends in near.items() for b in ends if a < b]
    heapify(offers)
    while offers:
        _, a, b, one, two = heappop(offers)
        if (len(members.get(a, ())), len(members.get(b, ()))) != (one, two):
            continue  # one of the two has been merged since
        around = sorted((near[a].keys() | near[b].keys()) - {a, b})
        apart = [(end, other) for other in around for end in (a, b) if other not in near[end]]
        sums = dict(zip(apart, _sums(members, apart, similarities), strict=True))
        members[a] += members.pop(b)
        ends = near.pop(b)
        for other in around:
            near[other].pop(b, None)
            from_a = near[a][other] if other in near[a] else sums[a, other]
            from_b = ends[other] if other in ends else sums[b, other]
            near[a][other] = near[other][a] = from_a + from_b
            now = offer(a, other)
            if -now[0] >= bar.between(*now[3:]):
                heappush(offers, now)
        del near[a][b]
    return [sorted(group) for group in members.values()]


def _sums(members: Mapping[str, Sequence[str]], groups: Sequence[Pair], similarities: Similarities) -> list[float]:
    """Sum of the similarities between two groups, for each pair of groups."""
    pairs = [[(min(a, b), max(a, b)) for a, b in product(members[one], members[two])] for one, two in groups]
    found = iter(similarities([pair for between in pairs for pair in between])) if pairs else iter(())
    return [sum(islice(found, len(between))) for between in pairs]


SMALL = 64
"""Items that edges connect, up to which all pairs of them are soon asked for."""


def soon_asked(edges: Collection[Pair]) -> list[Pair]:
    """Pairs whose similarity ``average_link`` will mostly ask for.

    Those which edges to a common item connect, and all where edges connect no more than ``SMALL`` items.
    """
    ids = sorted({item for pair in edges for item in pair})
    place = {item: at for at, item in enumerate(ids)}
    first = [place[a] for a, _ in edges]
    second = [place[b] for _, b in edges]
    square = (len(ids), len(ids))
    joins = csr_array((np.ones(2 * len(first), np.int32), (first + second, second + first)), shape=square)
    _, component = connected_components(joins, directed=False)
    small = np.flatnonzero(np.bincount(component)[component] <= SMALL) if ids else np.zeros(0, np.intp)
    inside = csr_array((np.ones(len(small), np.int32), (small, component[small])), shape=square)
    pairs = triu(joins @ joins + inside @ inside.T, 1).tocoo()
    return [(ids[a], ids[b]) for a, b in zip(pairs.row.tolist(), pairs.col.tolist(), strict=True)]
