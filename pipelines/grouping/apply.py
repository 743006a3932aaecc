"""Application of a regrouping to a store: writes of changed placements, stories, alerts and memory."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.alerts.decide import alert_ids, decide_alerts
from pipelines.alerts.updates import StoryMember
from pipelines.grouping.changes import group_changes
from pipelines.grouping.order import order_key
from pipelines.grouping.regroup import regroup
from pipelines.grouping.stories import build_story
from pipelines.identify.article import fingerprint
from pipelines.stores.memory import Space
from schemas.records import MemoryEntry, Placement, now_utc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from pipelines.alerts.policy import AlertPolicy
    from pipelines.grouping.regroup import Regrouping
    from pipelines.stores.protocol import Store
    from schemas.records import Article, Fingerprint, Story

CHUNK = 1_000
"""Fingerprints regrouped at a time. It bounds memory use; the groups do not depend on it."""


def apply_regroup(
    fingerprints: Iterable[Fingerprint],
    store: Store,
    horizon: timedelta,
    policy: AlertPolicy,
) -> int:
    """Group new fingerprints, write the changes to the store, and return the number of alerts raised.

    ``policy`` decides on the messages of alerts. The memory is written last: after an earlier crash everything is done
    again, with the same result. In a store without transactions, the next regrouping, even of other articles, repairs
    the stories that a crash left half written.
    """
    raised = 0
    remaining = iter(fingerprints)
    while chunk := list(islice(remaining, CHUNK)):
        with store.exclusive():
            raised += _apply(chunk, store, horizon, policy)
    return raised


def _apply(chunk: list[Fingerprint], store: Store, horizon: timedelta, policy: AlertPolicy) -> int:
    current = store.articles([fingerprint.article_id for fingerprint in chunk])
    # A text that a later capture of its article has replaced is not grouped.
    latest = {
        fingerprint.article_id: fingerprint
        for fingerprint in chunk
        if fingerprint.article_id in current and current[fingerprint.article_id].content.digest == fingerprint.digest
    }
    since = now_utc() - horizon
    unfinished = store.unfinished()
    latest = _unfinished_fingerprints(unfinished, since, store) | latest
    while True:
        regrouping = regroup([latest[article_id] for article_id in sorted(latest)], store, horizon)
        entries = {entry.fingerprint.article_id: entry for entry in regrouping.entries}
        articles = current | store.articles(entries.keys() - current.keys())
        # A remembered article may have been removed from the store; it is not grouped either.
        entries = {article_id: entry for article_id, entry in entries.items() if article_id in articles}
        outdated = _changed_since(entries, articles)
        if not outdated:
            break
        latest |= outdated
    members = {
        article_id: StoryMember.of(
            articles[article_id],
            order=order_key(entry.fingerprint),
            canonical_id=entry.canonical_id,
            edited=article_id in regrouping.edited,
        )
        for article_id, entry in entries.items()
    }
    stories = _stories(entries, articles, members)
    known = store.stories([story.id for story in stories])
    before = regrouping.before | unfinished
    after = {story.id for story in stories}
    existing = store.alerts_of_stories(before | after)
    decision = decide_alerts(
        stories=stories,
        members=members,
        existing=existing,
        sent=store.outbox_of_alerts({alert.id for alert in existing} | alert_ids(stories, members)),
        policy=policy,
        now=now_utc(),
    )
    store.write_unfinished(before | after)
    edits = {article_id: articles[article_id].observations[-1].fetched_at for article_id in regrouping.edited}
    store.write_changes(list(group_changes(regrouping.old, entries, now_utc(), edits)))
    store.set_placements(list(_placements(entries, articles)))
    store.write_stories([story for story in stories if known.get(story.id) != story], gone=before - after)
    store.write_alerts(decision.put, gone=decision.gone, outbox=decision.outbox, moved=decision.moved)
    remember(regrouping, store)
    store.write_unfinished(())
    return decision.raised


def _changed_since(entries: Mapping[str, MemoryEntry], articles: Mapping[str, Article]) -> dict[str, Fingerprint]:
    """Return the fingerprints of articles whose text in the store is newer than in the memory.

    Their writer has ended early, or has not grouped them yet. Hits refer to the present text, so grouping does too.
    """
    return {
        article_id: fingerprint(articles[article_id].content, articles[article_id].first_seen)
        for article_id, entry in entries.items()
        if articles[article_id].content.digest != entry.fingerprint.digest
    }


def _unfinished_fingerprints(unfinished: Collection[str], since: datetime, store: Store) -> dict[str, Fingerprint]:
    """Return the fingerprints of the articles in stories that an interrupted regrouping left unfinished."""
    if not unfinished:
        return {}
    listed = {article_id for story in store.stories(unfinished).values() for article_id in story.article_ids}
    remembered = store.remembered(listed)
    entries = [*remembered.values(), *store.members(Space.STORY, unfinished)]
    unfinished_prints = {entry.fingerprint.article_id: entry.fingerprint for entry in entries}
    # The interrupted regrouping was about to remember these: no other article in a story, seen within the horizon, is
    # missing in the memory.
    for article_id, article in store.articles(listed - remembered.keys()).items():
        if article.first_seen >= since:
            unfinished_prints[article_id] = fingerprint(article.content, article.first_seen)
    return unfinished_prints


def _stories(
    entries: dict[str, MemoryEntry], articles: dict[str, Article], story_members: Mapping[str, StoryMember]
) -> list[Story]:
    members: defaultdict[str, list[tuple[MemoryEntry, Article]]] = defaultdict(list)
    for article_id in sorted(entries):
        members[entries[article_id].story_id].append((entries[article_id], articles[article_id]))
    parties = {article_id: member.credited_party for article_id, member in story_members.items()}
    return [build_story(story_id, members[story_id], parties) for story_id in sorted(members)]


def _placements(entries: dict[str, MemoryEntry], articles: dict[str, Article]) -> Iterator[Placement]:
    copies: defaultdict[str, list[str]] = defaultdict(list)
    for article_id, entry in entries.items():
        if not entry.canonical:
            copies[entry.canonical_id].append(article_id)
    for article_id, entry in entries.items():
        article = articles[article_id]
        placement = Placement(
            article_id=article_id,
            canonical_id=entry.canonical_id,
            copies=tuple(sorted(copies[article_id])) if article_id in copies else (),
            story_id=entry.story_id,
        )
        if (article.canonical_id, article.copies, article.story_id) != (
            placement.canonical_id,
            placement.copies,
            placement.story_id,
        ):
            yield placement


def remember(regrouping: Regrouping, store: Store) -> None:
    """Write the changes of a regrouping to the memory.

    New texts are written last. In a store without transactions, a run that ends before is repeated because they are
    missing, with the same result; once they are remembered, a repeated run would find no change.
    """
    new, others = list[MemoryEntry](), list[MemoryEntry]()
    for entry in regrouping.changed:
        old = regrouping.old.get(entry.fingerprint.article_id)
        (others if old and old.fingerprint == entry.fingerprint else new).append(entry)
    if regrouping.changed or regrouping.common or regrouping.rare:
        store.remember(others, common=regrouping.common, rare=regrouping.rare)
        store.remember(new)
