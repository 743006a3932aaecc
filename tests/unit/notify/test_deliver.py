"""Delivery to channels: batches, failures, pauses."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pipelines.notify.deliver import (
    BATCH,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    deliver,
    pause_after,
)
from pipelines.notify.sending import FAILURES_IN_A_ROW
from schemas.records import AlertState
from tests.unit.notify.conftest import NOW, POLICY
from tests.unit.notify.receiving import FAR, Receiver, states

if TYPE_CHECKING:
    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store
    from tests.unit.notify.receiving import Raise


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
