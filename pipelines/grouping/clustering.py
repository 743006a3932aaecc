"""Incremental clustering: new items among remembered groups, with as little of the memory as the result depends on.

A group that ``average_link`` makes depends on its own items and on those that edges join to them. So a new item can
change the groups that its edges lead to. If one of these changes, the groups that edges join to it are loaded too,
until all changed groups are surrounded by unchanged ones. The rest of the memory may be a thousand times as large, and
connected by chains of edges; it is neither read nor grouped again, and the result is the same as if it had been.

Reason: groups that no edge joins are made independently of each other. Unchanged groups were made together in the order
of their similarities, which is still the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipelines.grouping.linkage import Threshold, average_link, candidate_pairs, expected_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.grouping.linkage import Pair
    from pipelines.likeness.ragged import Indices
    from schemas.records import Fingerprint, MemoryEntry


class GroupingCriteria(Protocol):
    """The criteria of a grouping: keys, similarities, threshold, and access to remembered groups."""

    threshold: Threshold
    shared: int
    """Number of keys that two items must share to be compared."""

    def keys(self, item: Fingerprint) -> Collection[int]:
        """Return the lookup keys of an item."""

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """Return the remembered items with any of these keys."""

    def group_id(self, entry: MemoryEntry) -> str:
        """Return the id of the group of a remembered item."""

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """Return the remembered items of these groups."""

    def similarity_function(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """Return a function that computes the similarities of pairs of indices in ``items``."""


@dataclass(slots=True)
class IncrementalClustering:
    """A clustering of new items with the remembered groups that they affect."""

    criteria: GroupingCriteria
    items: dict[str, Fingerprint] = field(default_factory=dict)
    """The items to group, by id: complete remembered groups, and new items."""
    remembered: dict[str, MemoryEntry] = field(default_factory=dict)
    """The former entries of the items, and of items that no longer belong to their groups."""
    changed_ids: set[str] = field(default_factory=set)
    """Ids of items that are new, or have other keys or texts than remembered."""
    outside: dict[str, MemoryEntry] = field(default_factory=dict)
    """Remembered items with any of the keys ``looked_up``; those among ``items`` do not matter."""
    looked_up: set[int] = field(default_factory=set)
    """Keys whose remembered items are in ``outside``."""
    _measured: dict[Pair, float] = field(default_factory=dict)
    """Similarities computed so far."""
    _edges: dict[Pair, float] = field(default_factory=dict)
    _sizes: Counter[str] = field(default_factory=Counter)

    def update(self, item: Fingerprint) -> None:
        """Add an item that is new, or has other keys or another text than remembered."""
        self.items[item.article_id] = item
        self.changed_ids.add(item.article_id)

    def add_groups(self, entries: Iterable[MemoryEntry]) -> set[str]:
        """Add complete groups as remembered, except changed items; return the ids of their items."""
        added = {entry.fingerprint.article_id: entry for entry in entries}
        self._sizes.update(
            self.criteria.group_id(entry) for item, entry in added.items() if item not in self.remembered
        )
        self.remembered |= added
        self.items |= {item: entry.fingerprint for item, entry in added.items() if item not in self.changed_ids}
        return set(added)

    def cluster(self) -> list[list[str]]:
        """Return the groups of all items, each sorted, after all affected groups have been added."""
        pending, processed, new_items = set(self.changed_ids), set[str](), set(self.items)
        while True:
            new_items |= self._add_linked_groups(pending)
            processed |= pending
            self._find_edges(self.items, new_items)
            new_items.clear()
            edges = {pair: value for pair, value in self._edges.items() if self.items.keys() >= set(pair)}
            self._similarities(expected_pairs(edges))  # computing them all at once is faster than at each merge
            groups = average_link(self.items, edges, self._similarities, self.criteria.threshold)
            pending = {item for group in groups if self.is_changed(group) for item in group} - processed
            if not pending:
                return groups

    def is_changed(self, group: Sequence[str]) -> bool:
        """Return whether a group differs from every remembered group."""
        if not self.changed_ids.isdisjoint(group):
            return True
        former = {self.criteria.group_id(self.remembered[item]) for item in group}
        return len(former) > 1 or self._sizes[former.pop()] != len(group)

    def _add_linked_groups(self, pending: Collection[str]) -> set[str]:
        """Add the groups that edges join to these items; return the ids of the added items."""
        keys = set[int]().union(*(self.criteria.keys(self.items[item]) for item in pending)) - self.looked_up
        self.looked_up |= keys
        self.outside |= {entry.fingerprint.article_id: entry for entry in self.criteria.related(keys)}
        outside = {item: entry for item, entry in self.outside.items() if item not in self.items}
        if not outside:
            return set()
        pool = {item: entry.fingerprint for item, entry in outside.items()}
        self._find_edges(pool | {item: self.items[item] for item in pending}, pending)
        joined = {self.criteria.group_id(outside[item]) for pair in self._edges for item in pair if item in outside}
        return self.add_groups(self.criteria.members(joined)) if joined else set()

    def _find_edges(self, pool: Mapping[str, Fingerprint], of: Collection[str]) -> None:
        """Find the edges between some items of a pool and all its items."""
        ids = sorted(pool)
        keys = [self.criteria.keys(pool[item]) for item in ids]
        indices = np.array([index for index, item in enumerate(ids) if item in of], np.intp)
        first, second = candidate_pairs(keys, indices, shared=self.criteria.shared)
        pairs = [(ids[a], ids[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        measured = zip(pairs, self._similarities(pairs), strict=True)
        minimum = self.criteria.threshold.single
        self._edges.update((pair, similarity) for pair, similarity in measured if similarity >= minimum)

    def _similarities(self, pairs: Sequence[Pair]) -> Sequence[float]:
        """Return the similarities of pairs of items inside or outside; each is computed once."""
        unmeasured = [pair for pair in pairs if pair not in self._measured]
        if unmeasured:
            ids = sorted({item for pair in unmeasured for item in pair})
            index = {item: number for number, item in enumerate(ids)}
            first = np.array([index[a] for a, _ in unmeasured], np.intp)
            second = np.array([index[b] for _, b in unmeasured], np.intp)
            measure = self.criteria.similarity_function(
                [self.items[item] if item in self.items else self.outside[item].fingerprint for item in ids]
            )
            self._measured.update(zip(unmeasured, measure(first, second).tolist(), strict=True))
        return [self._measured[pair] for pair in pairs]
