"""The messages of an alert: one for each channel, with an id that stays the same however often it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.alerts.policy import digest
from schemas.records import AlertState, MessageKind, OutboxMessage
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pipelines.alerts.policy import AlertPolicy
    from pipelines.alerts.updates import Update
    from schemas.records import Alert


def message_id(alert: str, channel: str, kind: MessageKind, about: Iterable[str] = ()) -> str:
    """The id of an outbox message: the same message always has the same, so that a receiver can drop repeats."""
    return digest("message", alert, channel, kind, *about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Makes the messages of one alert."""

    alert: Alert
    source: str
    """The outlet of its first article, or that article where it is unknown."""
    policy: AlertPolicy
    now: datetime

    def first(self, news: Sequence[Update], *, by_edit: bool) -> list[OutboxMessage]:
        """The alert is told; when it is an edit that made it, with what the edit changed."""
        if by_edit and news:
            return self.further(news)
        return [self._message(channel, MessageKind.NEW) for channel in self._channels]

    def again(self, untold: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """The alert is a part of another which goes on without it, and which these channels were still to be told."""
        # With the time: a part may join others, which settles its message, and go from them again.
        about = [time_to_text(self.now), *sorted(one.id for one in untold)]
        return [
            self._message(channel, MessageKind.NEW, about=about)
            for channel in sorted({message.channel for message in untold})
        ]

    def further(self, news: Sequence[Update]) -> list[OutboxMessage]:
        """What has come to an alert that was told."""
        return [
            self._message(channel, one.kind, reason=one.reason, about=one.about, article_ids=one.article_ids)
            for one in news
            for channel in self._channels
        ]

    @property
    def _channels(self) -> tuple[str, ...]:
        return () if self.alert.state is AlertState.MUTED else self.policy.channels(self.alert.rule_id)

    def _message(
        self,
        channel: str,
        kind: MessageKind,
        *,
        reason: str | None = None,
        about: Iterable[str] = (),
        article_ids: tuple[str, ...] = (),
    ) -> OutboxMessage:
        alert = self.alert
        # A story may lose all its matching articles to others, and its alert with them, and match again later: the time
        # of the match tells the two alerts with one id apart.
        return OutboxMessage(
            id=message_id(alert.id, channel, kind, (time_to_text(alert.matched_at), *about)),
            alert_id=alert.id,
            channel=channel,
            kind=kind,
            reason=reason,
            article_ids=article_ids,
            topic=self.policy.topic(alert.rule_id, channel, thread=alert.thread or alert.id, source=self.source),
            created_at=self.now,
            next_attempt=self.now,
        )
