"""Helpers of the grouping benchmarks: everything regrouped at once, and pair and B³ scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pipelines.stores.memory import Space
    from schemas.records import MemoryEntry


class EmptyMemory:
    """A store that remembers nothing: everything is regrouped at once."""

    def remembered(self, _ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Nothing."""
        return {}

    def related(self, _space: Space, _keys: Collection[int]) -> list[MemoryEntry]:
        """Nothing."""
        return []

    def members(self, _space: Space, _components: Collection[str]) -> list[MemoryEntry]:
        """Nothing."""
        return []

    def common_keys(self, _keys: Collection[int]) -> set[int]:
        """Nothing."""
        return set()

    def count_holders(self, _space: Space, _keys: Collection[int], _most: int) -> dict[int, int]:
        """Nothing."""
        return {}


def pairs(labels: Sequence[object]) -> set[tuple[int, int]]:
    """Pairs of positions with equal labels."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for position, label in enumerate(labels):
        groups[label].append(position)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def pair_scores(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs."""
    right = len(found & true)
    precision, recall = right / max(1, len(found)), right / max(1, len(true))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def b_cubed(found: Iterable[object], true: Iterable[object]) -> tuple[float, float, float]:
    """B³ precision, recall and F1 (A. Bagga, B. Baldwin, 1998)."""
    both = list(zip(found, true, strict=True))
    sizes, truths, cells = Counter(one for one, _ in both), Counter(two for _, two in both), Counter(both)
    precision = sum(cells[cell] / sizes[cell[0]] for cell in both) / len(both)
    recall = sum(cells[cell] / truths[cell[1]] for cell in both) / len(both)
    return precision, recall, 2 * precision * recall / (precision + recall)
