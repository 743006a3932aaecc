"""The outbox is emptied: at least once, each channel at its own pace.

A message is recorded as delivered right after its channel took it. A crash between the two repeats it, with the same
id. A channel that is not configured keeps its messages waiting; so does one that fails, with growing pauses, without
end: an alert is never given up. What the throttle of a rule holds back waits likewise until its window ends, and goes
out as one digest (``parcels``).

The last message of an alert is recorded after the alert: a crash between leaves a pending message of an alert that
says ``delivered``, which the next delivery records without sending it again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from pipelines.alerts.outbox_moves import STOOD_IN
from pipelines.alerts.policy import AlertPolicy
from pipelines.backoff import doubled
from pipelines.notify.digests import MAX_PARCEL, Parcel, batches, pack
from pipelines.notify.notice import notice_of
from pipelines.notify.sending import FAILURES_IN_A_ROW, send
from schemas.records import AlertState, MessageKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from pipelines.notify.channels import Channel
    from pipelines.notify.notice import Notice
    from schemas.records import Alert, Article, OutboxMessage, Story

BATCH = MAX_PARCEL
"""Messages read with their alerts, stories and articles at a time: bounds memory in a storm."""
FIRST_PAUSE = timedelta(minutes=1)
"""Before the second attempt: a restart of the receiver or a rate limit is over by then."""
LONGEST_PAUSE = timedelta(hours=1)
"""Cap of the doubling: a receiver repaired after a night gets its alerts within the hour."""
ORPHAN_AGE = timedelta(days=7)
"""How long a message waits for its alert. A crash leaves it without for one run, or for good where the next run groups
otherwise; so does an edit that takes away what matched."""
PARKED = timedelta(days=3650)
"""The next attempt of a message whose alert is gone for good. Its record stays; it is not looked at again."""
_HORIZON = timedelta(days=365)
"""Everything that waits is due within it, parked messages are not."""


class OutboxStore(Protocol):
    """What delivery needs of a store (see ``pipelines.stores.protocol``)."""

    def exclusive(self) -> AbstractContextManager[None]: ...  # noqa: D102

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]: ...  # noqa: D102

    def last_sent(self, topics: Collection[str], since: datetime) -> dict[str, datetime]: ...  # noqa: D102

    def outbox(self, ids: Collection[str]) -> dict[str, OutboxMessage]: ...  # noqa: D102

    def outbox_of_alerts(self, alert_ids: Collection[str]) -> list[OutboxMessage]: ...  # noqa: D102

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
    """Messages still in the outbox: in a pause, held back by a throttle, or without a configured channel."""
    held: int = 0
    """Messages which a throttle has held back now, for a digest."""
    problems: tuple[str, ...] = ()
    """One line for each channel with a problem, with the remedy."""

    def __add__(self, later: DeliveryReport) -> DeliveryReport:
        """Return the report of this delivery and a later one, after which fewer messages may wait."""
        return DeliveryReport(
            sent=self.sent + later.sent,
            failed=self.failed + later.failed,
            waiting=later.waiting,
            held=self.held + later.held,
            problems=tuple(dict.fromkeys((*self.problems, *later.problems))),
        )


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: doubled each time, up to ``LONGEST_PAUSE``."""
    return doubled(FIRST_PAUSE, LONGEST_PAUSE, attempts)


