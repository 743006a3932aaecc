"""New items among the groups there are: as little of the memory as the answer depends on.

A group that ``average_link`` makes depends on its own items and on those that edges join to them. So a new item can
change the groups that its edges lead to; where one of them has changed, those that edges join to it come in too, until
all that has changed is among groups that have not. The rest may be a thousand times as large, and connected with it by
a chain of edges; it is neither read nor made again, and the answer is the same as if all had been.

Why: groups that no edge joins are made independently of each other. Groups that have not changed were made with each
other in sight when they were made, in the order of their similarities, which is still the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipelines.grouping.linkage import Bar, average_link, candidates, soon_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.grouping.linkage import Pair
    from pipelines.likeness.ragged import Indices
    from schemas.records import Fingerprint, MemoryEntry


class GroupingCriteria(Protocol):
    """What a grouping goes by."""

    bar: Bar
    shared: int
    """Keys that two items have to share to be compared."""

    def keys(self, item: Fingerprint) -> Collection[int]:
        """Look-up keys of an item."""

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """Remembered items with any of these keys."""

    def group(self, entry: MemoryEntry) -> str:
        """The group that a remembered item is in."""

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """The remembered items of these groups."""

    def measure(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """A function that gives the similarity of pairs of places in ``items``."""


@dataclass(slots=True)
class IncrementalClustering:
    """Items that are being grouped."""

    criteria: GroupingCriteria
    held: dict[str, Fingerprint] = field(default_factory=dict)
    """Items by id: whole groups, and what is new."""
    remembered: dict[str, MemoryEntry] = field(default_factory=dict)
    """Of the held items, and of such as belonged to their groups and do no longer: where they have been."""
    altered: set[str] = field(default_factory=set)
    """Held items that are new, or compare differently now."""
    strangers: dict[str, MemoryEntry] = field(default_factory=dict)
    """Remembered items with any of the keys ``looked_up``."""
    looked_up: set[int] = field(default_factory=set)
    _known: dict[Pair, float] = field(default_factory=dict)
    """Similarities measured so far."""
    _edges: dict[Pair, float] = field(default_factory=dict)
    _sizes: Counter[str] = field(default_factory=Counter)

    def alter(self, item: Fingerprint) -> None:
        """Hold an item that is new, or compares differently now."""
        self.held[item.article_id] = item
        self.altered.add(item.article_id)

    def hold(self, entries: Iterable[MemoryEntry]) -> set[str]:
        """Hold whole groups as they are remembered, but for what is altered; the ids of their items."""
        come = {entry.fingerprint.article_id: entry for entry in entries}
        self._sizes.update(self.criteria.group(entry) for item, entry in come.items() if item not in self.remembered)
        self.remembered |= come
        self.held |= {item: entry.fingerprint for item, entry in come.items() if item not in self.altered}
        return set(come)

    def cluster(self) -> list[list[str]]:
        """The groups of all items held in the end, each sorted."""
        unsettled, settled, unmeasured = set(self.altered), set[str](), set(self.held)
        while True:
            unmeasured |= self._bring_in(unsettled)
            settled |= unsettled
            self._find_edges(self.held, unmeasured)
            unmeasured.clear()
            edges = {pair: value for pair, value in self._edges.items() if self.held.keys() >= set(pair)}
            self._similarities(soon_asked(edges))  # all at once: merge by merge they take longer
            groups = average_link(self.held, edges, self._similarities, self.criteria.bar)
            unsettled = {item for group in groups if self.changed(group) for item in group} - settled
            if not unsettled:
                return groups

    def changed(self, group: Sequence[str]) -> bool:
        """Whether a group is not, item by item, one that was remembered."""
        if not self.altered.isdisjoint(group):
            return True
        were = {self.criteria.group(self.remembered[item]) for item in group}
        return len(were) > 1 or self._sizes[were.pop()] != len(group)

    def _bring_in(self, unsettled: Collection[str]) -> set[str]:
        """Hold the groups that edges join to these items; the ids of the items that have come in."""
        keys = set[int]().union(*(self.criteria.keys(self.held[item]) for item in unsettled)) - self.looked_up
        self.looked_up |= keys
        self.strangers |= {entry.fingerprint.article_id: entry for entry in self.criteria.related(keys)}
        strangers = {item: entry for item, entry in self.strangers.items() if item not in self.held}
        if not strangers:
            return set()
        pool = {item: entry.fingerprint for item, entry in strangers.items()}
        self._find_edges(pool | {item: self.held[item] for item in unsettled}, unsettled)
        joined = {self.criteria.group(strangers[item]) for pair in self._edges for item in pair if item in strangers}
        return self.hold(self.criteria.members(joined)) if joined else set()

    def _find_edges(self, pool: Mapping[str, Fingerprint], of: Collection[str]) -> None:
        """Find the edges between some items of a pool and all of it."""
        ids = sorted(pool)
        keys = [self.criteria.keys(pool[item]) for item in ids]
        places = np.array([place for place, item in enumerate(ids) if item in of], np.intp)
        first, second = candidates(keys, places, shared=self.criteria.shared)
        pairs = [(ids[a], ids[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        found = zip(pairs, self._similarities(pairs), strict=True)
        self._edges.update((pair, value) for pair, value in found if value >= self.criteria.bar.single)

    def _similarities(self, pairs: Sequence[Pair]) -> Sequence[float]:
        """Similarities of pairs of held items or strangers, each measured once."""
        fresh = [pair for pair in pairs if pair not in self._known]
        if fresh:
            ids = sorted({item for pair in fresh for item in pair})
            place = {item: at for at, item in enumerate(ids)}
            first = np.array([place[a] for a, _ in fresh], np.intp)
            second = np.array([place[b] for _, b in fresh], np.intp)
            measure = self.criteria.measure(
                [self.held[item] if item in self.held else self.strangers[item].fingerprint for item in ids]
            )
            self._known.update(zip(fresh, measure(first, second).tolist(), strict=True))
        return [self._known[pair] for pair in pairs]
