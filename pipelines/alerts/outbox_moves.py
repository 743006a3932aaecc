"""Messages follow their alert to the id that it gets when its story gets another, is split or joins another.

A message keeps its own id on that way. So a receiver can drop a repeat even where the story has moved between the
sending and its record, and what waits (for a throttle, a channel that is down) is not left behind.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.records import AlertState, MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.messages import Speaker
    from schemas.records import Alert, OutboxMessage, Story

SETTLED = "not sent: the channel has had it from an alert that this one follows"
STOOD_IN = "not sent: another message tells it"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentAlert:
    """An alert that stands after a decision, and what it follows."""

    alert: Alert
    story: Story
    related: tuple[Alert, ...]
    """Alerts of its rule about the story's articles, as they were, earliest first."""
    speaker: Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What becomes of the messages of one alert."""

    moved: tuple[OutboxMessage, ...] = ()
    """Messages that are there already, as they are now."""
    fresh: tuple[OutboxMessage, ...] = ()
    """Messages for channels where what it was part of is still to be told, and goes on without it."""
    told: bool = False
    """Whether every channel has had it by now."""


def settled(
    waiting: Iterable[OutboxMessage], instead: Iterable[OutboxMessage], now: datetime
) -> Iterator[OutboxMessage]:
    """Messages that wait under the id of an alert which is raised only now, and which others stand in for.

    Whoever wrote them died before it wrote their alert, or the alert has gone again before it was told.
    """
    kept = {message.id for message in instead}
    for message in waiting:
        if not message.delivered_at and message.id not in kept:
            yield replace(message, delivered_at=now, last_error=STOOD_IN)


def heirs(standing: Sequence[CurrentAlert], gone: Iterable[str]) -> dict[str, str]:
    """For each alert that is gone the one which takes its messages, by id; none where nothing of it is left.

    Of several parts it is the one with the article that it spoke of first.
    """
    parts: defaultdict[str, list[tuple[bool, str]]] = defaultdict(list)
    for one in standing:
        for before in one.related:
            parts[before.id].append((before.article_id not in one.story.article_ids, one.alert.id))
    return {alert: min(parts[alert])[1] for alert in gone if alert in parts}


def former_ids(one: CurrentAlert, heir_of: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids under which an alert was known or which others had that it has taken the place of, sorted.

    Whoever was sent one of them finds the alert by it.
    """
    own = one.alert.id
    taken = [before for before in one.related if before.id == own or heir_of.get(before.id) == own]
    return tuple(sorted({name for before in taken for name in (before.id, *before.former_ids)} - {own}))


def follow(
    one: CurrentAlert, messages: Mapping[str, Sequence[OutboxMessage]], heir_of: Mapping[str, str], *, known: bool
) -> Followed:
    """Decide on the messages of an alert, its own and those it takes over.

    Args:
        one: the alert.
        messages: by alert, every message there is.
        heir_of: who takes the messages of alerts that are gone.
        known: whether the alert had its id before, and messages: where it has none, whoever wrote it died before those
            of an earlier id had followed, and they may go to another part of it.

    A channel is told once that an alert is new: of several such messages the earliest stays, and none where the channel
    has had one of any alert that this one follows.
    """
    alert = one.alert
    inherited = [before.id for before in one.related if heir_of.get(before.id) == alert.id]
    elsewhere = [before.id for before in one.related if before.id not in {alert.id, *inherited}]
    if not (inherited or elsewhere):
        return Followed()
    ours = [message for before in dict.fromkeys((alert.id, *inherited)) for message in messages.get(before, ())]
    others = [message for before in elsewhere for message in messages.get(before, ())]
    # A message from before the first match is of another alert, which had the id once, or was to have it when whoever
    # wrote it died. One that another stands in for is settled, and yet nobody has had it: the other tells whether.
    had = [
        message
        for message in (*ours, *others)
        if message.created_at >= alert.matched_at and message.last_error != STOOD_IN
    ]
    tells = {message.channel for message in had}
    reached = {message.channel for message in had if message.delivered_at}
    waiting: set[str] = set()
    moved: list[OutboxMessage] = []
    for message in sorted(ours, key=lambda message: (message.created_at, message.id)):
        now = replace(message, alert_id=alert.id)
        if alert.state is AlertState.NEW and message in had and not message.delivered_at:
            if message.kind is MessageKind.NEW and message.channel in reached | waiting:
                why = SETTLED if message.channel in reached else STOOD_IN
                now = replace(now, delivered_at=one.speaker.now, last_error=why)
            waiting.add(message.channel)
        elif message not in had and not message.delivered_at and message.channel in tells:
            now = replace(now, delivered_at=one.speaker.now, last_error=STOOD_IN)
        if now != message:
            moved.append(now)
    untold = [message for message in others if message in had and message.channel not in reached | waiting]
    again = [] if known or alert.state is not AlertState.NEW else one.speaker.again(untold)
    # A part that joined again before it was told, and goes once more: its message is there, and was settled then.
    stood_in = {message.id for message in (*ours, *others) if message.last_error == STOOD_IN}
    moved += [message for message in again if message.id in stood_in]
    return Followed(
        moved=tuple(moved),
        fresh=tuple(message for message in again if message.id not in stood_in),
        told=bool(had) and reached >= tells,
    )
