"""Regrouping: the groups of new fingerprints, and the changes that they cause in remembered groups.

Copy groups and stories are functions of the set of articles alone. A new article affects the groups that share a key
with it and are similar to it (``grouping.clustering``); these are loaded and grouped again. All else stays as it is, so
the result is the same as if all articles had been grouped at once, regardless of the order and batches of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.grouping.clustering import IncrementalClustering
from pipelines.grouping.criteria import CopyCriteria, StoryCriteria, articles_linked_by
from pipelines.grouping.order import order_key
from pipelines.grouping.stop_keys import CommonKeys, Crowding
from pipelines.likeness.boilerplate import common_keys
from pipelines.stores.memory import Memory, Space
from schemas.records import MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from schemas.records import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """The result of a regrouping, with all articles of all affected stories, changed or not."""

    entries: tuple[MemoryEntry, ...]
    """The present entries of these articles, sorted by id."""
    changed: tuple[MemoryEntry, ...]
    """The entries that differ from the memory."""
    common: frozenset[int]
    """Keys that have become common: copy keys in an outlet's boilerplate, story keys of too many articles."""
    rare: frozenset[int]
    """Keys that are no longer common."""
    before: frozenset[str]
    """Ids of the former stories of these articles."""
    old: Mapping[str, MemoryEntry]
    """The former entries of those articles that were remembered, by id."""
    edited: frozenset[str]
    """Ids of the new articles that the memory had with another text."""


def regroup(new: Sequence[Fingerprint], memory: Memory, horizon: timedelta) -> Regrouping:
    """Group ``new`` fingerprints (one per article) with the remembered ones.

    ``horizon`` is the longest time between two dated copies of one text. It takes a few lookups, regardless of the
    number of fingerprints.
    """
    old = memory.remembered([fingerprint.article_id for fingerprint in new])
    edited = frozenset(
        fingerprint.article_id
        for fingerprint in new
        if fingerprint.article_id in old and old[fingerprint.article_id].fingerprint.digest != fingerprint.digest
    )
    copies = _regroup_copies(new, old, memory, horizon)
    stories = _regroup_stories(copies, old, memory)
    entries, before = stories.entries, stories.before
    return Regrouping(
        entries=entries,
        changed=tuple(entry for entry in entries if before.get(entry.fingerprint.article_id) != entry),
        common=copies.common | stories.common,
        rare=copies.rare | stories.rare,
        before=frozenset(entry.story_id for entry in before.values()),
        old=before,
        edited=edited,
    )


@dataclass(frozen=True, slots=True)
class _Copies:
    """The changed copy groups."""

    canonical: Mapping[str, str]
    """The canonical article of each article in them."""
    fingerprints: Mapping[str, Fingerprint]
    remembered: Mapping[str, MemoryEntry]
    """The former entries of those articles that were remembered."""
    common: frozenset[int]
    rare: frozenset[int]


