"""Alerts and the messages that tell of them. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


class AlertState(StrEnum):
    """The life of an alert."""

    NEW = "new"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    """Acknowledged, and more has come to it since."""
    MUTED = "muted"


class AlertOrigin(StrEnum):
    """What made an alert."""

    LIVE = "live"
    """An article as it came in."""
    REPLAY = "replay"
    """The archive processed again."""
    BACKFILL = "backfill"
    """Rules applied to articles which were in the store before."""


class MessageKind(StrEnum):
    """What a message says of its alert."""

    NEW = "new"
    """A rule matches a story for the first time."""
    ESCALATED = "escalated"
    """An alert that was told before has become more."""
    EDITED = "edited"
    """An outlet has changed its text: a term has come or gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMatch:
    """A match within an alert: which article, and where."""

    article_id: str
    field: str
    sentence: str
    start: int
    end: int
    form: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule has matched one story."""

    id: str
    """Hash of rule and story."""
    rule_id: str
    rule_version: str
    story_id: str
    article_id: str
    """The first article that matched."""
    matched_at: datetime
    """When the match was made (not when the article was published)."""
    matches: tuple[AlertMatch, ...]
    state: AlertState = AlertState.NEW
    origin: AlertOrigin = AlertOrigin.LIVE
    thread: str | None = None
    """The id under which it was first raised. It stays when stories merge or split; ``None``: unknown."""
    severity: str | None = None
    """How urgent its rule says it is; ``None``: unknown."""
    former_ids: tuple[str, ...] = ()
    """Ids of alerts that it has taken the place of, when stories merged, split or got another id; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One alert on its way to one channel. Written before the alert, removed never: it is the record of delivery."""

    id: str
    """Hash of alert, time of its match, channel, kind and what is new: lets a receiver drop repeats."""
    alert_id: str
    """The alert it speaks of. Where that has got another id or has joined another, the message has gone with it."""
    channel: str
    kind: MessageKind = MessageKind.NEW
    reason: str | None = None
    """What has changed since the alert was told, for people; ``None`` for a new alert."""
    article_ids: tuple[str, ...] = ()
    """The articles that brought the news, earliest first; empty for a new alert."""
    topic: str | None = None
    """What the throttle of its rule counts by; ``None``: it is never held back."""
    created_at: datetime
    attempts: int = 0
    next_attempt: datetime
    delivered_at: datetime | None = None
    """When its channel took it, or when it turned out that it need not be sent (``last_error`` says why)."""
    last_error: str | None = None
