"""Alerts and their messages when stories merge, fall apart and get another first article."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.alerts.decide import AlertDecision, alert_id
from pipelines.alerts.policy import LOG_CHANNEL
from schemas.records import (
    Alert,
    AlertState,
    MessageKind,
    OutboxMessage,
)
from tests.unit.alerts.deciding import LATER, NOW, SILENT, TOLD, decide, hit, story, waiting, with_state


def test_a_delivered_alert_follows_its_story_to_a_new_id_without_a_message() -> None:
    old = with_state(decide([story("b")], {"b": (hit("r", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a", "b")], {"b": (hit("r", 1),)}, (old,), LATER)
    (alert,) = decision.put
    assert alert.id == alert_id("r", "a")
    assert (alert.state, alert.matched_at) == (AlertState.DELIVERED, NOW)
    assert decision.gone == (old.id,)
    assert (decision.outbox, decision.raised) == ((), 0)


def test_the_messages_of_an_alert_follow_it_under_their_ids() -> None:
    first = decide([story("b")], {"b": (hit("r", 1),)})
    sent = tuple(
        replace(message, delivered_at=NOW) if message.channel == "team" else message for message in first.outbox
    )
    decision = decide([story("a", "b")], {"b": (hit("r", 1),)}, first.put, LATER, sent=sent)
    # The team has had it, and is not told twice; nor when it moves once more.
    assert set(decision.moved) == {replace(message, alert_id=alert_id("r", "a")) for message in sent}
    assert (decision.outbox, decision.raised, decision.gone) == ((), 0, (first.put[0].id,))
    further = decide([story("0", "a", "b")], {"b": (hit("r", 1),)}, decision.put, LATER, sent=decision.moved)
    assert [message.channel for message in waiting(further)] == [LOG_CHANNEL]
    assert {message.alert_id for message in further.moved} == {alert_id("r", "0")}
    assert further.put[0].thread == first.put[0].id


def test_a_replay_that_moves_an_alert_does_not_keep_it_from_being_sent() -> None:
    first = decide([story("b")], {"b": (hit("r", 1),)})
    moved = decide([story("a", "b")], {"b": (hit("r", 1),)}, first.put, LATER, sent=first.outbox, policy=SILENT)
    assert {message.channel for message in waiting(moved)} == {LOG_CHANNEL, "team"}
    assert moved.put[0].state is AlertState.NEW


def test_what_came_to_an_alert_follows_it_though_the_alert_itself_was_told() -> None:
    hits = {one: (hit("r", 1),) for one in "bc"}
    grown = decide([story("b", "c")], hits, TOLD, LATER)
    (told,) = grown.put
    decision = decide([story("a", "b", "c")], hits, grown.put, LATER, sent=grown.outbox)
    assert decision.put == (replace(told, id=alert_id("r", "a"), story_id="a", former_ids=(told.id,)),)
    assert {(one.kind, one.alert_id) for one in decision.moved} == {(MessageKind.ESCALATED, alert_id("r", "a"))}
    assert len(waiting(decision)) == 2


def test_of_two_alerts_that_merge_before_they_are_told_the_earlier_is() -> None:
    first = decide([story("b")], {"b": (hit("r", 1),)})
    second = decide([story("c")], {"c": (hit("r", 1),)}, now=NOW + timedelta(minutes=1))
    hits = {one: (hit("r", 1),) for one in "bc"}
    both, sent = (*first.put, *second.put), (*first.outbox, *second.outbox)
    for merged in (story("a", "b", "c"), story("b", "c"), story("c", "b")):
        decision = decide([merged], hits, both, LATER, sent=sent)
        after = {one.id: one for one in sent} | {one.id: one for one in decision.moved}
        left = [one for one in after.values() if not one.delivered_at]
        assert {one.id for one in left} == {one.id for one in first.outbox}
        assert {one.alert_id for one in after.values()} == {alert_id("r", merged.id)}
        assert decision.outbox == ()


def test_alerts_that_merge_one_after_another_before_they_are_told_are_still_to_be_told() -> None:
    """The message that another stands in for is settled; nobody has had it for all that."""
    known: dict[str, OutboxMessage] = {}
    alerts: tuple[Alert, ...] = ()
    hits = {one: (hit("r", 1),) for one in "cba"}
    for hour, number in enumerate(range(1, 4)):
        now = NOW + timedelta(hours=hour)
        newest = decide([story("cba"[number - 1])], hits, now=now)
        known |= {one.id: one for one in newest.outbox}
        decision = decide([story(*"cba"[:number][::-1])], hits, (*alerts, *newest.put), now, sent=tuple(known.values()))
        known |= {one.id: one for one in (*decision.outbox, *decision.moved)}
        alerts = decision.put or newest.put
        (alert,) = alerts
        assert alert.state is AlertState.NEW
        waiting = [one for one in known.values() if not one.delivered_at]
        assert {(one.channel, one.alert_id) for one in waiting} == {(LOG_CHANNEL, alert.id), ("team", alert.id)}
        assert len(waiting) == 2


def test_a_message_that_a_death_has_left_is_not_sent_beside_that_of_the_alert_which_takes_its_id() -> None:
    hits = {"a": (hit("r", 1),), "b": (hit("r", 1),)}
    left = decide([story("a")], hits).outbox  # its alert was never written
    other = decide([story("b")], hits, now=LATER)
    decision = decide([story("a", "b")], hits, other.put, LATER, sent=(*left, *other.outbox))
    after = {one.id: one for one in (*left, *other.outbox)} | {one.id: one for one in decision.moved}
    assert {one.id for one in after.values() if not one.delivered_at} == {one.id for one in other.outbox}


def test_a_part_of_an_alert_that_was_not_told_yet_is_told_for_itself_where_it_is_not() -> None:
    hits = {"a": (hit("r", 1),), "b": (hit("r", 2),)}
    whole = decide([story("a", "b")], hits)
    sent = tuple(
        replace(message, delivered_at=NOW) if message.channel == "team" else message for message in whole.outbox
    )
    decision = decide([story("a"), story("b")], hits, whole.put, LATER, sent=sent)
    assert [(one.channel, one.alert_id) for one in decision.outbox] == [(LOG_CHANNEL, alert_id("r", "b"))]
    assert (decision.moved, decision.gone) == ((), ())
    # Its messages go with the article that it spoke of first, when no part has its id.
    parts = decide([story("0", "b"), story("1", "a")], hits, whole.put, LATER, sent=whole.outbox)
    assert {one.alert_id for one in parts.moved} == {alert_id("r", "1")}
    assert {one.alert_id for one in parts.outbox} == {alert_id("r", "0")}
    assert len(parts.moved) == len(parts.outbox) == 2


def test_alerts_that_each_reached_another_channel_are_delivered_when_they_merge() -> None:
    parts = [decide([story(one)], {one: (hit("r", 1),)}) for one in "bc"]
    sent = tuple(
        replace(message, delivered_at=NOW) if message.channel == channel else message
        for part, channel in zip(parts, ("team", LOG_CHANNEL), strict=True)
        for message in part.outbox
    )
    existing = tuple(alert for part in parts for alert in part.put)
    hits = {one: (hit("r", 1),) for one in "bc"}
    for merged in (story("a", "b", "c"), story("b", "c")):
        decision = decide([merged], hits, existing, LATER, sent=sent)
        (alert,) = decision.put
        assert (alert.id, alert.state) == (alert_id("r", merged.id), AlertState.DELIVERED)
        after = {one.id: one for one in sent} | {one.id: one for one in decision.moved}
        assert all(message.delivered_at for message in after.values())


def test_merged_stories_have_one_alert_with_the_earliest_time_and_the_state_that_was_told() -> None:
    told = with_state(decide([story("b")], {"b": (hit("r", 1),)}, now=LATER).put[0], AlertState.ACKNOWLEDGED)
    fresh = decide([story("a")], {"a": (hit("r", 1),)}).put[0]
    decision = decide([story("a", "b")], {"a": (hit("r", 1),), "b": (hit("r", 1),)}, (told, fresh), LATER)
    (alert,) = decision.put
    assert (alert.id, alert.matched_at, alert.state) == (fresh.id, NOW, AlertState.ACKNOWLEDGED)
    assert decision.gone == (told.id,)
    assert decision.outbox == ()


def test_a_split_story_hands_its_alert_to_every_part_that_matches() -> None:
    hits = {"a": (hit("r", 1),), "b": (hit("r", 2),)}
    whole = with_state(decide([story("a", "b")], hits).put[0], AlertState.DELIVERED)
    decision = decide([story("a"), story("b")], hits, (whole,), LATER)
    assert {alert.story_id: alert.state for alert in decision.put} == {
        "a": AlertState.DELIVERED,
        "b": AlertState.DELIVERED,
    }
    assert (decision.outbox, decision.gone, decision.raised) == ((), (), 0)


def test_matches_that_vanish_drop_a_new_alert_and_keep_a_delivered_one() -> None:
    new = decide([story("a")], {"a": (hit("r", 1),)}).put[0]
    assert decide([story("a")], {"a": ()}, (new,)) == AlertDecision(gone=(new.id,))
    told = with_state(new, AlertState.DELIVERED)
    assert decide([story("a")], {}, (told,), LATER) == AlertDecision()


def test_a_kept_alert_follows_its_first_article() -> None:
    told = with_state(decide([story("b")], {"b": (hit("r", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a", "b")], {}, (told,), LATER)
    assert decision.put == (replace(told, id=alert_id("r", "a"), story_id="a", former_ids=(told.id,)),)
    assert decision.gone == (told.id,)
    assert decide([story("a", "b")], {}, decision.put, LATER) == AlertDecision()


def test_an_alert_whose_story_is_gone_goes() -> None:
    old = decide([story("b")], {"b": (hit("r", 1),)}).put[0]
    assert decide([story("a")], {}, (old,)).gone == (old.id,)


def test_a_story_that_lost_its_alert_to_another_and_matches_again_is_told_anew() -> None:
    first = decide([story("a", "x")], {"x": (hit("r", 1),)})
    other = decide([story("b")], {"b": (hit("r", 1),)})
    told = tuple(with_state(alert, AlertState.DELIVERED) for alert in (*first.put, *other.put))
    moved = decide([story("a"), story("b", "x")], {"x": (hit("r", 1),), "b": (hit("r", 1),)}, told, LATER)
    assert (moved.gone, moved.outbox) == ((first.put[0].id,), ())
    again = decide([story("a", "y")], {"y": (hit("r", 1),)}, (), LATER)
    assert again.put[0].id == first.put[0].id
    assert {message.id for message in again.outbox}.isdisjoint(message.id for message in first.outbox)
    assert len(again.outbox) == 2


def test_an_alert_that_comes_back_to_its_former_id_brings_its_messages_back() -> None:
    hits = {"b": (hit("r", 1),)}
    first = decide([story("b")], hits)
    there = decide([story("a", "b")], hits, first.put, LATER, sent=first.outbox)
    back = decide([story("b")], hits, there.put, LATER, sent=there.moved)
    assert back.put == (replace(first.put[0], former_ids=(there.put[0].id,)),)
    assert (back.moved, back.outbox) == (first.outbox, ())


def test_a_part_that_goes_joins_again_and_goes_once_more_is_told() -> None:
    hits = {one: (hit("r", 1),) for one in "ab"}
    whole, parts = [story("a", "b")], [story("a"), story("b")]
    decision = decide(whole, hits)
    messages = {message.id: message for message in decision.outbox}
    for minutes, stories in enumerate((parts, whole, parts), start=1):
        decision = decide(stories, hits, decision.put, NOW + timedelta(minutes=minutes), sent=tuple(messages.values()))
        messages = {message.id: message for message in decision.outbox if message.id not in messages} | messages
        messages |= {message.id: message for message in decision.moved}
    left = {(message.alert_id, message.channel) for message in messages.values() if not message.delivered_at}
    assert left == {(alert_id("r", part), channel) for part in "ab" for channel in (LOG_CHANNEL, "team")}


def test_every_id_that_an_alert_had_leads_to_one_that_stands() -> None:
    hits = {one: (hit("r", 1),) for one in "abc"}
    apart = decide([story("b"), story("c")], hits)
    joined = decide([story("b", "c")], hits, apart.put, LATER, sent=apart.outbox)
    renamed = decide([story("a", "b", "c")], hits, joined.put, LATER, sent=(*joined.moved, *apart.outbox))
    (alert,) = renamed.put
    assert alert.former_ids == tuple(sorted(one.id for one in apart.put))
    parted = decide([story("a"), story("b", "c")], hits, renamed.put, LATER, sent=renamed.moved)
    there = {one.id: one.former_ids for one in parted.put}
    assert there[alert_id("r", "b")] == ()
    assert there[alert_id("r", "a")] == alert.former_ids
