"""Which alerts there are: one for a rule and a story."""

from __future__ import annotations

from dataclasses import replace

from pipelines.alerts.decide import AlertDecision
from pipelines.alerts.policy import LOG_CHANNEL, AlertPolicy
from schemas.records import (
    AlertState,
    MessageKind,
    Rule,
    RuleHit,
)
from tests.unit.alerts.deciding import LATER, NOW, decide, hit, member, story, with_state


def test_one_alert_for_a_rule_and_a_story_with_every_matching_article() -> None:
    hits = {"b": (hit("r", 7, 3),), "a": (hit("r", 5), hit("q", 1)), "c": ()}
    decision = decide([story("a", "b", "c")], hits)
    assert decision.raised == 2
    by_rule = {alert.rule_id: alert for alert in decision.put}
    assert [(m.article_id, m.start) for m in by_rule["r"].matches] == [("a", 5), ("b", 3), ("b", 7)]
    assert by_rule["r"].article_id == "a"
    assert by_rule["r"].matched_at == NOW
    assert by_rule["r"].state is AlertState.NEW
    assert {(m.alert_id, m.channel) for m in decision.outbox} == {
        (alert.id, channel) for alert in decision.put for channel in (LOG_CHANNEL, "team")
    }
    assert len({m.id for m in decision.outbox}) == 4
    assert all(m.next_attempt == m.created_at == NOW for m in decision.outbox)


def test_deciding_again_changes_nothing() -> None:
    hits = {"a": (hit("r", 1),)}
    first = decide([story("a")], hits)
    assert decide([story("a")], hits, first.put, LATER) == AlertDecision()


def test_a_further_article_of_a_known_outlet_is_added_without_a_message() -> None:
    first = decide([story("b")], {"b": (hit("r", 1),)})
    again = {"c": member("c", hit("r", 2), source="outlet b")}
    decision = decide([story("b", "c")], {"b": (hit("r", 1),)}, first.put, LATER, members=again, sent=first.outbox)
    (alert,) = decision.put
    assert alert.id == first.put[0].id
    assert (alert.matched_at, len(alert.matches)) == (NOW, 2)
    assert (decision.outbox, decision.raised, decision.gone) == ((), 0, ())


def test_an_alert_without_a_message_is_told_when_it_changes() -> None:
    """Whoever wrote it died before its messages had followed it."""
    first = decide([story("b")], {"b": (hit("r", 1),)})
    decision = decide([story("b", "c")], {"b": (hit("r", 1),), "c": (hit("r", 2),)}, first.put, LATER)
    assert {(message.channel, message.kind) for message in decision.outbox} == {
        (LOG_CHANNEL, MessageKind.NEW),
        ("team", MessageKind.NEW),
    }


def test_title_places_come_before_body_places() -> None:
    both = RuleHit(rule_id="r", rule_version="v", matches=(*hit("r", 1).matches, *hit("r", 9, field="title").matches))
    (alert,) = decide([story("a")], {"a": (both,)}).put
    assert [match.field for match in alert.matches] == ["title", "body"]


def test_two_rules_do_not_mix() -> None:
    told = with_state(decide([story("a")], {"a": (hit("q", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a")], {"a": (hit("q", 1), hit("r", 1))}, (told,), LATER)
    assert [alert.rule_id for alert in decision.put] == ["r"]
    assert decision.raised == 1


def test_every_rule_notifies_the_log_first() -> None:
    policy = AlertPolicy.of([Rule(id="a", query="x"), Rule(id="b", query="x", notify=("team", LOG_CHANNEL))])
    assert [policy.channels(one) for one in "abc"] == [(LOG_CHANNEL,), (LOG_CHANNEL, "team"), ()]
    assert replace(policy, sends_messages=False).channels("b") == ()
