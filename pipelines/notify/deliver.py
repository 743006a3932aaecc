"""The outbox is emptied: at least once, each channel at its own pace.

A message is recorded as delivered right after its channel took it. A crash between the two repeats it, with the same
id. A channel that is not configured keeps its messages waiting; so does one that fails, with growing pauses, without
end: an alert is never given up.

The last message of an alert is recorded after the alert: a crash between leaves a pending message of an alert that
says ``delivered``, which the next delivery records without sending it again.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from pipelines.notify.notice import Notice
from schemas.records import AlertState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from pipelines.notify.channels import Channel
    from schemas.records import Alert, Article, OutboxMessage, Story

BATCH = 200
"""Messages read with their alerts, stories and articles at a time: bounds memory in a storm."""
FIRST_PAUSE = timedelta(minutes=1)
"""Before the second attempt: a restart of the receiver or a rate limit is over by then."""
LONGEST_PAUSE = timedelta(hours=1)
"""Cap of the doubling: a receiver repaired after a night gets its alerts within the hour."""
ORPHAN_AGE = timedelta(days=7)
"""How long a message waits for its alert. A crash leaves it without for one run; a merged story, for good."""
PARKED = timedelta(days=3650)
"""The next attempt of a message whose alert is gone for good. Its record stays; it is not looked at again."""
_HORIZON = timedelta(days=365)
"""Everything that waits is due within it, parked messages are not."""
FAILURES_IN_A_ROW = 2
"""Failures after which a channel rests for this delivery: each may be a time-out of many seconds."""
MAX_ERROR = 500
"""Characters kept of an error."""


class OutboxStore(Protocol):
    """What delivery needs of a store (see ``pipelines.stores.protocol``)."""

    def exclusive(self) -> AbstractContextManager[None]: ...  # noqa: D102

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]: ...  # noqa: D102

    def write_outbox(self, messages: Sequence[OutboxMessage]) -> None: ...  # noqa: D102

    def alerts(self, ids: Collection[str]) -> dict[str, Alert]: ...  # noqa: D102

    def write_alerts(self, alerts: Sequence[Alert]) -> None: ...  # noqa: D102

    def stories(self, ids: Collection[str]) -> dict[str, Story]: ...  # noqa: D102

    def articles(self, ids: Collection[str]) -> dict[str, Article]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What a delivery came to."""

    sent: int = 0
    failed: int = 0
    """Attempts that failed; the messages stay in the outbox."""
    waiting: int = 0
    """Messages still in the outbox, those in a pause and those without a configured channel included."""
    problems: tuple[str, ...] = ()
    """One line for each channel with a problem, with the remedy."""


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: doubled each time, up to ``LONGEST_PAUSE``."""
    doublings = min(attempts - 1, 20)  # beyond the cap by far, and no overflow
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


def deliver(
    store: OutboxStore,
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    severities: Mapping[str, str] | None = None,
) -> DeliveryReport:
    """Send every due message, record every attempt, mark alerts whose messages are all delivered.

    Args:
        store: where the outbox is.
        channels: by the name which messages have.
        now: time of the delivery, UTC: what is due, and what is recorded.
        severities: by rule id; ``medium`` where missing.
    """
    pending = store.outbox_pending(now + _HORIZON)
    due = [message for message in pending if message.next_attempt <= now]
    problems: dict[str, str] = {}
    missing = Counter(message.channel for message in pending if message.channel not in channels)
    for name, count in sorted(missing.items()):
        problems[name] = (
            f"channel '{name}' is not configured: {count} message{'s wait' if count > 1 else ' waits'} for it; "
            f"add it to [channels] in wirepicket.toml, or take it from the rule's notify list"
        )
    delivery = _Delivery(store, channels, now, Counter(message.alert_id for message in pending), problems)
    for batch in _batches(message for message in due if message.channel in channels):
        delivery.run(batch, severities or {})
    return DeliveryReport(
        sent=delivery.sent,
        failed=delivery.failed,
        waiting=len(pending) - delivery.sent - delivery.settled,
        problems=tuple(problems[name] for name in sorted(problems)),
    )


class _Delivery:
    """One delivery in progress: its counts, and the channels that rest."""

    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[str, Channel],
        now: datetime,
        unsent: Counter[str],
        problems: dict[str, str],
    ) -> None:
        self._store = store
        self._channels = channels
        self._now = now
        self._unsent = unsent  # by alert, its messages not delivered yet
        self._problems = problems
        self._failures: Counter[str] = Counter()  # in a row, by channel
        self.sent = self.failed = self.settled = 0

    def run(self, batch: Sequence[OutboxMessage], severities: Mapping[str, str]) -> None:
        """Send a batch."""
        alerts = self._store.alerts({message.alert_id for message in batch})
        to_send: list[OutboxMessage] = []
        decided: list[OutboxMessage] = []
        for message in batch:
            settled = _settled(message, alerts.get(message.alert_id), self._now)
            if settled:
                decided.append(settled)
            elif self._failures[message.channel] < FAILURES_IN_A_ROW:
                to_send.append(message)
        if decided:
            self._store.write_outbox(decided)
        for message in decided:
            if message.delivered_at:
                self.settled += 1
                self._unsent[message.alert_id] -= 1
        notices = _notices(self._store, to_send, alerts, severities)
        for message, error in _send(to_send, notices, self._channels, self._failures):
            if error is None:
                self._record_sent(message)
            else:
                self._record_failure(message, error)

    def _record_sent(self, message: OutboxMessage) -> None:
        self.sent += 1
        self._unsent[message.alert_id] -= 1
        if self._unsent[message.alert_id] <= 0:
            with self._store.exclusive():  # a regrouping may be adding matches to the alert at this moment
                alert = self._store.alerts([message.alert_id]).get(message.alert_id)
                if alert and alert.state is AlertState.NEW:
                    self._store.write_alerts([replace(alert, state=AlertState.DELIVERED)])
        self._store.write_outbox(
            [replace(message, attempts=message.attempts + 1, delivered_at=self._now, last_error=None)]
        )

    def _record_failure(self, message: OutboxMessage, error: str) -> None:
        self.failed += 1
        attempts = message.attempts + 1
        next_attempt = self._now + pause_after(attempts)
        self._store.write_outbox([replace(message, attempts=attempts, next_attempt=next_attempt, last_error=error)])
        self._problems[message.channel] = f"{error}; it will be tried again"


def _batches(messages: Iterable[OutboxMessage]) -> Iterator[list[OutboxMessage]]:
    waiting = iter(messages)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _settled(message: OutboxMessage, alert: Alert | None, now: datetime) -> OutboxMessage | None:
    """The message with its end, when it is not to be sent; ``None`` when it is.

    A message without its alert waits; when the alert's story was merged into another, whose alert took its place,
    it would wait for ever. An alert which is already delivered, acknowledged or muted (it took over from one that
    was) needs no message.
    """
    if alert is None:
        if now - message.created_at < ORPHAN_AGE:
            return replace(message, next_attempt=now + FIRST_PAUSE, last_error="its alert is not in the store yet")
        return replace(message, next_attempt=now + PARKED, last_error="its alert no longer exists")
    if alert.state is not AlertState.NEW:
        return replace(message, delivered_at=now, last_error=f"not sent: the alert was already {alert.state}")
    return None


def _notices(
    store: OutboxStore,
    messages: Sequence[OutboxMessage],
    alerts: Mapping[str, Alert],
    severities: Mapping[str, str],
) -> dict[str, Notice]:
    wanted = [alerts[message.alert_id] for message in messages]
    stories = store.stories({alert.story_id for alert in wanted})
    articles = store.articles({alert.article_id for alert in wanted})
    return {
        message.id: Notice(
            message_id=message.id,
            alert=alert,
            severity=severities.get(alert.rule_id, "medium"),
            story=stories.get(alert.story_id),
            article=articles.get(alert.article_id),
        )
        for message, alert in zip(messages, wanted, strict=True)
    }


def _send(
    messages: Sequence[OutboxMessage],
    notices: Mapping[str, Notice],
    channels: Mapping[str, Channel],
    failures: Counter[str],
) -> Iterator[tuple[OutboxMessage, str | None]]:
    """Send, every channel in a thread of its own; yield each message as soon as its channel is done with it.

    A channel with ``FAILURES_IN_A_ROW`` stops; its other messages are not yielded and stay as they are.
    """
    by_channel: defaultdict[str, list[OutboxMessage]] = defaultdict(list)
    for message in messages:
        by_channel[message.channel].append(message)
    done: queue.SimpleQueue[tuple[OutboxMessage, str | None] | None] = queue.SimpleQueue()
    stop = threading.Event()

    def work(name: str) -> None:
        try:
            for message in by_channel[name]:
                if stop.is_set() or failures[name] >= FAILURES_IN_A_ROW:
                    break
                error = _attempt(channels[name], notices[message.id])
                failures[name] = failures[name] + 1 if error else 0
                done.put((message, error))
        finally:
            done.put(None)

    threads = [threading.Thread(target=work, args=(name,), name=f"notify-{name}") for name in sorted(by_channel)]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = done.get()
            if item is None:
                running -= 1
            else:
                yield item
    finally:
        stop.set()  # the store failed or we were interrupted: what is being sent now is the last
        for thread in threads:
            thread.join()


def _attempt(channel: Channel, notice: Notice) -> str | None:
    """Send one notice; the error's text when it failed."""
    try:
        channel.send(notice)
    except Exception as error:  # noqa: BLE001 - whatever a receiver's library raises, the other channels go on
        return f"{type(error).__name__}: {error}"[:MAX_ERROR]
    return None
