"""Digests: selection of the messages to send now, and together, by the throttles of the rules. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from schemas.records import OutboxMessage

MAX_DIGEST = 200
"""Messages in a digest at most: longer digests are not read, and a digest is kept in memory."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Messages sent to a channel together, oldest first: those of one topic, or else of one alert."""

    channel: str
    messages: tuple[OutboxMessage, ...]


def pack(
    due: Iterable[OutboxMessage],
    last_sent: Mapping[str, datetime],
    window: Callable[[OutboxMessage], timedelta],
    now: datetime,
) -> tuple[list[Digest], list[OutboxMessage]]:
    """Return the digests to send now, and the messages to hold back with their next attempt.

    Args:
        due: messages that could be sent, oldest first.
        last_sent: time of the last message of each topic.
        window: length of the throttle window of a message's rule.
        now: time of the delivery, UTC.

    All messages of a topic that are held back are due at the end of its window, and so are sent as one digest.
    """
    groups: defaultdict[tuple[str, str], list[OutboxMessage]] = defaultdict(list)
    held: list[OutboxMessage] = []
    for message in due:
        previous = last_sent.get(message.topic) if message.topic else None
        until = previous + window(message) if previous else now
        if until > now:
            held.append(replace(message, next_attempt=until))
        else:
            groups[message.channel, message.topic or message.alert_id].append(message)
    digests = [
        Digest(channel, tuple(messages[start : start + MAX_DIGEST]))
        for (channel, _), messages in groups.items()
        for start in range(0, len(messages), MAX_DIGEST)
    ]
    return digests, held


def batches(digests: Iterable[Digest], limit: int) -> Iterator[list[Digest]]:
    """Yield digests in batches of at most ``limit`` messages, unless a single digest has more."""
    batch: list[Digest] = []
    size = 0
    for digest in digests:
        if batch and size + len(digest.messages) > limit:
            yield batch
            batch, size = [], 0
        batch.append(digest)
        size += len(digest.messages)
    if batch:
        yield batch
