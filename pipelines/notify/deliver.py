"""Delivery of the outbox: at least once, with each channel independent of the others.

A message is recorded as delivered directly after its channel has accepted it. After a crash between the two it is sent
again with the same id. Messages of a channel that is not configured wait. Messages of a failing channel are tried again
with growing pauses and no limit, so that no alert is lost. Messages held back by the throttle of a rule wait until its
window ends, and are then sent as one digest (``digests``).

The last message of an alert is recorded after the alert. A crash between the two leaves a pending message of an alert
in state ``delivered``; the next delivery records it without sending it again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from pipelines.alerts.outbox_moves import REPLACED
from pipelines.alerts.policy import AlertPolicy
from pipelines.backoff import doubled
from pipelines.notify.digests import MAX_DIGEST, Digest, batches, pack
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

BATCH = MAX_DIGEST
"""Messages read at a time with their alerts, stories and articles, which bounds memory use."""
FIRST_PAUSE = timedelta(minutes=1)
"""Pause before the second attempt: long enough for a restart of the receiver or a rate limit."""
LONGEST_PAUSE = timedelta(hours=1)
"""Longest pause after doublings: a repaired receiver gets its alerts within the hour."""
ORPHAN_AGE = timedelta(days=7)
"""Time that a message waits for its alert. After a crash the alert is missing for one run, or for good if the next run
groups differently; it is also missing if an edit has removed its matches."""
PARKED = timedelta(days=3650)
"""Time until the next attempt of a message whose alert no longer exists. Its record is kept but not read again."""
_HORIZON = timedelta(days=365)
"""Time within which all waiting messages are due; parked messages are not."""


class OutboxStore(Protocol):
    """The part of a store that delivery needs (see ``pipelines.stores.protocol``)."""

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
    """The result of a delivery."""

    sent: int = 0
    failed: int = 0
    """Failed attempts; their messages stay in the outbox."""
    waiting: int = 0
    """Messages that stay in the outbox: in a pause, held back by a throttle, or without a configured channel."""
    held: int = 0
    """Messages that a throttle has held back in this delivery."""
    problems: tuple[str, ...] = ()
    """One line per channel with a problem, with the remedy."""

    def __add__(self, later: DeliveryReport) -> DeliveryReport:
        """Return the combined report of this delivery and a later one; the waiting messages are those of the later."""
        return DeliveryReport(
            sent=self.sent + later.sent,
            failed=self.failed + later.failed,
            waiting=later.waiting,
            held=self.held + later.held,
            problems=tuple(dict.fromkeys((*self.problems, *later.problems))),
        )


def pause_after(attempts: int) -> timedelta:
    """Return the pause after a number of failed attempts: doubled each time, up to ``LONGEST_PAUSE``."""
    return doubled(FIRST_PAUSE, LONGEST_PAUSE, attempts)


def deliver(
    store: OutboxStore, channels: Mapping[str, Channel], now: datetime, policy: AlertPolicy | None = None
) -> DeliveryReport:
    """Send all due messages, record all attempts, and mark alerts whose messages are all delivered.

    Args:
        store: the store with the outbox.
        channels: the channels by name.
        now: time of the delivery, UTC; it decides on due messages, and is recorded.
        policy: the rules in force, with their severities and throttles.
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
    """A delivery in progress: its counts, the messages still to send, and the failures of channels."""

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
        self._unsent = unsent  # number of undelivered messages by alert
        self._problems = problems
        self._to_send: list[tuple[OutboxMessage, str]] = []  # each with the id of its rule
        self._first_messages: dict[tuple[str, str], str] = {}
        """Id of the message that an alert is new, by alert and channel."""
        self._failures: Counter[str] = Counter()  # consecutive failures by channel
        self.sent = self.failed = self.settled = self.held = 0

    def settle(self, batch: Sequence[OutboxMessage]) -> None:
        """Settle and record the messages that are not to be sent; keep the others for sending."""
        alerts = self._store.alerts({message.alert_id for message in batch})
        decided: list[OutboxMessage] = []
        for message in batch:
            alert = alerts.get(message.alert_id)
            settled = _settle(message, alert, self._now) or self._replaced_by_first(message)
            if settled:
                decided.append(settled)
            elif alert:
                self._to_send.append((message, alert.rule_id))
        self._record(decided)
        for message in decided:
            if message.delivered_at:
                self.settled += 1
                self._unsent[message.alert_id] -= 1

    def _replaced_by_first(self, message: OutboxMessage) -> OutboxMessage | None:
        """Return a message as settled if an earlier one already reports the alert as new to the channel; else ``None``.

        Two such messages exist if a process ended between writing the alert and its messages.
        """
        if message.kind is not MessageKind.NEW:
            return None
        first = self._first_messages.setdefault((message.alert_id, message.channel), message.id)
        return None if first == message.id else replace(message, delivered_at=self._now, last_error=REPLACED)

    def pack(self) -> list[Digest]:
        """Return the digests to send now by the throttles of the rules; postpone the other messages."""
        windows = {message.id: self._policy.window(rule_id) for message, rule_id in self._to_send}
        topics = {message.topic for message, _ in self._to_send if message.topic}
        longest = max(windows.values(), default=timedelta())
        last_sent = self._store.last_sent(topics, self._now - longest) if topics else {}
        digests, held = pack(
            (message for message, _ in self._to_send), last_sent, lambda message: windows[message.id], self._now
        )
        self._record(held)
        self.held = len(held)
        return digests

    def run(self, batch: Sequence[Digest]) -> None:
        """Send digests."""
        to_send = [digest for digest in batch if self._failures[digest.channel] < FAILURES_IN_A_ROW]
        notices = self._notices(to_send)
        for digest, error in send(notices, self._channels, self._failures):
            if error is None:
                self._record_sent(digest)
            else:
                self._record_failure(digest, error)

    def _notices(self, digests: Sequence[Digest]) -> dict[Digest, Notice]:
        """Return the notices of digests, without messages that cannot be sent now; the next delivery retries those."""
        messages = [message for digest in digests for message in digest.messages]
        alerts = self._store.alerts({message.alert_id for message in messages})
        stories = self._store.stories({alert.story_id for alert in alerts.values()})
        article_ids = {article_id for message in messages for article_id in message.article_ids}
        articles = self._store.articles(article_ids | {alert.article_id for alert in alerts.values()})

        def is_sendable(message: OutboxMessage) -> bool:
            # An alert removed since it was read has passed its messages to another. An alert without its story is
            # about to be removed by a running or interrupted regrouping, and another may already have replaced it.
            alert = alerts.get(message.alert_id)
            return alert is not None and (alert.story_id in stories or self._now - message.created_at >= ORPHAN_AGE)

        notices: dict[Digest, Notice] = {}
        for digest in digests:
            sendable = tuple(filter(is_sendable, digest.messages))
            if sendable:
                partial = replace(digest, messages=sendable)
                notices[partial] = notice_of(sendable, alerts, stories, articles, self._policy)
        return notices

    def _record_sent(self, digest: Digest) -> None:
        self.sent += len(digest.messages)
        self._unsent.subtract(message.alert_id for message in digest.messages)
        sent = [
            replace(message, attempts=message.attempts + 1, delivered_at=self._now, last_error=None)
            for message in digest.messages
        ]
        with self._store.exclusive():  # a regrouping may change the alerts at the same time
            now = self._with_present_alerts(sent)
            finished = {message.alert_id for message in now if self._unsent[message.alert_id] <= 0}
            alerts = self._store.alerts(finished - self._alerts_with_unsent(digest, now)).values()
            new = [alert for alert in alerts if alert.state is AlertState.NEW]
            if new:
                self._store.write_alerts([replace(alert, state=AlertState.DELIVERED) for alert in new])
            self._store.write_outbox(now)

    def _alerts_with_unsent(self, digest: Digest, now: Iterable[OutboxMessage]) -> set[str]:
        """Return the alerts to which messages moved while they were sent, and which have other unsent messages."""
        moved = {message.alert_id for message in now} - {message.alert_id for message in digest.messages}
        sent = {message.id for message in digest.messages}
        return {
            message.alert_id
            for message in (self._store.outbox_of_alerts(moved) if moved else ())
            if message.delivered_at is None and message.id not in sent
        }

    def _record(self, messages: Sequence[OutboxMessage]) -> None:
        if messages:
            with self._store.exclusive():
                self._store.write_outbox(self._with_present_alerts(messages))

    def _with_present_alerts(self, messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Return messages to record with the present ids of their alerts, without messages settled in the meantime.

        A regrouping may change the id of an alert while its messages are sent.
        """
        now = self._store.outbox([message.id for message in messages])
        return [
            replace(message, alert_id=now[message.id].alert_id)
            for message in messages
            if message.delivered_at or not now[message.id].delivered_at
        ]

    def _record_failure(self, digest: Digest, error: str) -> None:
        self.failed += 1
        attempts = max(message.attempts for message in digest.messages) + 1
        next_attempt = self._now + pause_after(attempts)
        self._record(
            [
                replace(message, attempts=attempts, next_attempt=next_attempt, last_error=error)
                for message in digest.messages
            ]
        )
        self._problems[digest.channel] = f"{error}; it will be tried again"


def _settle(message: OutboxMessage, alert: Alert | None, now: datetime) -> OutboxMessage | None:
    """Return a message as settled or postponed if it is not to be sent; ``None`` if it is to be sent.

    A message without its alert waits for a limited time. An alert that is already delivered, acknowledged or muted
    (because it continues such an alert) needs no message that it is new; its updates are sent unless it is muted.
    """
    if alert is None:
        if now - message.created_at < ORPHAN_AGE:
            return replace(message, next_attempt=now + FIRST_PAUSE, last_error="its alert is not in the store yet")
        return replace(message, next_attempt=now + PARKED, last_error="its alert no longer exists")
    unwanted = alert.state is not AlertState.NEW if message.kind is MessageKind.NEW else alert.state is AlertState.MUTED
    if unwanted:
        return replace(message, delivered_at=now, last_error=f"not sent: the alert was already {alert.state}")
    return None
