from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.alerts.policy import AlertPolicy
from pipelines.notify.deliver import (
    BATCH,
    FAILURES_IN_A_ROW,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    ORPHAN_AGE,
    deliver,
    pause_after,
)
from schemas.records import AlertState, MessageKind, Rule, Throttle
from tests.unit.notify.conftest import NOW, POLICY, make_message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, OutboxMessage

Raise = "Callable[..., list[Alert]]"
FAR = NOW + timedelta(days=9999)


class Receiver:
    """A channel which keeps what it gets, and fails on the attempts it is told to."""

    def __init__(self, *fails: int) -> None:
        self.fails = set(fails)
        self.attempts = 0
        self.got: list[Notice] = []

    def send(self, notice: Notice) -> None:
        self.attempts += 1
        if self.attempts in self.fails:
            raise OSError("the receiver is down")
        self.got.append(notice)


def states(store: Store) -> set[AlertState]:
    return {alert.state for alert in store.iter_alerts()}


def test_every_message_is_sent_once_and_the_alert_is_delivered(store: Store, raise_alerts: Raise) -> None:
    alerts = raise_alerts(3, "log", "team")
    log, team = Receiver(), Receiver()
    report = deliver(store, {"log": log, "team": team}, NOW, POLICY)
    assert (report.sent, report.failed, report.waiting, report.problems) == (6, 0, 0, ())
    assert [notice.first.alert.id for notice in log.got] == [alert.id for alert in alerts]  # oldest first
    assert {notice.message_id for notice in log.got}.isdisjoint(notice.message_id for notice in team.got)
    assert log.got[0].severity == "high"
    assert log.got[0].first.story == store.stories(["article0"])["article0"]
    assert states(store) == {AlertState.DELIVERED}
    assert deliver(store, {"log": log, "team": team}, NOW).sent == 0
    assert (log.attempts, team.attempts) == (3, 3)


def test_a_storm_goes_in_batches(store: Store, raise_alerts: Raise) -> None:
    raise_alerts(BATCH + 7, "log")
    log = Receiver()
    assert deliver(store, {"log": log}, NOW).sent == BATCH + 7
    assert len({notice.message_id for notice in log.got}) == BATCH + 7
    assert states(store) == {AlertState.DELIVERED}


def test_a_failing_channel_does_not_hold_up_the_others_and_pauses_longer_each_time(
    store: Store, raise_alerts: Raise
) -> None:
    raise_alerts(1, "log", "team")
    log, team = Receiver(), Receiver(1, 2)
    channels = {"log": log, "team": team}
    report = deliver(store, channels, NOW)
    assert (report.sent, report.failed, report.waiting) == (1, 1, 1)
    assert report.problems == ("OSError: the receiver is down; it will be tried again",)
    assert len(log.got) == 1
    assert states(store) == {AlertState.NEW}
    (waiting,) = store.outbox_pending(FAR)
    assert (waiting.attempts, waiting.next_attempt) == (1, NOW + FIRST_PAUSE)
    assert waiting.last_error == "OSError: the receiver is down"
    assert deliver(store, channels, NOW + FIRST_PAUSE / 2).waiting == 1
    assert team.attempts == 1
    second = NOW + FIRST_PAUSE
    assert deliver(store, channels, second).failed == 1
    (waiting,) = store.outbox_pending(FAR)
    assert waiting.next_attempt == second + 2 * FIRST_PAUSE
    assert deliver(store, channels, second + 2 * FIRST_PAUSE).sent == 1
    assert len(team.got) == 1
    assert len(log.got) == 1
    assert states(store) == {AlertState.DELIVERED}


def test_a_channel_that_is_down_rests_after_a_few_failures(store: Store, raise_alerts: Raise) -> None:
    raise_alerts(BATCH + 50, "log", "team")
    log, team = Receiver(), Receiver(*range(1, 1000))
    report = deliver(store, {"log": log, "team": team}, NOW)
    assert (report.sent, report.failed, report.waiting) == (BATCH + 50, FAILURES_IN_A_ROW, BATCH + 50)
    assert team.attempts == FAILURES_IN_A_ROW
    untouched = [message for message in store.outbox_pending(FAR) if not message.attempts]
    assert len(untouched) == BATCH + 50 - FAILURES_IN_A_ROW


