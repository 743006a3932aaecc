"""No message is lost or told twice: crashes, writes by others, alerts that move meanwhile."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.notify.deliver import (
    FIRST_PAUSE,
    ORPHAN_AGE,
    deliver,
)
from schemas.records import AlertState
from tests.unit.notify.conftest import NOW
from tests.unit.notify.receiving import FAR, Receiver, states

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, OutboxMessage
    from tests.unit.notify.receiving import Raise


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


def test_an_alert_whose_story_is_gone_waits_until_it_has_moved(store: Store, raise_alerts: Raise) -> None:
    moving, _ = raise_alerts(2, "log")
    (story,) = store.stories([moving.story_id]).values()
    store.write_stories([], gone=[story.id])  # what regrouping does first
    log = Receiver()
    report = deliver(store, {"log": log}, NOW)
    assert (report.sent, report.waiting) == (1, 1)
    (left,) = store.outbox_pending(NOW)
    assert left.alert_id == moving.id
    store.write_stories([story])
    assert deliver(store, {"log": log}, NOW).sent == 1
    assert states(store) == {AlertState.DELIVERED}


def test_after_a_week_it_is_told_without_its_story(store: Store, raise_alerts: Raise) -> None:
    (alert,) = raise_alerts(1, "log")
    store.write_stories([], gone=[alert.story_id])
    log = Receiver()
    assert deliver(store, {"log": log}, NOW + ORPHAN_AGE / 2).sent == 0
    assert deliver(store, {"log": log}, NOW + ORPHAN_AGE).sent == 1
