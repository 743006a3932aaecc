"""The one step with memory: where new fingerprints belong, and what that changes.

Copy groups and stories are functions of the set of articles alone. A new article touches the groups which share a
key with it and are alike to it (``grouping.clustering``); those are fetched and grouped afresh. Everything else
stays as it is, so the answer is the same as if all had been grouped at once, in whatever order and batches the
articles came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.grouping.clustering import IncrementalClustering
from pipelines.grouping.criteria import CopyCriteria, StoryCriteria, affected
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
    """What a regrouping found. Holds every article of every story it touched, changed or not."""

    entries: tuple[MemoryEntry, ...]
    """Where each of those articles now is, by id."""
    changed: tuple[MemoryEntry, ...]
    """Those of them which the memory does not hold in just this form."""
    common: frozenset[int]
    """Keys which have become common: copy keys an outlet's boilerplate, story keys those of a crowd."""
    rare: frozenset[int]
    """Keys which have ceased to be."""
    before: frozenset[str]
    """Ids of the stories that those articles were in."""
    old: Mapping[str, MemoryEntry]
    """Where those of the articles that were remembered have been, by id."""
    edited: frozenset[str]
    """Those of the new articles which the memory knew with another text."""


def regroup(new: Sequence[Fingerprint], memory: Memory, horizon: timedelta) -> Regrouping:
    """Group ``new`` fingerprints (one for each article) with what is remembered.

    ``horizon`` is the longest time between two dated copies of one text. Costs a few look-ups, whatever the number.
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
    """The copy groups that have changed."""

    canonical: Mapping[str, str]
    """Canonical article of each article in them."""
    fingerprints: Mapping[str, Fingerprint]
    remembered: Mapping[str, MemoryEntry]
    """Where those of the articles that were remembered have been."""
    common: frozenset[int]
    rare: frozenset[int]


def _regroup_copies(
    new: Sequence[Fingerprint], old: Mapping[str, MemoryEntry], memory: Memory, horizon: timedelta
) -> _Copies:
    altered = {
        one.article_id: one for one in new if one.article_id not in old or old[one.article_id].fingerprint != one
    }
    # A key known as common links nothing, so its (long) posting list is not looked at, unless an article
    # that had it has been rewritten: then the key may have ceased to be common.
    former = {key for item in altered.keys() & old.keys() for key in old[item].fingerprint.copy_keys}
    keys = former.union(*(one.copy_keys for one in altered.values()))
    known = memory.common_keys(keys)
    looked_up = keys - (known - former)
    found = {entry.fingerprint.article_id: entry for entry in memory.related(Space.COPY, looked_up)}
    holders = {item: entry.fingerprint for item, entry in found.items()} | altered
    common = common_keys(holders.values(), looked_up)
    turned = common ^ (known & looked_up)
    altered |= {item: one for item, one in holders.items() if not turned.isdisjoint(one.copy_keys)}

    criteria = CopyCriteria(memory, horizon, CommonKeys(memory, keys=common | (known - looked_up), known=keys))
    criteria.learn(found.values())
    settling = IncrementalClustering(criteria, strangers=found, looked_up=looked_up)
    for one in altered.values():
        settling.alter(one)
    were = {**old, **found}
    settling.hold(criteria.members({were[item].canonical_id for item in altered.keys() & were.keys()}))
    canonical: dict[str, str] = {}
    for group in settling.cluster():
        if settling.changed(group):
            first = min(group, key=lambda member: order_key(settling.held[member]))
            canonical |= dict.fromkeys(group, first)
    return _Copies(
        canonical=canonical,
        fingerprints={item: settling.held[item] for item in canonical},
        remembered={item: settling.remembered[item] for item in canonical if item in settling.remembered},
        common=frozenset(common - known),
        rare=frozenset((known & looked_up) - common),
    )


@dataclass(frozen=True, slots=True)
class _Stories:
    """The stories that are touched."""

    entries: tuple[MemoryEntry, ...]
    """Every article in them, copies included, by id."""
    before: Mapping[str, MemoryEntry]
    """What those articles were before."""
    common: frozenset[int]
    rare: frozenset[int]


def _regroup_stories(copies: _Copies, old: Mapping[str, MemoryEntry], memory: Memory) -> _Stories:
    now = {leader: copies.fingerprints[leader] for leader in copies.canonical.values()}
    were = {item: entry for item, entry in copies.remembered.items() if entry.canonical}
    come = {item: one for item, one in now.items() if item not in were or were[item].fingerprint != one}
    gone = [entry for item, entry in were.items() if item not in now or item in come]
    crowding = Crowding.of(come.values(), gone, memory)

    criteria = StoryCriteria(memory, CommonKeys(memory, {*crowding.crowded}, {*crowding.keys}), copies.canonical)
    strangers = {item: entry for item, entry in crowding.holders.items() if criteria.is_canonical(entry)}
    settling = IncrementalClustering(criteria, strangers=strangers, looked_up={*crowding.looked_up})
    for one in come.values():
        settling.alter(one)
    others = [entry.fingerprint for item, entry in strangers.items() if item not in come]
    touched = [strangers[item] for item in affected(others, crowding.turned, criteria)]
    for entry in touched:
        settling.alter(entry.fingerprint)
    settling.hold(
        criteria.members({entry.story_id for entry in (*old.values(), *copies.remembered.values(), *touched)})
    )
    for item, leader in copies.canonical.items():
        if item != leader:
            settling.held.pop(item, None)
    story_of: dict[str, str] = {}
    for group in settling.cluster():
        first = min(group, key=lambda member: order_key(settling.held[member]))
        story_of |= dict.fromkeys(group, first)

    placed = {item: (entry.fingerprint, criteria.leader(entry)) for item, entry in criteria.loaded.items()}
    placed |= {item: (copies.fingerprints[item], leader) for item, leader in copies.canonical.items()}
    return _Stories(
        entries=tuple(
            MemoryEntry(fingerprint=fingerprint, canonical_id=leader, story_id=story_of[leader])
            for _, (fingerprint, leader) in sorted(placed.items())
        ),
        before=criteria.loaded,
        common=crowding.turned & crowding.crowded,
        rare=crowding.turned - crowding.crowded,
    )
