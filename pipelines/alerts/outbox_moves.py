"""Moves of outbox messages to the present alert when a story changes its id, splits or merges.

A moved message keeps its own id. So a receiver can drop a repeat even if the story changed between the sending and its
record, and a message that waits (for a throttle, or for a channel that is down) is not lost.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.records import AlertState, MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.messages import MessageWriter
    from schemas.records import Alert, OutboxMessage, Story

ALREADY_DELIVERED = "not sent: the channel has had it from an alert that this one follows"
"""Value of ``last_error`` of a message whose channel has received an earlier alert that this one continues."""
REPLACED = "not sent: another message tells it"
"""Value of ``last_error`` of a message that another message replaces. It is stored, and compared with stored values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentAlert:
    """An alert in force after a decision, with the earlier alerts that it continues."""

    alert: Alert
    story: Story
    related: tuple[Alert, ...]
    """Earlier alerts of its rule on the story's articles, unchanged, earliest first."""
    writer: MessageWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMoves:
    """The changes of the messages of one alert."""

    moved: tuple[OutboxMessage, ...] = ()
    """Existing messages, with their changes."""
    added: tuple[OutboxMessage, ...] = ()
    """New messages for channels with an unsent message of an alert that this one split from."""
    delivered: bool = False
    """True if every channel has received a message of the alert."""


def settle_unsent(
    waiting: Iterable[OutboxMessage], replacements: Iterable[OutboxMessage], now: datetime
) -> Iterator[OutboxMessage]:
    """Yield the unsent messages under the id of a newly raised alert as settled, unless they are among the new ones.

    Such messages exist if an earlier run ended before it wrote their alert, or if their alert was removed unsent.
    """
    replacing = {message.id for message in replacements}
    for message in waiting:
        if not message.delivered_at and message.id not in replacing:
            yield replace(message, delivered_at=now, last_error=REPLACED)


def successors(current_alerts: Sequence[CurrentAlert], gone: Iterable[str]) -> dict[str, str]:
    """Return the id of the alert that takes over the messages of each removed alert, by the id of the removed one.

    Of several parts it is the one with the first article of the removed alert. An alert of which no part is left has
    no entry.
    """
    parts: defaultdict[str, list[tuple[bool, str]]] = defaultdict(list)
    for current in current_alerts:
        for before in current.related:
            parts[before.id].append((before.article_id not in current.story.article_ids, current.alert.id))
    return {alert: min(parts[alert])[1] for alert in gone if alert in parts}


def former_ids(current: CurrentAlert, successor_of: Mapping[str, str]) -> tuple[str, ...]:
    """Return the former ids of an alert and of the alerts that it replaces, sorted.

    A recipient of a message with a former id can look up the alert by it.
    """
    own = current.alert.id
    taken = [earlier for earlier in current.related if earlier.id == own or successor_of.get(earlier.id) == own]
    return tuple(sorted({name for earlier in taken for name in (earlier.id, *earlier.former_ids)} - {own}))


def follow_messages(
    current: CurrentAlert,
    messages: Mapping[str, Sequence[OutboxMessage]],
    successor_of: Mapping[str, str],
    *,
    known: bool,
) -> MessageMoves:
    """Decide on the messages of an alert: its own and those it takes over.

    Args:
        current: the alert.
        messages: all messages, by alert.
        successor_of: the alerts that take over the messages of removed ones (``successors``).
        known: true if the alert had its present id before, and messages. If it has none, an earlier run ended before
            the messages of a former id had moved, and they may go to another part of the alert.

    Each channel receives one message that an alert is new. Of several such messages the earliest stays, or none if the
    channel has received one of any alert that this one continues.
    """
    alert = current.alert
    inherited = [before.id for before in current.related if successor_of.get(before.id) == alert.id]
    elsewhere = [before.id for before in current.related if before.id not in {alert.id, *inherited}]
    if not (inherited or elsewhere):
        return MessageMoves()
    own = [message for before in dict.fromkeys((alert.id, *inherited)) for message in messages.get(before, ())]
    foreign = [message for before in elsewhere for message in messages.get(before, ())]
    # A message from before the first match belongs to an earlier alert with the same id, or to one that an interrupted
    # run did not write. A replaced message is settled but was not sent: the message that replaces it decides.
    valid = [
        message
        for message in (*own, *foreign)
        if message.created_at >= alert.matched_at and message.last_error != REPLACED
    ]
    channels = {message.channel for message in valid}
    reached = {message.channel for message in valid if message.delivered_at}
    waiting: set[str] = set()
    moved: list[OutboxMessage] = []
    for message in sorted(own, key=lambda message: (message.created_at, message.id)):
        now = replace(message, alert_id=alert.id)
        if alert.state is AlertState.NEW and message in valid and not message.delivered_at:
            if message.kind is MessageKind.NEW and message.channel in reached | waiting:
                reason = ALREADY_DELIVERED if message.channel in reached else REPLACED
                now = replace(now, delivered_at=current.writer.now, last_error=reason)
            waiting.add(message.channel)
        elif message not in valid and not message.delivered_at and message.channel in channels:
            now = replace(now, delivered_at=current.writer.now, last_error=REPLACED)
        if now != message:
            moved.append(now)
    unsent = [message for message in foreign if message in valid and message.channel not in reached | waiting]
    repeats = [] if known or alert.state is not AlertState.NEW else current.writer.repeat(unsent)
    # A part that rejoined before it was sent and now splits off again already has its message, settled at that time.
    replaced = {message.id for message in (*own, *foreign) if message.last_error == REPLACED}
    moved += [message for message in repeats if message.id in replaced]
    return MessageMoves(
        moved=tuple(moved),
        added=tuple(message for message in repeats if message.id not in replaced),
        delivered=bool(valid) and reached >= channels,
    )
