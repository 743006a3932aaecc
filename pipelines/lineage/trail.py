"""The trail of an article, from its feed entry to its alert messages: each step with its time and record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from typing import TYPE_CHECKING

from pipelines.archive.captures import read_captures
from pipelines.errors import InputError
from schemas.records import CaptureRef
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Article, FeedEntry, Observation, OutboxMessage
    from schemas.serial import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The feed entry that led to a capture."""

    feed_url: str
    entry_id: str
    published: datetime | None
    listed_at: datetime | None
    """Time when we first saw the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCapture:
    """A capture of the article."""

    fetched_at: datetime
    archive_record: str
    revision_digest: str
    """Digest of the captured text."""
    missing: str | None = None
    """Reason why the archive no longer has the capture; then the following attributes are unknown."""
    kind: str | None = None
    url: str | None = None
    """The requested address."""
    final_url: str | None = None
    """The address that answered, if it differs."""
    status: int | None = None
    """The HTTP status."""
    origin: Origin | None = None
    """The feed entry; ``None`` for seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message to a channel."""

    kind: str
    channel: str
    created_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAlert:
    """An alert of the article's story."""

    alert_id: str
    rule_id: str
    rule_version: str
    matched_at: datetime
    origin: str
    state: str
    by_this_article: bool
    """True if the article matches; otherwise another article of the story does."""
    messages: tuple[SentMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The trail of an article."""

    article_id: str
    captures: tuple[TrailCapture, ...]
    """Captures in order of time."""
    revision: int
    canonical_id: str | None
    story_id: str | None
    alerts: tuple[TrailAlert, ...]


def trail_as_dict(trail: Trail) -> JsonObject:
    """Return a trail as JSON values; the key of an alert's messages is ``told``."""
    values = to_dict(trail)
    renamed = [
        {"told" if name == "messages" else name: value for name, value in alert.items()} for alert in values["alerts"]
    ]
    return values | {"alerts": renamed}


def trail_of(article: Article, archive: Path, store: Store) -> Trail:
    """Return the trail of an article from the archive and the store."""
    alerts = store.alerts_of_stories([article.story_id]) if article.story_id else []
    messages = store.outbox_of_alerts([alert.id for alert in alerts]) if alerts else []
    return Trail(
        article_id=article.id,
        captures=tuple(_trail_capture(observation, archive) for observation in article.observations),
        revision=article.revision,
        canonical_id=article.canonical_id,
        story_id=article.story_id,
        alerts=tuple(_trail_alert(alert, article, messages) for alert in alerts),
    )


def _trail_capture(observation: Observation, archive: Path) -> TrailCapture:
    file, _, offset = observation.archive_record.rpartition("@")
    known = TrailCapture(
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


def _trail_alert(alert: Alert, article: Article, messages: Sequence[OutboxMessage]) -> TrailAlert:
    return TrailAlert(
        alert_id=alert.id,
        rule_id=alert.rule_id,
        rule_version=alert.rule_version,
        matched_at=alert.matched_at,
        origin=alert.origin,
        state=alert.state,
        by_this_article=any(match.article_id == article.id for match in alert.matches),
        messages=tuple(
            SentMessage(
                kind=message.kind,
                channel=message.channel,
                created_at=message.created_at,
                delivered_at=message.delivered_at,
                last_error=message.last_error,
            )
            for message in messages
            if message.alert_id == alert.id
        ),
    )
