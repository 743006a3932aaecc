"""The one step with memory: where new fingerprints belong, and what that changes.

Copy groups and stories are functions of the set of articles alone. A new article touches the articles which
share a key with it and all that hang together with those (their component); those are fetched and grouped
afresh. Everything else stays as it is, so the answer is the same as if all had been grouped at once, in
whatever order and batches the articles came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipelines.dedup.common import common_keys
from pipelines.dedup.similarity import THRESHOLD as COPY_THRESHOLD
from pipelines.dedup.similarity import CopyView, copy_similarity
from pipelines.grouping.linkage import Bar, group_similar
from pipelines.stores.protocol import Space
from pipelines.stories.features import StoryFeatures
from pipelines.stories.model import GROWN_THRESHOLD, StoryView, same_event
from pipelines.stories.model import THRESHOLD as STORY_THRESHOLD
from schemas.records import MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import timedelta

    from schemas.records import ArticleContent, Fingerprint


COPY_SHARED = 2
"""Winnowed shingles that two longer texts must share to be compared as copies. Most pairs that share a single one are
strangers; ``python -m benchmarks.duplicates`` says what leaving them out costs."""
_COPY_BAR = Bar(COPY_THRESHOLD, COPY_THRESHOLD)
_STORY_BAR = Bar(STORY_THRESHOLD, GROWN_THRESHOLD)


class Memory(Protocol):
    """The part of a store that grouping reads; see ``pipelines.stores.protocol.Store``."""

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Entries by article id."""

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """Entries with any of these keys."""

    def members(self, space: Space, components: Collection[str]) -> list[MemoryEntry]:
        """Entries of these components."""

    def common_keys(self, keys: Collection[int]) -> set[int]:
        """Those of the keys known as boilerplate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """What a regrouping found. Holds every article of every story it touched, changed or not."""

    entries: tuple[MemoryEntry, ...]
    """Where each of those articles now is, by id."""
    changed: tuple[MemoryEntry, ...]
    """Those of them which the memory does not hold in just this form."""
    common: frozenset[int]
    """Copy keys which have become an outlet's boilerplate."""
    rare: frozenset[int]
    """Copy keys which have ceased to be."""
    before: frozenset[str]
    """Ids of the stories that those articles were in."""
    old: Mapping[str, MemoryEntry]
    """Where those of the articles that were remembered have been, by id."""
    edited: frozenset[str]
    """Those of the new articles which the memory knew with another text."""


def order_key(article: Fingerprint | ArticleContent) -> tuple[bool, str, str]:
    """Who comes first in a group: the earliest published; undated ones last; ties by id.

    The time of fetching does not count, since it tells when we looked and not when the text was out.
    """
    published = article.published
    return (published is None, published.isoformat() if published else "", article.article_id)


def regroup(new: Sequence[Fingerprint], memory: Memory, horizon: timedelta) -> Regrouping:
    """Group ``new`` fingerprints (one for each article) with what is remembered.

    ``horizon`` is the longest time between two dated copies of one text. Costs a constant number of look-ups.
    """
    old = memory.remembered([fingerprint.article_id for fingerprint in new])
    edited = frozenset(
        fingerprint.article_id
        for fingerprint in new
        if fingerprint.article_id in old and old[fingerprint.article_id].fingerprint.digest != fingerprint.digest
    )
    pool = {fingerprint.article_id: fingerprint for fingerprint in new}
    copies = _regroup_copies(pool, old, memory, horizon)
    stories = _regroup_stories(copies, memory)
    entries = tuple(stories[article_id] for article_id in sorted(stories))
    return Regrouping(
        entries=entries,
        changed=tuple(entry for entry in entries if copies.old.get(entry.fingerprint.article_id) != entry),
        common=frozenset(copies.common),
        rare=frozenset(copies.rare),
        before=frozenset(copies.old[article_id].story_id for article_id in stories if article_id in copies.old),
        old={article_id: entry for article_id, entry in copies.old.items() if article_id in stories},
        edited=edited,
    )


@dataclass(frozen=True, slots=True)
class _Copies:
    """Copy groups of the articles touched so far. Grows while stories bring further articles in."""

    fingerprints: dict[str, Fingerprint]
    old: dict[str, MemoryEntry]
    component: dict[str, str]
    canonical: dict[str, str]
    common: set[int]
    rare: set[int]

    def take(self, entries: Iterable[MemoryEntry]) -> None:
        """Bring in remembered entries whose copy group stays as it is."""
        for entry in entries:
            article_id = entry.fingerprint.article_id
            self.old.setdefault(article_id, entry)
            if article_id not in self.fingerprints:
                self.fingerprints[article_id] = entry.fingerprint
                self.component[article_id] = entry.copy_component
                self.canonical[article_id] = entry.canonical_id


