"""The messages of an alert, one per channel, with ids that do not depend on how often the alert is decided."""

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
    """Return the id of an outbox message: always the same for the same message, so that a receiver can drop repeats."""
    return digest("message", alert, channel, kind, *about)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWriter:
    """A writer of the messages of one alert."""

    alert: Alert
    source: str
    """The outlet of the alert's first article, or the id of that article if the outlet is unknown."""
    policy: AlertPolicy
    now: datetime

    def new_alert(self, updates: Sequence[Update], *, by_edit: bool) -> list[OutboxMessage]:
        """Return the first messages of an alert; if an edit caused it, they state the change."""
        if by_edit and updates:
            return self.updates(updates)
        return [self._message(channel, MessageKind.NEW) for channel in self._channels]

    def repeat(self, unsent: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Return messages for an alert that split from another one whose messages were still unsent.

        ``unsent`` are those messages of the other alert; it keeps them.
        """
        # The ids include the time: a part may rejoin, which settles its message, and split off again.
        about = [time_to_text(self.now), *sorted(message.id for message in unsent)]
        return [
            self._message(channel, MessageKind.NEW, about=about)
            for channel in sorted({message.channel for message in unsent})
        ]

    def updates(self, updates: Sequence[Update]) -> list[OutboxMessage]:
        """Return the messages about updates of an alert that was sent."""
        return [
            self._message(
                channel, update.kind, reason=update.reason, about=update.about, article_ids=update.article_ids
            )
            for update in updates
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
        # A story may lose all its matching articles, and thus its alert, and match again later. The two alerts have
        # the same id; the time of the match distinguishes them.
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
