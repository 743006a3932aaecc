"""Groups from similarities: average link, the strongest edge first.

Average link (UPGMA; R. Sokal, C. Michener, 1958) merges two groups when their members are alike *on average*,
so one chance resemblance does not chain strangers together, as plain transitive closure does. The result
depends on the set of items alone: items are taken by id and ties go to the smaller ids.
"""

from __future__ import annotations

from collections import defaultdict
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


def average_link(ids: Sequence[str], similarity: NDArray[np.float64], threshold: float) -> list[list[str]]:
    """Merge the two groups with the highest average similarity until none reaches ``threshold``.

    ``ids`` are sorted; ``similarity`` is symmetric, shape ``(len(ids), len(ids))``, its diagonal ignored.
    Returns the groups, each sorted, in the order of their smallest ids.
    """
    count = len(ids)
    # Only the part above the diagonal is used, so the first maximum is the tie with the smallest ids.
    matrix = np.where(np.triu(np.ones((count, count), bool), 1), similarity, -np.inf)
    full = similarity.astype(np.float64, copy=True)
    size = np.ones(count)
    groups = [[item] for item in ids]
    for _ in range(count - 1):
        i, j = divmod(int(matrix.argmax()), count)
        if not matrix[i, j] >= threshold:
            break
        merged = (full[i] * size[i] + full[j] * size[j]) / (size[i] + size[j])
        full[i, :] = merged
        full[:, i] = merged
        alive = matrix[i, i + 1 :] > -np.inf
        matrix[i, i + 1 :][alive] = merged[i + 1 :][alive]
        alive = matrix[:i, i] > -np.inf
        matrix[:i, i][alive] = merged[:i][alive]
        matrix[j, :] = -np.inf
        matrix[:, j] = -np.inf
        size[i] += size[j]
        groups[i] += groups[j]
        groups[j] = []
    return [sorted(group) for group in groups if group]


def group_similar(
    keys: Mapping[str, Collection[int]], similarity: Callable[[str, str], float], threshold: float
) -> tuple[list[list[str]], dict[str, str]]:
    """Groups by average link, and the component (its smallest id) of each item.

    Candidates share a key. Two groups can only merge when some pair of them reaches the threshold, so the
    edges at or above it divide the work into components without changing the result.
    """
    postings: defaultdict[int, list[str]] = defaultdict(list)
    for item in sorted(keys):
        for key in keys[item]:
            postings[key].append(item)
    candidates = {pair for items in postings.values() for pair in combinations(items, 2)}
    measured = {pair: similarity(*pair) for pair in candidates}
    edges = [pair for pair, value in measured.items() if value >= threshold]
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
        groups += average_link(members, matrix, threshold)
    return groups, component
