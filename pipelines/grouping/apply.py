"""Regrouping applied to a store: placements, stories, alerts and memory, written where they changed."""

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
"""Fingerprints regrouped at a time: bounds memory, and the groups do not depend on it."""


def apply_regroup(
    fingerprints: Iterable[Fingerprint],
    store: Store,
    horizon: timedelta,
    policy: AlertPolicy,
) -> int:
    """Find the place of new fingerprints and write what that changes; the number of alerts raised.

    ``policy`` says what is said of alerts, and to whom. The memory is written last: until then a crash
    leaves everything to be done again, and doing it again changes nothing. Where each write of a store stands alone,
    whoever comes next, be it with other articles, puts the stories right which a crash left half written.
    """
    raised = 0
    waiting = iter(fingerprints)
    while chunk := list(islice(waiting, CHUNK)):
        with store.exclusive():
            raised += _apply(chunk, store, horizon, policy)
    return raised


def _apply(chunk: list[Fingerprint], store: Store, horizon: timedelta, policy: AlertPolicy) -> int:
    current = store.articles([fingerprint.article_id for fingerprint in chunk])
    # A text which has been overtaken by a later capture of its article groups nothing any more.
    latest = {
        fingerprint.article_id: fingerprint
        for fingerprint in chunk
        if fingerprint.article_id in current and current[fingerprint.article_id].content.digest == fingerprint.digest
    }
    since = now_utc() - horizon
    unfinished = store.unfinished()
    latest = _left_behind(unfinished, since, store) | latest
    while True:
        grouped = regroup([latest[article_id] for article_id in sorted(latest)], store, horizon)
        entries = {entry.fingerprint.article_id: entry for entry in grouped.entries}
        articles = current | store.articles(entries.keys() - current.keys())
        # A remembered article may have been removed from the store since; then it groups nothing either.
        entries = {article_id: entry for article_id, entry in entries.items() if article_id in articles}
        overtaken = _overtaken(entries, articles)
        if not overtaken:
            break
        latest |= overtaken
    members = {
        article_id: StoryMember.of(
            articles[article_id],
            order=order_key(entry.fingerprint),
            canonical_id=entry.canonical_id,
            edited=article_id in grouped.edited,
        )
        for article_id, entry in entries.items()
    }
    stories = _stories(entries, articles, members)
    known = store.stories([story.id for story in stories])
    before = grouped.before | unfinished
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
    edits = {article_id: articles[article_id].observations[-1].fetched_at for article_id in grouped.edited}
    store.write_changes(list(group_changes(grouped.old, entries, now_utc(), edits)))
    store.set_placements(list(_placements(entries, articles)))
    store.write_stories([story for story in stories if known.get(story.id) != story], gone=before - after)
    store.write_alerts(decision.put, gone=decision.gone, outbox=decision.outbox, moved=decision.moved)
    remember(grouped, store)
    store.write_unfinished(())
    return decision.raised


def _overtaken(entries: Mapping[str, MemoryEntry], articles: Mapping[str, Article]) -> dict[str, Fingerprint]:
    """Articles of which the memory has an earlier text than the store: who wrote that died, or is yet to group it.

    What is told of an article is told of its text as it stands, so it is grouped by that.
    """
    return {
        article_id: fingerprint(articles[article_id].content, articles[article_id].first_seen)
        for article_id, entry in entries.items()
        if articles[article_id].content.digest != entry.fingerprint.digest
    }


def _left_behind(unfinished: Collection[str], since: datetime, store: Store) -> dict[str, Fingerprint]:
    """The articles of stories that a regrouping which died has left unfinished: they are put right as well."""
    if not unfinished:
        return {}
    listed = {article_id for story in store.stories(unfinished).values() for article_id in story.article_ids}
    remembered = store.remembered(listed)
    entries = [*remembered.values(), *store.members(Space.STORY, unfinished)]
    left = {entry.fingerprint.article_id: entry.fingerprint for entry in entries}
    # What it was about to remember: nothing else that was seen within the horizon is listed and not remembered.
    for article_id, article in store.articles(listed - remembered.keys()).items():
        if article.first_seen >= since:
            left[article_id] = fingerprint(article.content, article.first_seen)
    return left


def _stories(
    entries: dict[str, MemoryEntry], articles: dict[str, Article], told: Mapping[str, StoryMember]
) -> list[Story]:
    members: defaultdict[str, list[tuple[MemoryEntry, Article]]] = defaultdict(list)
    for article_id in sorted(entries):
        members[entries[article_id].story_id].append((entries[article_id], articles[article_id]))
    voices = {article_id: member.voice for article_id, member in told.items()}
    return [build_story(story_id, members[story_id], voices) for story_id in sorted(members)]


def _placements(entries: dict[str, MemoryEntry], articles: dict[str, Article]) -> Iterator[Placement]:
    copies: defaultdict[str, list[str]] = defaultdict(list)
    for article_id, entry in entries.items():
        if not entry.canonical:
            copies[entry.canonical_id].append(article_id)
    for article_id, entry in entries.items():
        article = articles[article_id]
        place = Placement(
            article_id=article_id,
            canonical_id=entry.canonical_id,
            copies=tuple(sorted(copies[article_id])) if article_id in copies else (),
            story_id=entry.story_id,
        )
        if (article.canonical_id, article.copies, article.story_id) != (
            place.canonical_id,
            place.copies,
            place.story_id,
        ):
            yield place


def remember(grouped: Regrouping, store: Store) -> None:
    """Write to the memory what a regrouping has changed.

    New texts come last. Where each write stands alone, a run that dies before is done again because of them, and comes
    to the same; once they are remembered it would find nothing to do.
    """
    new, others = list[MemoryEntry](), list[MemoryEntry]()
    for entry in grouped.changed:
        old = grouped.old.get(entry.fingerprint.article_id)
        (others if old and old.fingerprint == entry.fingerprint else new).append(entry)
    if grouped.changed or grouped.common or grouped.rare:
        store.remember(others, common=grouped.common, rare=grouped.rare)
        store.remember(new)