def test_a_slow_channel_does_not_hold_up_the_others(store: Store, raise_alerts: Raise) -> None:
    raise_alerts(1, "aslow", "log")
    log_done = threading.Event()

    class Log(Receiver):
        def send(self, notice: Notice) -> None:
            super().send(notice)
            log_done.set()

    class Slow(Receiver):
        def send(self, notice: Notice) -> None:
            assert log_done.wait(20), "the log had to wait for the slow channel"
            super().send(notice)

    slow = Slow()
    assert deliver(store, {"aslow": slow, "log": Log()}, NOW).sent == 2
    assert len(slow.got) == 1


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause_after(attempts) for attempts in (1, 2, 3)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pause_after(100_000) == LONGEST_PAUSE


def test_a_channel_which_is_not_configured_is_reported_once_and_keeps_its_messages(
    store: Store, raise_alerts: Raise
) -> None:
    raise_alerts(3, "log", "analysts")
    log = Receiver()
    report = deliver(store, {"log": log}, NOW)
    (problem,) = report.problems
    assert "'analysts' is not configured: 3 messages wait" in problem
    assert "[channels] in wirepicket.toml" in problem
    assert (report.sent, report.waiting) == (3, 3)
    assert states(store) == {AlertState.NEW}
    analysts = Receiver()
    assert deliver(store, {"log": log, "analysts": analysts}, NOW).sent == 3
    assert len(analysts.got) == 3
    assert states(store) == {AlertState.DELIVERED}


class Crash(BaseException):
    """The process dies."""


class DyingStore:
    """A store whose process dies at the n-th call of a method: before it, so nothing of the call is done."""

    def __init__(self, store: Store, method: str, call: int) -> None:
        self._store = store
        self._method = method
        self._left = call

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._store, name)
        if name != self._method:
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise Crash
            return value(*arguments, **named)

        return call


@pytest.mark.parametrize(("method", "call"), [("write_outbox", 1), ("write_alerts", 1), ("write_outbox", 2)])
def test_a_crash_between_sending_and_recording_repeats_with_the_same_id(
    store: Store, raise_alerts: Raise, method: str, call: int
) -> None:
    raise_alerts(2, "log")
    log = Receiver()
    with pytest.raises(Crash):
        deliver(DyingStore(store, method, call), {"log": log}, NOW)
    deliver(store, {"log": log}, NOW)
    assert {notice.first.alert.story_id for notice in log.got} == {"article0", "article1"}
    by_alert = {(notice.first.alert.id, notice.message_id) for notice in log.got}
    assert len(by_alert) == 2
    assert states(store) == {AlertState.DELIVERED}
    assert store.outbox_pending(FAR) == []
    before = len(log.got)
    deliver(store, {"log": log}, NOW)
    assert len(log.got) == before


class EachWriteAlone(DyingStore):
    """One that also keeps what was written before the death within ``exclusive``, as Elasticsearch does."""

    def exclusive(self) -> AbstractContextManager[None]:
        return nullcontext()


def test_a_crash_between_the_alert_and_its_last_message_does_not_send_again(store: Store, raise_alerts: Raise) -> None:
    raise_alerts(1, "log")
    log = Receiver()
    with pytest.raises(Crash):
        deliver(EachWriteAlone(store, "write_outbox", 1), {"log": log}, NOW)
    assert states(store) == {AlertState.DELIVERED}
    report = deliver(store, {"log": log}, NOW)
    assert (report.sent, report.waiting) == (0, 0)
    assert len(log.got) == 1
    assert store.outbox_pending(FAR) == []


