"""Throttles and digests, and what is told apart from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.alerts.policy import AlertPolicy
from pipelines.notify.deliver import (
    FIRST_PAUSE,
    deliver,
)
from schemas.records import AlertState, MessageKind, Rule, Throttle
from tests.unit.notify.conftest import NOW, make_message
from tests.unit.notify.receiving import FAR, Receiver, states

if TYPE_CHECKING:
    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store
    from schemas.records import OutboxMessage
    from tests.unit.notify.receiving import Raise

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


def test_of_a_digest_only_what_was_told_is_recorded(store: Store, raise_alerts: Raise) -> None:
    told, moving = raise_alerts(2)
    write(store, *(make_message(alert, "team", topic=TOPIC) for alert in (told, moving)))
    store.write_stories([], gone=[moving.story_id])
    team = Receiver()
    deliver(store, {"team": team}, NOW)
    (notice,) = team.got
    assert [item.alert.id for item in notice.items] == [told.id]
    (left,) = store.outbox_pending(FAR)
    assert left.alert_id == moving.id