def deliver(
    store: OutboxStore, channels: Mapping[str, Channel], now: datetime, policy: AlertPolicy | None = None
) -> DeliveryReport:
    """Send every due message, record every attempt, mark alerts whose messages are all delivered.

    Args:
        store: where the outbox is.
        channels: by the name which messages have.
        now: time of the delivery, UTC: what is due, and what is recorded.
        policy: the rules in force: their severities and throttles.
    """
    policy = policy or AlertPolicy()
    pending = store.outbox_pending(now + _HORIZON)
    due = [message for message in pending if message.next_attempt <= now]
    problems: dict[str, str] = {}
    missing = Counter(message.channel for message in pending if message.channel not in channels)
    for name, count in sorted(missing.items()):
        problems[name] = (
            f"channel '{name}' is not configured: {count} message{'s wait' if count > 1 else ' waits'} for it; "
            f"add it to [channels] in wirepicket.toml, or take it from the rule's notify list"
        )
    unsent = Counter(message.alert_id for message in pending)
    delivery = _Delivery(store, channels, now, policy, unsent=unsent, problems=problems)
    sendable = [message for message in due if message.channel in channels]
    for start in range(0, len(sendable), BATCH):
        delivery.settle(sendable[start : start + BATCH])
    for batch in batches(delivery.pack(), BATCH):
        delivery.run(batch)
    return DeliveryReport(
        sent=delivery.sent,
        failed=delivery.failed,
        waiting=len(pending) - delivery.sent - delivery.settled,
        held=delivery.held,
        problems=tuple(problems[name] for name in sorted(problems)),
    )