def test_a_message_without_its_alert_waits_then_is_set_aside(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")
    store.write_alerts([], gone=[alert.id])
    log = Receiver()
    assert deliver(store, {"log": log}, NOW).waiting == 1
    (message,) = store.outbox_pending(FAR)
    assert message.next_attempt == NOW + FIRST_PAUSE
    assert message.last_error == "its alert is not in the store yet"
    late = NOW + ORPHAN_AGE + timedelta(days=1)
    deliver(store, {"log": log}, late)
    (message,) = store.outbox_pending(FAR)
    assert message.last_error == "its alert no longer exists"
    assert deliver(store, {"log": log}, late + timedelta(days=100)).waiting == 0
    assert log.attempts == 0


def test_a_message_whose_alert_comes_with_the_next_run_is_sent(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")
    store.write_alerts([], gone=[alert.id])
    log = Receiver()
    deliver(store, {"log": log}, NOW)
    store.write_alerts([alert])
    assert deliver(store, {"log": log}, NOW + FIRST_PAUSE).sent == 1


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.MUTED])
def test_an_alert_that_was_dealt_with_is_not_sent(store: Store, raise_alerts: Raise, state: AlertState) -> None:
    (alert,) = raise_alerts(1, "log")
    store.write_alerts([replace(alert, state=state)])
    log = Receiver()
    report = deliver(store, {"log": log}, NOW)
    assert (report.sent, report.waiting, log.attempts) == (0, 0, 0)
    assert states(store) == {state}