def _regroup_copies(
    pool: dict[str, Fingerprint], old: Mapping[str, MemoryEntry], memory: Memory, horizon: timedelta
) -> _Copies:
    # A key known as common links nothing, so its (long) posting list is not looked at, unless an article
    # that had it has been rewritten: then the key may have ceased to be common.
    former = {key for entry in old.values() for key in entry.fingerprint.copy_keys}
    keys = former.union(*(fingerprint.copy_keys for fingerprint in pool.values()))
    known = memory.common_keys(keys)
    looked_up = keys - (known - former)
    found = _by_id(memory.related(Space.COPY, looked_up)) | dict(old)
    pool = {article_id: entry.fingerprint for article_id, entry in found.items()} | pool
    common = common_keys(pool.values(), looked_up)

    touched = {entry.copy_component for entry in found.values()}
    found |= _by_id(memory.members(Space.COPY, touched))
    pool = {article_id: entry.fingerprint for article_id, entry in found.items()} | pool
    other = set().union(*(fingerprint.copy_keys for fingerprint in pool.values())) - looked_up
    boilerplate = common | memory.common_keys(other)

    views = {article_id: CopyView.of(fingerprint, boilerplate) for article_id, fingerprint in pool.items()}

    def similarity(a: str, b: str) -> float:
        too_far = (_seconds(pool[a], pool[b]) or 0.0) > horizon.total_seconds()
        return 0.0 if too_far else copy_similarity(views[a], views[b])

    postings = {article_id: set(fingerprint.copy_keys) - boilerplate for article_id, fingerprint in pool.items()}
    groups, component = group_similar(postings, similarity, _COPY_BAR, shared=COPY_SHARED)
    canonical: dict[str, str] = {}
    for group in groups:
        first = min(group, key=lambda member: order_key(pool[member]))
        canonical |= dict.fromkeys(group, first)
    return _Copies(
        fingerprints=pool,
        old=found,
        component=component,
        canonical=canonical,
        common=common - known,
        rare=(known & looked_up) - common,
    )


def _regroup_stories(copies: _Copies, memory: Memory) -> dict[str, MemoryEntry]:
    """Entries of every article in a story which is touched, copies included."""
    touched_canonical = set(copies.canonical.values())
    keys = set().union(*(copies.fingerprints[article_id].story_keys for article_id in touched_canonical))
    related = [
        entry for entry in memory.related(Space.STORY, keys) if entry.canonical_id == entry.fingerprint.article_id
    ]
    touched = {entry.story_component for entry in (*related, *copies.old.values())}
    in_stories = memory.members(Space.STORY, touched)
    reached = {entry.copy_component for entry in (*related, *in_stories)} - {
        entry.copy_component for entry in copies.old.values()
    }
    copies.take((*related, *in_stories, *memory.members(Space.COPY, reached)))

    leaders = sorted(set(copies.canonical.values()))
    views = {
        leader: StoryView.of(StoryFeatures.unpack(copies.fingerprints[leader].story_features)) for leader in leaders
    }

    def similarity(a: str, b: str) -> float:
        return same_event(views[a], views[b], _seconds(copies.fingerprints[a], copies.fingerprints[b]))

    postings = {leader: set(copies.fingerprints[leader].story_keys) for leader in leaders}
    groups, component = group_similar(postings, similarity, _STORY_BAR)
    story_of: dict[str, str] = {}
    for group in groups:
        first = min(group, key=lambda member: order_key(copies.fingerprints[member]))
        story_of |= dict.fromkeys(group, first)
    return {
        article_id: MemoryEntry(
            fingerprint=fingerprint,
            copy_component=copies.component[article_id],
            canonical_id=copies.canonical[article_id],
            # A copy hangs in stories by its canonical article alone.
            story_component=component[copies.canonical[article_id]],
            story_id=story_of[copies.canonical[article_id]],
        )
        for article_id, fingerprint in copies.fingerprints.items()
    }


def _by_id(entries: Iterable[MemoryEntry]) -> dict[str, MemoryEntry]:
    return {entry.fingerprint.article_id: entry for entry in entries}


def _seconds(a: Fingerprint, b: Fingerprint) -> float | None:
    """Time between two articles. ``None`` with an undated one: when we saw it says nothing."""
    return abs((a.published - b.published).total_seconds()) if a.published and b.published else None