class _Delivery:
    """One delivery in progress: its counts, what is left to send, and the channels that rest."""

    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[str, Channel],
        now: datetime,
        policy: AlertPolicy,
        *,
        unsent: Counter[str],
        problems: dict[str, str],
    ) -> None:
        self._store = store
        self._channels = channels
        self._now = now
        self._policy = policy
        self._unsent = unsent  # by alert, its messages not delivered yet
        self._problems = problems
        self._left: list[tuple[OutboxMessage, str]] = []  # to be sent, each with the rule it speaks for
        self._first: dict[tuple[str, str], str] = {}  # by alert and channel, the message that tells that it is new
        self._failures: Counter[str] = Counter()  # in a row, by channel
        self.sent = self.failed = self.settled = self.held = 0

    def settle(self, batch: Sequence[OutboxMessage]) -> None:
        """Record the end of messages that are not to be sent; keep the others."""
        alerts = self._store.alerts({message.alert_id for message in batch})
        decided: list[OutboxMessage] = []
        for message in batch:
            alert = alerts.get(message.alert_id)
            settled = _settled(message, alert, self._now) or self._stood_in_for(message)
            if settled:
                decided.append(settled)
            elif alert:
                self._left.append((message, alert.rule_id))
        self._record(decided)
        for message in decided:
            if message.delivered_at:
                self.settled += 1
                self._unsent[message.alert_id] -= 1

    def _stood_in_for(self, message: OutboxMessage) -> OutboxMessage | None:
        """The message with its end, when an earlier one tells the channel that the alert is new.

        Whoever died between the alert and its messages may have left two.
        """
        if message.kind is not MessageKind.NEW:
            return None
        first = self._first.setdefault((message.alert_id, message.channel), message.id)
        return None if first == message.id else replace(message, delivered_at=self._now, last_error=STOOD_IN)

    def pack(self) -> list[Parcel]:
        """What goes out now, as the throttles of the rules allow; the rest is put off."""
        windows = {message.id: self._policy.window(rule_id) for message, rule_id in self._left}
        topics = {message.topic for message, _ in self._left if message.topic}
        longest = max(windows.values(), default=timedelta())
        spoken = self._store.last_sent(topics, self._now - longest) if topics else {}
        parcels, held = pack(
            (message for message, _ in self._left), spoken, lambda message: windows[message.id], self._now
        )
        self._record(held)
        self.held = len(held)
        return parcels

    def run(self, batch: Sequence[Parcel]) -> None:
        """Send parcels."""
        to_send = [parcel for parcel in batch if self._failures[parcel.channel] < FAILURES_IN_A_ROW]
        notices = self._notices(to_send)
        for parcel, error in send(notices, self._channels, self._failures):
            if error is None:
                self._record_sent(parcel)
            else:
                self._record_failure(parcel, error)

    def _notices(self, parcels: Sequence[Parcel]) -> dict[Parcel, Notice]:
        """What is said of parcels, but for messages that cannot be told now: the next delivery comes back to them."""
        alerts = self._store.alerts({message.alert_id for parcel in parcels for message in parcel.messages})
        stories = self._store.stories({alert.story_id for alert in alerts.values()})
        brought = {one for parcel in parcels for message in parcel.messages for one in message.article_ids}
        articles = self._store.articles(brought | {alert.article_id for alert in alerts.values()})

        def can_be_told(message: OutboxMessage) -> bool:
            # An alert that has gone since it was looked at has given its messages to another. One without its story is
            # about to go: a regrouping is at it, or has died over it, and another alert may speak for it already.
            alert = alerts.get(message.alert_id)
            return alert is not None and (alert.story_id in stories or self._now - message.created_at >= ORPHAN_AGE)

        notices: dict[Parcel, Notice] = {}
        for parcel in parcels:
            messages = tuple(filter(can_be_told, parcel.messages))
            if messages:
                told = replace(parcel, messages=messages)
                notices[told] = notice_of(messages, alerts, stories, articles, self._policy)
        return notices

    def _record_sent(self, parcel: Parcel) -> None:
        self.sent += len(parcel.messages)
        self._unsent.subtract(message.alert_id for message in parcel.messages)
        sent = [
            replace(message, attempts=message.attempts + 1, delivered_at=self._now, last_error=None)
            for message in parcel.messages
        ]
        with self._store.exclusive():  # a regrouping may be changing the alerts at this moment
            now = self._as_they_are(sent)
            done = {one.alert_id for one in now if self._unsent[one.alert_id] <= 0} - self._left_of(parcel, now)
            alerts = self._store.alerts(done).values()
            new = [alert for alert in alerts if alert.state is AlertState.NEW]
            if new:
                self._store.write_alerts([replace(alert, state=AlertState.DELIVERED) for alert in new])
            self._store.write_outbox(now)

    def _left_of(self, parcel: Parcel, now: Iterable[OutboxMessage]) -> set[str]:
        """Alerts to which messages have moved while they were sent, and of which others are still to be sent."""
        moved = {one.alert_id for one in now} - {message.alert_id for message in parcel.messages}
        sent = {message.id for message in parcel.messages}
        return {
            one.alert_id
            for one in (self._store.outbox_of_alerts(moved) if moved else ())
            if one.delivered_at is None and one.id not in sent
        }

    def _record(self, messages: Sequence[OutboxMessage]) -> None:
        if messages:
            with self._store.exclusive():
                self._store.write_outbox(self._as_they_are(messages))

    def _as_they_are(self, messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """What is to be recorded, of the alerts which the messages speak of by now; nothing more of what has its end.

        While something is sent, a regrouping may have its alert go on under another id.
        """
        now = self._store.outbox([message.id for message in messages])
        return [
            replace(message, alert_id=now[message.id].alert_id)
            for message in messages
            if message.delivered_at or not now[message.id].delivered_at
        ]

    def _record_failure(self, parcel: Parcel, error: str) -> None:
        self.failed += 1
        attempts = max(message.attempts for message in parcel.messages) + 1
        next_attempt = self._now + pause_after(attempts)
        self._record(
            [
                replace(message, attempts=attempts, next_attempt=next_attempt, last_error=error)
                for message in parcel.messages
            ]
        )
        self._problems[parcel.channel] = f"{error}; it will be tried again"


def _settled(message: OutboxMessage, alert: Alert | None, now: datetime) -> OutboxMessage | None:
    """The message with its end, when it is not to be sent; ``None`` when it is.

    A message without its alert waits, but not for ever. An alert which is already delivered, acknowledged or muted (it
    took over from one that was) needs no message that it is new; what came to it later is said unless it is muted.
    """
    if alert is None:
        if now - message.created_at < ORPHAN_AGE:
            return replace(message, next_attempt=now + FIRST_PAUSE, last_error="its alert is not in the store yet")
        return replace(message, next_attempt=now + PARKED, last_error="its alert no longer exists")
    unwanted = alert.state is not AlertState.NEW if message.kind is MessageKind.NEW else alert.state is AlertState.MUTED
    if unwanted:
        return replace(message, delivered_at=now, last_error=f"not sent: the alert was already {alert.state}")
    return None
