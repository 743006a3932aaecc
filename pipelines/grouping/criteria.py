"""Grouping criteria of copies and stories: their keys, similarities and thresholds, and their access to the memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipelines.grouping.linkage import Threshold, candidate_pairs
from pipelines.grouping.order import order_key
from pipelines.grouping.stop_keys import CROWD
from pipelines.likeness.copies import THRESHOLD as COPY_THRESHOLD
from pipelines.likeness.copies import CopyViews
from pipelines.likeness.same_event import LARGE_STORY_THRESHOLD, StoryViews
from pipelines.likeness.same_event import THRESHOLD as STORY_THRESHOLD
from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from numpy.typing import NDArray

    from pipelines.grouping.stop_keys import CommonKeys
    from pipelines.likeness.ragged import Indices
    from pipelines.stores.memory import Memory
    from schemas.records import Fingerprint, MemoryEntry

COPY_SHARED = 2
"""Winnowed shingles that two longer texts must share to be compared as copies. Most pairs that share a single one are
unrelated; ``python -m benchmarks.duplicates`` measures the loss."""

_COPY_GROUP_THRESHOLD = Threshold(COPY_THRESHOLD, COPY_THRESHOLD)
_STORY_GROUP_THRESHOLD = Threshold(STORY_THRESHOLD, LARGE_STORY_THRESHOLD)


@dataclass(slots=True)
class CopyCriteria:
    """Criteria of copies, found by their winnowed shingles; texts further apart than the horizon are no copies."""

    memory: Memory
    horizon: timedelta
    common: CommonKeys
    """Keys of an outlet's boilerplate."""
    threshold: Threshold = _COPY_GROUP_THRESHOLD
    shared: int = COPY_SHARED

    def keys(self, item: Fingerprint) -> Collection[int]:
        """Return the keys that are no boilerplate."""
        return [key for key in item.copy_keys if key not in self.common.keys]

    def group_id(self, entry: MemoryEntry) -> str:
        """Return the id of the canonical article."""
        return entry.canonical_id

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """Return all entries with any of these keys."""
        return self.learn(self.memory.related(Space.COPY, keys)) if keys else ()

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """Return the entries of these copy groups."""
        return self.learn(self.memory.members(Space.COPY, groups))

    def similarity_function(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """Return the function that compares texts by containment."""
        views = CopyViews.of(items, self.common.keys)
        at = _times(item.published for item in items)
        farthest = self.horizon.total_seconds()

        def similarities(first: Indices, second: Indices) -> NDArray[np.float64]:
            return np.where(np.abs(at[first] - at[second]) > farthest, 0.0, views.similarities(first, second))

        return similarities

    def learn(self, entries: Collection[MemoryEntry]) -> Collection[MemoryEntry]:
        """Look up the boilerplate keys of these entries before their views are made; return the entries."""
        self.common.learn(chain.from_iterable(entry.fingerprint.copy_keys for entry in entries))
        return entries


@dataclass(slots=True)
class StoryCriteria:
    """Criteria of stories of canonical articles, compared by their story features."""

    memory: Memory
    common: CommonKeys
    """Keys that too many articles have."""
    canonical: Mapping[str, str]
    """The present canonical article of each article whose copy group has changed."""
    loaded: dict[str, MemoryEntry] = field(default_factory=dict)
    """All entries of the requested stories, copies included."""
    substitutes: dict[str, str] = field(default_factory=dict)
    """The substitute for the canonical article of each loaded entry whose own is missing."""
    threshold: Threshold = _STORY_GROUP_THRESHOLD
    shared: int = 1

    def keys(self, item: Fingerprint) -> Collection[int]:
        """Return the pairs of its heaviest terms, without the pairs that too many articles have."""
        return [key for key in item.story_keys if key not in self.common.keys]

    def group_id(self, entry: MemoryEntry) -> str:
        """Return the id of the story."""
        return entry.story_id

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """Return the entries that are now canonical and have any of these keys."""
        entries = self.memory.related(Space.STORY, keys) if keys else ()
        return (entry for entry in entries if self.is_canonical(entry))

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """Return the entries that were canonical in these stories."""
        entries = self.memory.members(Space.STORY, groups)
        self.loaded |= {entry.fingerprint.article_id: entry for entry in entries}
        self.substitutes |= _substitutes(entries)
        canonical = [entry for entry in entries if self.leader(entry) == entry.fingerprint.article_id]
        self.common.learn(chain.from_iterable(entry.fingerprint.story_keys for entry in canonical))
        return canonical

    def leader(self, entry: MemoryEntry) -> str:
        """Return the former canonical article of a loaded entry."""
        return self.substitutes.get(entry.fingerprint.article_id, entry.canonical_id)

    def similarity_function(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """Return the function that compares articles by the story model; notices from one template are other events."""
        views = StoryViews.of([item.story_features for item in items])
        at = _times(item.published for item in items)

        def similarities(first: Indices, second: Indices) -> NDArray[np.float64]:
            scores = views.same_event(first, second, np.abs(at[first] - at[second]))
            likely = np.flatnonzero(scores >= self.threshold.single)
            indices, pairs = np.unique([first[likely], second[likely]], return_inverse=True)
            texts = CopyViews.of([items[index] for index in indices.tolist()], frozenset())
            scores[likely[texts.same_template(*pairs)]] = 0.0
            return scores

        return similarities

    def is_canonical(self, entry: MemoryEntry) -> bool:
        """Return whether a remembered canonical article is still canonical."""
        article_id = entry.fingerprint.article_id
        return self.canonical.get(article_id, article_id) == article_id


def _substitutes(entries: Collection[MemoryEntry]) -> dict[str, str]:
    """Return the earliest remaining copy for each copy in complete stories whose canonical article is missing.

    Such copies remain if a process ends while it forgets or writes entries without a transaction.
    """
    canonical = {entry.canonical_id for entry in entries if entry.canonical}
    orphans: defaultdict[str, list[Fingerprint]] = defaultdict(list)
    for entry in entries:
        if entry.canonical_id not in canonical:
            orphans[entry.canonical_id].append(entry.fingerprint)
    return {copy.article_id: min(copies, key=order_key).article_id for copies in orphans.values() for copy in copies}


def _times(moments: Iterable[datetime | None]) -> NDArray[np.float64]:
    """Return seconds since the epoch; NaN for an undated article, since its time of capture is no substitute."""
    return np.array([moment.timestamp() if moment else np.nan for moment in moments])


def articles_linked_by(holders: Sequence[Fingerprint], flipped: frozenset[int], criteria: StoryCriteria) -> set[str]:
    """Return the ids of similar articles that only ``flipped`` keys link: keys whose mark as common has changed.

    A key of more than ``CROWD`` articles without a mark comes from an earlier version or an interrupted writer. Its
    articles have been grouped without it, or will be when they are next regrouped.
    """
    counts = Counter(chain.from_iterable(flipped.intersection(fingerprint.story_keys) for fingerprint in holders))
    flipped = frozenset(key for key, count in counts.items() if count <= CROWD)
    holders = [fingerprint for fingerprint in holders if not flipped.isdisjoint(fingerprint.story_keys)]
    if not holders:
        return set()
    criteria.common.learn(chain.from_iterable(fingerprint.story_keys for fingerprint in holders))
    flipped_keys = [flipped.intersection(fingerprint.story_keys) for fingerprint in holders]
    first, second = candidate_pairs(flipped_keys, np.arange(len(holders)))
    other_keys = [set(fingerprint.story_keys) - criteria.common.keys - flipped for fingerprint in holders]
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    only_by_flipped = [index for index, (a, b) in enumerate(pairs) if other_keys[a].isdisjoint(other_keys[b])]
    first, second = first[only_by_flipped], second[only_by_flipped]
    similar = criteria.similarity_function(holders)(first, second) >= criteria.threshold.single
    return {holders[index].article_id for index in (*first[similar].tolist(), *second[similar].tolist())}
