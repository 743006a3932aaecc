"""The way of an article, from what led to it to who was told: each step with its time and where its record stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from typing import TYPE_CHECKING

from pipelines.archive.captures import read_captures
from pipelines.errors import InputError
from schemas.records import CaptureRef

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Article, FeedEntry, Observation, OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The feed entry that led to a capture."""

    feed_url: str
    entry_id: str
    published: datetime | None
    listed_at: datetime | None
    """When we first saw the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One capture of the article."""

    fetched_at: datetime
    archive_record: str
    revision_digest: str
    """Of the text it showed."""
    missing: str | None = None
    """Why the archive does not show it any more; then what follows is unknown."""
    kind: str | None = None
    url: str | None = None
    """Asked for."""
    final_url: str | None = None
    """What answered, where it was another."""
    status: int | None = None
    """Of HTTP."""
    origin: Origin | None = None
    """``None`` for seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message to a channel."""

    kind: str
    channel: str
    created_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert of the article's story."""

    alert_id: str
    rule_id: str
    rule_version: str
    matched_at: datetime
    origin: str
    state: str
    by_this_article: bool
    """Whether the article is among those that match; else another of the story is."""
    told: tuple[SentMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """All of it."""

    article_id: str
    captures: tuple[Captured, ...]
    """By time."""
    revision: int
    canonical_id: str | None
    story_id: str | None
    alerts: tuple[Raised, ...]


def trail_of(article: Article, archive: Path, store: Store) -> Trail:
    """The way of an article, from the archive and the store."""
    alerts = store.alerts_of_stories([article.story_id]) if article.story_id else []
    messages = store.outbox_of_alerts([alert.id for alert in alerts]) if alerts else []
    return Trail(
        article_id=article.id,
        captures=tuple(_captured(one, archive) for one in article.observations),
        revision=article.revision,
        canonical_id=article.canonical_id,
        story_id=article.story_id,
        alerts=tuple(_raised(one, article, messages) for one in alerts),
    )


def _captured(observation: Observation, archive: Path) -> Captured:
    file, _, offset = observation.archive_record.rpartition("@")
    known = Captured(
        fetched_at=observation.fetched_at,
        archive_record=observation.archive_record,
        revision_digest=observation.digest,
    )
    try:
        ((_, capture),) = read_captures(archive, [CaptureRef(file=file, offset=int(offset))])
    except InputError as error:
        return replace(known, missing=str(error))
    return replace(
        known,
        kind=capture.kind,
        url=capture.url,
        final_url=capture.final_url,
        status=capture.status,
        origin=_origin(capture.entry, capture.listed_at) if capture.entry else None,
    )


def _origin(entry: FeedEntry, listed_at: datetime | None) -> Origin:
    return Origin(feed_url=entry.feed_url, entry_id=entry.entry_id, published=entry.published, listed_at=listed_at)


def _raised(alert: Alert, article: Article, messages: Sequence[OutboxMessage]) -> Raised:
    return Raised(
        alert_id=alert.id,
        rule_id=alert.rule_id,
        rule_version=alert.rule_version,
        matched_at=alert.matched_at,
        origin=alert.origin,
        state=alert.state,
        by_this_article=any(match.article_id == article.id for match in alert.matches),
        told=tuple(
            SentMessage(
                kind=one.kind,
                channel=one.channel,
                created_at=one.created_at,
                delivered_at=one.delivered_at,
                last_error=one.last_error,
            )
            for one in messages
            if one.alert_id == alert.id
        ),
    )
