"""Alerts and the messages about them. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


class AlertState(StrEnum):
    """State of an alert."""

    NEW = "new"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    """Acknowledged, then extended by further articles that call for another message."""
    MUTED = "muted"


class AlertOrigin(StrEnum):
    """Origin of an alert."""

    LIVE = "live"
    """An article, as it arrived."""
    REPLAY = "replay"
    """The archive, processed again."""
    BACKFILL = "backfill"
    """Rules applied to articles already in the store."""


class MessageKind(StrEnum):
    """Kind of a message about an alert."""

    NEW = "new"
    """A rule matches a story for the first time."""
    ESCALATED = "escalated"
    """An alert that was sent before has grown."""
    EDITED = "edited"
    """An outlet has changed its text: a term was added or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMatch:
    """A match within an alert: the article and the position in it."""

    article_id: str
    field: str
    sentence: str
    start: int
    end: int
    form: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A match of one rule with one story."""

    id: str
    """Hash of rule and story."""
    rule_id: str
    rule_version: str
    story_id: str
    article_id: str
    """The first article that matched."""
    matched_at: datetime
    """Time at which the match was made, not of publication."""
    matches: tuple[AlertMatch, ...]
    state: AlertState = AlertState.NEW
    origin: AlertOrigin = AlertOrigin.LIVE
    thread: str | None = None
    """Id under which the alert was first raised. It stays when stories merge or split; ``None`` if unknown."""
    severity: str | None = None
    """Severity of its rule; ``None`` if unknown."""
    former_ids: tuple[str, ...] = ()
    """Ids of the alerts that it replaced when stories merged, split or got another id; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message about one alert to one channel. Written before the alert and never removed: the record of delivery."""

    id: str
    """Hash of alert, time of its match, channel, kind and new content: a receiver can drop repeats by it."""
    alert_id: str
    """Id of its alert. When the alert gets another id or is joined with another alert, this id follows."""
    channel: str
    kind: MessageKind = MessageKind.NEW
    reason: str | None = None
    """Changes since the alert was last sent, as text for people; ``None`` for a new alert."""
    article_ids: tuple[str, ...] = ()
    """Ids of the articles that caused the message, earliest first; empty for a new alert."""
    topic: str | None = None
    """Key by which the throttle of its rule counts messages; ``None`` for a message that is never held back."""
    created_at: datetime
    attempts: int = 0
    next_attempt: datetime
    delivered_at: datetime | None = None
    """Time at which its channel accepted it, or it turned out not to be needed (``last_error`` has the reason)."""
    last_error: str | None = None
