"""What copies and stories are grouped by: their keys, their similarities, and where the memory has them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipelines.grouping.linkage import Bar, candidates
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
strangers; ``python -m benchmarks.duplicates`` says what leaving them out costs."""

_COPY_BAR = Bar(COPY_THRESHOLD, COPY_THRESHOLD)
_STORY_BAR = Bar(STORY_THRESHOLD, LARGE_STORY_THRESHOLD)


@dataclass(slots=True)
class CopyCriteria:
    """Copies, by their winnowed shingles; texts further apart than the horizon are none."""

    memory: Memory
    horizon: timedelta
    common: CommonKeys
    """An outlet's boilerplate."""
    bar: Bar = _COPY_BAR
    shared: int = COPY_SHARED

    def keys(self, item: Fingerprint) -> Collection[int]:
        """The keys that are no boilerplate."""
        return [key for key in item.copy_keys if key not in self.common.keys]

    def group(self, entry: MemoryEntry) -> str:
        """The canonical article's id."""
        return entry.canonical_id

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """All with any of these keys."""
        return self.learn(self.memory.related(Space.COPY, keys)) if keys else ()

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """Those of these copy groups."""
        return self.learn(self.memory.members(Space.COPY, groups))

    def measure(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """By what stands in both texts."""
        views = CopyViews.of(items, self.common.keys)
        at = _times(item.published for item in items)
        farthest = self.horizon.total_seconds()

        def similarities(first: Indices, second: Indices) -> NDArray[np.float64]:
            return np.where(np.abs(at[first] - at[second]) > farthest, 0.0, views.similarities(first, second))

        return similarities

    def learn(self, entries: Collection[MemoryEntry]) -> Collection[MemoryEntry]:
        """Look up which keys of these entries are boilerplate, before their views are made."""
        self.common.learn(chain.from_iterable(entry.fingerprint.copy_keys for entry in entries))
        return entries


@dataclass(slots=True)
class StoryCriteria:
    """Stories, of canonical articles, by what is told in them."""

    memory: Memory
    common: CommonKeys
    """What too many stories are told with."""
    canonical: Mapping[str, str]
    """Canonical article, now, of each article whose copy group has changed."""
    loaded: dict[str, MemoryEntry] = field(default_factory=dict)
    """Every entry of the stories asked for, copies too."""
    adopted: dict[str, str] = field(default_factory=dict)
    """Canonical article of each of those whose own is not there any more."""
    bar: Bar = _STORY_BAR
    shared: int = 1

    def keys(self, item: Fingerprint) -> Collection[int]:
        """Pairs of its most telling terms, but for those that too many have."""
        return [key for key in item.story_keys if key not in self.common.keys]

    def group(self, entry: MemoryEntry) -> str:
        """The story's id."""
        return entry.story_id

    def related(self, keys: Collection[int]) -> Iterable[MemoryEntry]:
        """Those that are canonical now and have any of these keys."""
        entries = self.memory.related(Space.STORY, keys) if keys else ()
        return (entry for entry in entries if self.is_canonical(entry))

    def members(self, groups: Collection[str]) -> Iterable[MemoryEntry]:
        """Those that were canonical in these stories."""
        entries = self.memory.members(Space.STORY, groups)
        self.loaded |= {entry.fingerprint.article_id: entry for entry in entries}
        self.adopted |= _adopted(entries)
        come = [entry for entry in entries if self.leader(entry) == entry.fingerprint.article_id]
        self.common.learn(chain.from_iterable(entry.fingerprint.story_keys for entry in come))
        return come

    def leader(self, entry: MemoryEntry) -> str:
        """The canonical article that a loaded entry had."""
        return self.adopted.get(entry.fingerprint.article_id, entry.canonical_id)

    def measure(self, items: Sequence[Fingerprint]) -> Callable[[Indices, Indices], NDArray[np.float64]]:
        """By the story model; notices of one form with other facts are as many events."""
        views = StoryViews.of([item.story_features for item in items])
        at = _times(item.published for item in items)

        def similarities(first: Indices, second: Indices) -> NDArray[np.float64]:
            found = views.same_event(first, second, np.abs(at[first] - at[second]))
            alike = np.flatnonzero(found >= self.bar.single)
            places, both = np.unique([first[alike], second[alike]], return_inverse=True)
            texts = CopyViews.of([items[place] for place in places.tolist()], frozenset())
            found[alike[texts.same_template(*both)]] = 0.0
            return found

        return similarities

    def is_canonical(self, entry: MemoryEntry) -> bool:
        """Whether a remembered canonical article still is one."""
        article_id = entry.fingerprint.article_id
        return self.canonical.get(article_id, article_id) == article_id


def _adopted(entries: Collection[MemoryEntry]) -> dict[str, str]:
    """The earliest copy that is left, for each copy in whole stories whose canonical article is missing.

    Who forgets, or writes the memory, without a transaction and dies half-way leaves such copies behind.
    """
    canonical = {entry.canonical_id for entry in entries if entry.canonical}
    left: defaultdict[str, list[Fingerprint]] = defaultdict(list)
    for entry in entries:
        if entry.canonical_id not in canonical:
            left[entry.canonical_id].append(entry.fingerprint)
    return {copy.article_id: min(copies, key=order_key).article_id for copies in left.values() for copy in copies}


def _times(moments: Iterable[datetime | None]) -> NDArray[np.float64]:
    """Seconds since the epoch; NaN for an undated article: when we saw it says nothing."""
    return np.array([moment.timestamp() if moment else np.nan for moment in moments])


def affected(holders: Sequence[Fingerprint], turned: frozenset[int], criteria: StoryCriteria) -> set[str]:
    """Articles that a turned key joins, or has joined, to another: alike, and without another key in common; their ids.

    A key that more than ``CROWD`` have had without being marked is one of an earlier version, or marked by nobody since
    its writer died: its articles have been grouped without it, or are when they are next touched.
    """
    counts = Counter(chain.from_iterable(turned.intersection(one.story_keys) for one in holders))
    turned = frozenset(key for key, count in counts.items() if count <= CROWD)
    holders = [one for one in holders if not turned.isdisjoint(one.story_keys)]
    if not holders:
        return set()
    criteria.common.learn(chain.from_iterable(one.story_keys for one in holders))
    first, second = candidates([turned.intersection(one.story_keys) for one in holders], np.arange(len(holders)))
    others = [set(one.story_keys) - criteria.common.keys - turned for one in holders]
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    alone = [place for place, (a, b) in enumerate(pairs) if others[a].isdisjoint(others[b])]
    first, second = first[alone], second[alone]
    alike = criteria.measure(holders)(first, second) >= criteria.bar.single
    return {holders[place].article_id for place in (*first[alike].tolist(), *second[alike].tolist())}