def test_matches_added_while_a_message_is_sent_are_kept(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")
    grown = replace(alert, matches=alert.matches * 2)

    class Meanwhile(DyingStore):
        def write_outbox(self, messages: Sequence[OutboxMessage]) -> None:
            store.write_outbox(messages)

        def stories(self, ids: Any) -> Any:
            store.write_alerts([grown])  # a regrouping in another process
            return store.stories(ids)

    deliver(Meanwhile(store, "none", 0), {"log": Receiver()}, NOW)
    (kept,) = store.iter_alerts()
    assert kept == replace(grown, state=AlertState.DELIVERED)


class Regrouping(Receiver):
    """A channel under whose sending the alert goes on under another id, with its messages."""

    def __init__(self, store: Store, heir: Alert, *fails: int) -> None:
        super().__init__(*fails)
        self._store = store
        self._heir = heir

    def send(self, notice: Notice) -> None:
        before = notice.first.alert.id
        messages = [replace(one, alert_id=self._heir.id) for one in self._store.outbox_of_alerts([before])]
        self._store.write_alerts([self._heir], gone=[before], moved=messages)
        super().send(notice)


def test_an_alert_that_moves_while_it_is_sent_is_not_sent_again(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")
    heir = replace(alert, id="heir")
    log = Regrouping(store, heir)
    deliver(store, {"log": log}, NOW)
    assert list(store.iter_alerts()) == [replace(heir, state=AlertState.DELIVERED)]
    assert deliver(store, {"log": log}, NOW).waiting == 0
    assert len(log.got) == 1


def test_an_alert_that_moves_while_a_channel_fails_is_sent_there_later(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log", "team")
    heir = replace(alert, id="heir")
    log, team = Regrouping(store, heir), Receiver(1)
    assert deliver(store, {"log": log, "team": team}, NOW).failed == 1
    assert list(store.iter_alerts()) == [heir]  # for the team has not had it yet
    assert deliver(store, {"log": log, "team": team}, NOW + FIRST_PAUSE).sent == 1
    assert (len(log.got), len(team.got)) == (1, 1)
    assert states(store) == {AlertState.DELIVERED}


def test_a_message_that_was_settled_while_its_channel_failed_stays_so(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")

    class Log(Receiver):
        def send(self, notice: Notice) -> None:
            (message,) = store.outbox_of_alerts([alert.id])
            store.write_outbox([replace(message, delivered_at=NOW, last_error="not sent: acknowledged")])
            super().send(notice)

    assert deliver(store, {"log": Log(1)}, NOW).failed == 1
    assert store.outbox_pending(FAR) == []


TOPIC = "a topic"
WINDOW = timedelta(hours=6)


def write(store: Store, *messages: OutboxMessage) -> None:
    store.write_alerts([], outbox=messages)


def test_what_a_throttle_holds_back_is_collected_in_one_digest(store: Store, raise_alerts: Raise) -> None:
    alerts = raise_alerts(4)
    team = Receiver()
    channels = {"team": team}
    write(store, make_message(alerts[0], "team", topic=TOPIC))
    assert deliver(store, channels, NOW).sent == 1
    write(store, *(make_message(alert, "team", topic=TOPIC) for alert in alerts[1:3]))
    report = deliver(store, channels, NOW + timedelta(hours=1))
    assert (report.sent, report.held, report.waiting) == (0, 2, 2)
    write(store, make_message(alerts[3], "team", NOW + timedelta(hours=2), topic=TOPIC))
    assert deliver(store, channels, NOW + timedelta(hours=2)).held == 1
    assert len(team.got) == 1
    end = NOW + WINDOW
    assert deliver(store, channels, end - timedelta(seconds=1)).sent == 0
    report = deliver(store, channels, end)
    assert (report.sent, report.waiting) == (3, 0)
    _, digest = team.got
    assert [item.alert.id for item in digest.items] == [alert.id for alert in alerts[1:]]
    assert states(store) == {AlertState.DELIVERED}
    # The digest spoke, so the next window has begun.
    write(store, make_message(alerts[0], "team", end, kind=MessageKind.ESCALATED, reason="more", topic=TOPIC))
    assert deliver(store, channels, end + timedelta(hours=1)).held == 1


def test_a_storm_within_one_run_is_one_digest_and_other_channels_and_topics_are_not_held(
    store: Store, raise_alerts: Raise
) -> None:
    alerts = raise_alerts(5)
    write(
        store,
        *(make_message(alert, "team", topic=TOPIC) for alert in alerts[:4]),
        make_message(alerts[4], "team", topic="another"),
        *(make_message(alert, "log") for alert in alerts),
    )
    log, team = Receiver(), Receiver()
    assert deliver(store, {"log": log, "team": team}, NOW).sent == 10
    assert sorted(len(notice.items) for notice in team.got) == [1, 4]
    assert [len(notice.items) for notice in log.got] == [1] * 5


def test_the_window_is_that_of_the_rule_as_it_is_now(store: Store, raise_alerts: Raise) -> None:
    alerts = raise_alerts(2)
    team = Receiver()
    policy = AlertPolicy.of([Rule(id="himars", query="HIMARS", throttle=Throttle(window="30m"))])
    write(store, make_message(alerts[0], "team", topic=TOPIC))
    deliver(store, {"team": team}, NOW, policy)
    write(store, make_message(alerts[1], "team", topic=TOPIC))
    assert deliver(store, {"team": team}, NOW + timedelta(minutes=29), policy).held == 1
    assert deliver(store, {"team": team}, NOW + timedelta(minutes=30), policy).sent == 1


def test_a_digest_that_fails_is_tried_again_as_a_whole_with_the_same_id(store: Store, raise_alerts: Raise) -> None:
    alerts = raise_alerts(3)
    write(store, *(make_message(alert, "team", topic=TOPIC) for alert in alerts))
    ids: list[str] = []

    class Team(Receiver):
        def send(self, notice: Notice) -> None:
            ids.append(notice.message_id)
            super().send(notice)

    team = Team(1)
    assert deliver(store, {"team": team}, NOW).failed == 1
    assert {message.attempts for message in store.outbox_pending(FAR)} == {1}
    assert deliver(store, {"team": team}, NOW + FIRST_PAUSE).sent == 3
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_what_came_to_an_alert_before_it_was_told_is_told_with_it(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1)
    more = make_message(alert, "log", NOW + timedelta(seconds=1), kind=MessageKind.ESCALATED, reason="more")
    write(store, make_message(alert, "log"), more)
    log = Receiver()
    assert deliver(store, {"log": log}, NOW + timedelta(minutes=1)).sent == 2
    (notice,) = log.got
    assert (notice.first.kind, notice.first.reasons) == (MessageKind.NEW, ())


def test_an_escalation_is_told_apart_and_sent_although_the_alert_was_delivered(
    store: Store, raise_alerts: Raise
) -> None:
    (alert,) = raise_alerts(1, "log")
    log = Receiver()
    deliver(store, {"log": log}, NOW)
    write(store, make_message(alert, "log", kind=MessageKind.ESCALATED, reason="new independent source: B"))
    store.write_alerts([replace(alert, state=AlertState.ACKNOWLEDGED)])
    assert deliver(store, {"log": log}, NOW).sent == 1
    assert log.got[1].first.kind is MessageKind.ESCALATED
    assert log.got[1].first.reasons == ("new independent source: B",)
    assert log.got[1].message_id != log.got[0].message_id
    write(store, make_message(alert, "log", kind=MessageKind.EDITED, reason="an edit"))
    store.write_alerts([replace(alert, state=AlertState.MUTED)])
    report = deliver(store, {"log": log}, NOW)
    assert (report.sent, report.waiting) == (0, 0)
    assert states(store) == {AlertState.MUTED}