def _regroup_copies(
    new: Sequence[Fingerprint], old: Mapping[str, MemoryEntry], memory: Memory, horizon: timedelta
) -> _Copies:
    updated = {
        fingerprint.article_id: fingerprint
        for fingerprint in new
        if fingerprint.article_id not in old or old[fingerprint.article_id].fingerprint != fingerprint
    }
    # A common key links no articles, so its (long) posting list is not read, unless an article that had the key has
    # been rewritten: then the key may no longer be common.
    rewritten = updated.keys() & old.keys()
    rewritten_keys = {key for article_id in rewritten for key in old[article_id].fingerprint.copy_keys}
    keys = rewritten_keys.union(*(fingerprint.copy_keys for fingerprint in updated.values()))
    marked = memory.common_keys(keys)
    looked_up = keys - (marked - rewritten_keys)
    related = {entry.fingerprint.article_id: entry for entry in memory.related(Space.COPY, looked_up)}
    holders = {article_id: entry.fingerprint for article_id, entry in related.items()} | updated
    common = common_keys(holders.values(), looked_up)
    flipped = common ^ (marked & looked_up)
    updated |= {
        article_id: fingerprint
        for article_id, fingerprint in holders.items()
        if not flipped.isdisjoint(fingerprint.copy_keys)
    }

    criteria = CopyCriteria(memory, horizon, CommonKeys(memory, keys=common | (marked - looked_up), known=keys))
    criteria.learn(related.values())
    clustering = IncrementalClustering(criteria, outside=related, looked_up=looked_up)
    for fingerprint in updated.values():
        clustering.update(fingerprint)
    before = {**old, **related}
    former_groups = {before[article_id].canonical_id for article_id in updated.keys() & before.keys()}
    clustering.add_groups(criteria.members(former_groups))
    canonical: dict[str, str] = {}
    for group in clustering.cluster():
        if clustering.is_changed(group):
            leader = min(group, key=lambda member: order_key(clustering.items[member]))
            canonical |= dict.fromkeys(group, leader)
    return _Copies(
        canonical=canonical,
        fingerprints={article_id: clustering.items[article_id] for article_id in canonical},
        remembered={
            article_id: clustering.remembered[article_id]
            for article_id in canonical
            if article_id in clustering.remembered
        },
        common=frozenset(common - marked),
        rare=frozenset((marked & looked_up) - common),
    )


@dataclass(frozen=True, slots=True)
class _Stories:
    """The affected stories."""

    entries: tuple[MemoryEntry, ...]
    """All articles in them, copies included, sorted by id."""
    before: Mapping[str, MemoryEntry]
    """The former entries of these articles."""
    common: frozenset[int]
    rare: frozenset[int]


def _regroup_stories(copies: _Copies, old: Mapping[str, MemoryEntry], memory: Memory) -> _Stories:
    leaders = {leader: copies.fingerprints[leader] for leader in copies.canonical.values()}
    before = {article_id: entry for article_id, entry in copies.remembered.items() if entry.canonical}
    arriving = {
        article_id: fingerprint
        for article_id, fingerprint in leaders.items()
        if article_id not in before or before[article_id].fingerprint != fingerprint
    }
    leaving = [entry for article_id, entry in before.items() if article_id not in leaders or article_id in arriving]
    crowding = Crowding.of(arriving.values(), leaving, memory)

    criteria = StoryCriteria(memory, CommonKeys(memory, {*crowding.crowded}, {*crowding.keys}), copies.canonical)
    outside = {article_id: entry for article_id, entry in crowding.holders.items() if criteria.is_canonical(entry)}
    clustering = IncrementalClustering(criteria, outside=outside, looked_up={*crowding.looked_up})
    for fingerprint in arriving.values():
        clustering.update(fingerprint)
    rest = [entry.fingerprint for article_id, entry in outside.items() if article_id not in arriving]
    relinked = [outside[article_id] for article_id in articles_linked_by(rest, crowding.flipped, criteria)]
    for entry in relinked:
        clustering.update(entry.fingerprint)
    clustering.add_groups(
        criteria.members({entry.story_id for entry in (*old.values(), *copies.remembered.values(), *relinked)})
    )
    for article_id, leader in copies.canonical.items():
        if article_id != leader:
            clustering.items.pop(article_id, None)
    story_of: dict[str, str] = {}
    for group in clustering.cluster():
        leader_of_story = min(group, key=lambda member: order_key(clustering.items[member]))
        story_of |= dict.fromkeys(group, leader_of_story)

    placed = {article_id: (entry.fingerprint, criteria.leader(entry)) for article_id, entry in criteria.loaded.items()}
    placed |= {article_id: (copies.fingerprints[article_id], leader) for article_id, leader in copies.canonical.items()}
    return _Stories(
        entries=tuple(
            MemoryEntry(fingerprint=fingerprint, canonical_id=leader, story_id=story_of[leader])
            for _, (fingerprint, leader) in sorted(placed.items())
        ),
        before=criteria.loaded,
        common=crowding.flipped & crowding.crowded,
        rare=crowding.flipped - crowding.crowded,
    )
