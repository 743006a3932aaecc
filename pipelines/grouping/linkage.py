"""Average-link clustering, strongest edge first.

Average link (UPGMA; R. Sokal, C. Michener, 1958) merges two groups whose members are similar *on average*, so that one
chance resemblance does not chain unrelated items together, as plain transitive closure does. The result depends only on
the set of items: they are processed by id, and ties go to the smaller ids.

Two groups are merged only if an *edge* joins them: a pair of items that shares keys and reaches the threshold of single
items. So a group depends only on its own items and on those that edges join to them, regardless of further edges;
``pipelines.grouping.clustering`` relies on this.

Two groups of several items each may need a higher average than a single item that joins a group. If the items belong to
two events with much in common, each event has its own core, and the average between the cores shows this reliably. The
similarity of a single item to a core is less certain, so less must suffice.
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
"""Keys of a short text at most; it may share a single key with its copy."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The average similarity that two groups need to be merged."""

    single: float
    """The threshold if one of the two groups is a single item."""
    limit: float
    """The value that the threshold approaches as the smaller group grows; not below ``single``."""

    def between(self, size: int, other: int) -> float:
        """Return the threshold between groups of these sizes."""
        return self.single + (self.limit - self.single) * (1 - 1 / min(size, other))


def candidate_pairs(keys: Sequence[Collection[int]], of: Indices, *, shared: int = 1) -> tuple[Indices, Indices]:
    """Return the pairs of indices in ``keys``, the smaller first, that share keys and include an index of ``of``.

    A pair must share ``shared`` keys, or a single key if either item has at most ``FEW_KEYS``.
    """
    counts = np.array([len(item_keys) for item_keys in keys], np.intp)
    all_keys = np.fromiter((key for item_keys in keys for key in item_keys), np.int64, int(counts.sum()))
    _, columns = np.unique(all_keys, return_inverse=True)
    ends = np.concatenate([[0], np.cumsum(counts)])
    holds = csr_array((np.ones(len(all_keys), np.int32), columns, ends), shape=(len(keys), len(all_keys)))
    common = (holds[of] @ holds.T).tocoo()
    first, second = of[common.row], common.col.astype(np.intp)
    enough = (common.data >= shared) | (np.minimum(counts[first], counts[second]) <= FEW_KEYS)
    inside = np.zeros(len(keys), np.bool_)
    inside[of] = True
    once = enough & (first != second) & ((first < second) | ~inside[second])
    first, second = first[once], second[once]
    return np.minimum(first, second), np.maximum(first, second)


def average_link(
    items: Iterable[str], edges: Mapping[Pair, float], similarities: Similarities, threshold: Threshold
) -> list[list[str]]:
    """Merge repeatedly the two groups with the highest average similarity that reaches the threshold.

    ``edges`` are the pairs of items (the smaller id first) that share keys and reach the threshold, with their
    similarities; ``similarities`` is called for other pairs as needed. Returns the groups, each sorted, in the order of
    their first ids.
    """
    members = {item: [item] for item in sorted(items)}
    link_sums: dict[str, dict[str, float]] = {item: {} for item in members}
    """Sums of the similarities between groups joined by edges. A group is identified by its smallest id."""
    for (a, b), similarity in edges.items():
        link_sums[a][b] = link_sums[b][a] = similarity

    def offer(a: str, b: str) -> tuple[float, str, str, int, int]:
        a, b = min(a, b), max(a, b)
        size_a, size_b = len(members[a]), len(members[b])
        return -link_sums[a][b] / (size_a * size_b), a, b, size_a, size_b

    offers = [offer(a, b) for a, sums_of_b in link_sums.items() for b in sums_of_b if a < b]
    heapify(offers)
    while offers:
        _, a, b, size_a, size_b = heappop(offers)
        if (len(members.get(a, ())), len(members.get(b, ()))) != (size_a, size_b):
            continue  # outdated: one of the two groups has been merged since
        neighbours = sorted((link_sums[a].keys() | link_sums[b].keys()) - {a, b})
        unlinked = [(end, other) for other in neighbours for end in (a, b) if other not in link_sums[end]]
        sums = dict(zip(unlinked, _similarity_sums(members, unlinked, similarities), strict=True))
        members[a] += members.pop(b)
        sums_of_b = link_sums.pop(b)
        for other in neighbours:
            link_sums[other].pop(b, None)
            from_a = link_sums[a][other] if other in link_sums[a] else sums[a, other]
            from_b = sums_of_b[other] if other in sums_of_b else sums[b, other]
            link_sums[a][other] = link_sums[other][a] = from_a + from_b
            updated = offer(a, other)
            if -updated[0] >= threshold.between(*updated[3:]):
                heappush(offers, updated)
        del link_sums[a][b]
    return [sorted(group) for group in members.values()]


def _similarity_sums(
    members: Mapping[str, Sequence[str]], groups: Sequence[Pair], similarities: Similarities
) -> list[float]:
    """Return the sum of the similarities between the items of each pair of groups."""
    pairs = [[(min(a, b), max(a, b)) for a, b in product(members[first], members[second])] for first, second in groups]
    values = iter(similarities([pair for between in pairs for pair in between])) if pairs else iter(())
    return [sum(islice(values, len(between))) for between in pairs]


SMALL_COMPONENT = 64
"""Items of a connected component at most for ``average_link`` to be expected to need all its pairs."""


def expected_pairs(edges: Collection[Pair]) -> list[Pair]:
    """Return the pairs whose similarities ``average_link`` will probably need.

    These are pairs with edges to a common item, and all pairs in components of at most ``SMALL_COMPONENT`` items.
    """
    ids = sorted({item for pair in edges for item in pair})
    index = {item: at for at, item in enumerate(ids)}
    first = [index[a] for a, _ in edges]
    second = [index[b] for _, b in edges]
    square = (len(ids), len(ids))
    linked = csr_array((np.ones(2 * len(first), np.int32), (first + second, second + first)), shape=square)
    _, component = connected_components(linked, directed=False)
    small = np.flatnonzero(np.bincount(component)[component] <= SMALL_COMPONENT) if ids else np.zeros(0, np.intp)
    same_component = csr_array((np.ones(len(small), np.int32), (small, component[small])), shape=square)
    pairs = triu(linked @ linked + same_component @ same_component.T, 1).tocoo()
    return [(ids[a], ids[b]) for a, b in zip(pairs.row.tolist(), pairs.col.tolist(), strict=True)]
