"""What of the outbox goes out now, and together: the throttle of the rules. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from schemas.records import OutboxMessage

MAX_PARCEL = 200
"""Messages that go out as one: a digest of more is not read, and what goes out is held in memory."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Messages which go to a channel as one, oldest first: those of one topic, or else of one alert."""

    channel: str
    messages: tuple[OutboxMessage, ...]


def pack(
    due: Iterable[OutboxMessage],
    spoken: Mapping[str, datetime],
    window: Callable[[OutboxMessage], timedelta],
    now: datetime,
) -> tuple[list[Parcel], list[OutboxMessage]]:
    """What to send now, and the messages that are held back, with the time until when.

    Args:
        due: messages that could be sent, oldest first.
        spoken: when a message of a topic was last sent.
        window: how long its rule is quiet about a topic then.
        now: time of the delivery, UTC.

    What is held back of one topic is due at one time, when its window ends, and so goes out as one digest.
    """
    groups: defaultdict[tuple[str, str], list[OutboxMessage]] = defaultdict(list)
    held: list[OutboxMessage] = []
    for message in due:
        last = spoken.get(message.topic) if message.topic else None
        until = last + window(message) if last else now
        if until > now:
            held.append(replace(message, next_attempt=until))
        else:
            groups[message.channel, message.topic or message.alert_id].append(message)
    parcels = [
        Parcel(channel, tuple(messages[start : start + MAX_PARCEL]))
        for (channel, _), messages in groups.items()
        for start in range(0, len(messages), MAX_PARCEL)
    ]
    return parcels, held


def batches(parcels: Iterable[Parcel], most: int) -> Iterator[list[Parcel]]:
    """Yield parcels together, with so many messages at most unless one parcel has more."""
    batch: list[Parcel] = []
    size = 0
    for parcel in parcels:
        if batch and size + len(parcel.messages) > most:
            yield batch
            batch, size = [], 0
        batch.append(parcel)
        size += len(parcel.messages)
    if batch:
        yield batch
