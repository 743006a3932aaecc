"""What is told of an alert that is there already: escalations, edits, replays, throttles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.alerts.decide import AlertDecision
from pipelines.alerts.policy import LOG_CHANNEL, AlertPolicy
from schemas.records import (
    AlertOrigin,
    AlertState,
    Escalation,
    MessageKind,
    Rule,
    Throttle,
)
from tests.unit.alerts.deciding import LATER, NOW, SILENT, TOLD, decide, hit, member, spoken, story, with_state


def test_a_new_independent_source_escalates() -> None:
    hits = {"b": (hit("r", 1),), "c": (hit("r", 1),)}
    decision = decide([story("b", "c")], hits, TOLD, LATER)
    assert spoken(decision) == [(MessageKind.ESCALATED, "new independent source: outlet c")]
    assert len({message.id for message in decision.outbox} | {message.id for message in TOLD}) == 3
    assert decision.raised == 0
    assert decide([story("b", "c")], hits, decision.put, LATER) == AlertDecision()
    # Decided again after a crash before the alert was written: the same message, by its id.
    assert {one.id for one in decide([story("b", "c")], hits, TOLD, NOW).outbox} == {one.id for one in decision.outbox}


def test_a_copy_is_no_independent_source_whoever_carries_it_and_whichever_was_first() -> None:
    copy = {"c": member("c", hit("r", 1), canonical_id="b")}
    assert spoken(decide([story("b", "c")], {"b": (hit("r", 1),)}, TOLD, LATER, members=copy)) == []
    original = {"a": member("a", hit("r", 1)), "b": member("b", hit("r", 1), canonical_id="a")}
    assert spoken(decide([story("a", "b")], {}, TOLD, LATER, members=original)) == []
    # A further copy of what was told adds nothing; an own text of an outlet that has only copied does not either.
    both = original | {"c": member("c", hit("r", 1), source="outlet b")}
    assert spoken(decide([story("a", "b", "c")], {}, TOLD, LATER, members=both)) == []


def test_an_agency_s_text_is_one_source_whoever_carries_it_and_however_reworded() -> None:
    hits = {"b": (hit("r", 1),), "c": (hit("r", 1),), "d": (hit("r", 1),)}
    members = {one: member(one, *hits[one], credited_party="Reuters") for one in "bc"}
    again = decide([story("b", "c")], hits, TOLD, members=members)
    assert again.outbox == ()
    further = decide([story("b", "c", "d")], hits, again.put, members=members)
    assert spoken(further) == [(MessageKind.ESCALATED, "new independent source: outlet d")]


def test_a_new_term_escalates_and_the_rule_can_say_that_it_does_not() -> None:
    more = {"c": member("c", hit("r", 2, term="y"), source="outlet b")}
    told = decide([story("b", "c")], {"b": (hit("r", 1),)}, TOLD, LATER, members=more)
    assert spoken(told) == [(MessageKind.ESCALATED, "new term: y")]
    quiet = AlertPolicy.of([Rule(id="r", query="x", notify=("team",), escalate=Escalation(by=("source",)))])
    assert spoken(decide([story("b", "c")], {"b": (hit("r", 1),)}, TOLD, LATER, members=more, policy=quiet)) == []


def test_a_number_of_articles_escalates_once() -> None:
    policy = AlertPolicy.of([Rule(id="r", query="x", notify=("team",), escalate=Escalation(by=(), articles=3))])
    existing, said = TOLD, []
    for last in "cdef":
        names = "bcdef"[: "bcdef".index(last) + 1]
        decision = decide([story(*names)], {one: (hit("r", 1),) for one in names}, existing, LATER, policy=policy)
        existing = decision.put
        said.append(spoken(decision))
    assert said == [[], [(MessageKind.ESCALATED, "3 articles match")], [], []]


def test_a_muted_alert_says_nothing_and_an_acknowledged_one_escalates() -> None:
    hits = {"b": (hit("r", 1),), "c": (hit("r", 1),)}
    muted, seen = (
        tuple(with_state(one, state) for one in TOLD) for state in (AlertState.MUTED, AlertState.ACKNOWLEDGED)
    )
    decision = decide([story("b", "c")], hits, muted, LATER)
    assert (decision.outbox, len(decision.put[0].matches)) == ((), 2)
    decision = decide([story("b", "c")], hits, seen, LATER)
    assert [kind for kind, _ in spoken(decision)] == [MessageKind.ESCALATED]
    assert {message.article_ids for message in decision.outbox} == {("c",)}
    assert decision.put[0].state is AlertState.ESCALATED
    # Nobody is told by a replay: the alert stays as it is.
    assert decide([story("b", "c")], hits, seen, LATER, policy=SILENT).put[0].state is AlertState.ACKNOWLEDGED


def test_an_alert_that_joins_a_reopened_one_is_open() -> None:
    hits = {one: (hit("r", 1),) for one in "bc"}
    seen, reopened = decide([story("b"), story("c")], hits).put
    existing = (with_state(seen, AlertState.ACKNOWLEDGED), with_state(reopened, AlertState.ESCALATED))
    assert decide([story("b", "c")], hits, existing, LATER).put[0].state is AlertState.ESCALATED


def test_an_edit_that_adds_a_term_alerts_as_an_edit() -> None:
    edited = {"b": member("b", hit("r", 1), title="A headline", edited=True)}
    first = decide([story("b", "c")], {}, members=edited)
    assert spoken(first) == [(MessageKind.EDITED, "an edit of “A headline” (outlet b) added x")]
    assert (first.raised, first.put[0].state) == (1, AlertState.NEW)
    more = {"b": member("b", hit("r", 1), hit("q", 1, term="y"), title="A headline", edited=True)}
    further = decide([story("b")], {}, TOLD, LATER, members=more)
    assert [message.kind for message in further.outbox] == [MessageKind.EDITED] * 2
    assert {alert.rule_id for alert in further.put} == {"q"}


def test_an_edit_that_removes_a_term_is_told_once_and_the_alert_stays() -> None:
    gone = {"b": member("b", edited=True)}
    decision = decide([story("b")], {}, TOLD, LATER, members=gone)
    assert spoken(decision) == [(MessageKind.EDITED, "an edit of “b” (outlet b) removed x")]
    assert (decision.put, decision.gone) == ((), ())
    again = decide([story("b")], {}, TOLD, LATER + timedelta(days=1), members=gone)
    assert {message.id for message in again.outbox} == {message.id for message in decision.outbox}
    # Not an edit: the rule has changed.
    assert decide([story("b")], {}, TOLD, LATER) == AlertDecision()


def test_an_edit_which_changes_no_term_says_nothing() -> None:
    assert decide([story("b")], {}, TOLD, LATER, members={"b": member("b", hit("r", 5), edited=True)}).outbox == ()


def test_alerts_of_a_replay_are_marked_and_not_sent_until_something_comes_in() -> None:
    replayed = decide([story("b")], {"b": (hit("r", 1),)}, policy=SILENT)
    (alert,) = replayed.put
    assert (alert.origin, replayed.outbox, replayed.raised) == (AlertOrigin.REPLAY, (), 1)
    assert decide([story("b")], {"b": (hit("r", 1),)}, replayed.put, LATER) == AlertDecision()
    joined = {"c": member("c", hit("r", 1), source="outlet b")}
    live = decide([story("b", "c")], {"b": (hit("r", 1),)}, replayed.put, LATER, members=joined)
    assert spoken(live) == [(MessageKind.NEW, None)]
    assert (live.raised, live.put[0].origin) == (1, AlertOrigin.LIVE)


def test_a_replay_that_is_to_notify_sends_what_was_not_sent_once() -> None:
    replayed = decide([story("b")], {"b": (hit("r", 1),)}, policy=SILENT)
    asked = replace(SILENT, sends_messages=True)
    decision = decide([story("b")], {"b": (hit("r", 1),)}, replayed.put, LATER, policy=asked)
    assert spoken(decision) == [(MessageKind.NEW, None)]
    assert decision.put == ()
    again = decide([story("b")], {"b": (hit("r", 1),)}, replayed.put, LATER, policy=asked, sent=decision.outbox)
    assert again == AlertDecision()


def test_a_replay_says_nothing_of_alerts_that_stand_and_leaves_their_mark() -> None:
    decision = decide([story("b", "c")], {"b": (hit("r", 1),), "c": (hit("r", 1),)}, TOLD, LATER, policy=SILENT)
    assert (decision.outbox, decision.put[0].origin) == ((), AlertOrigin.LIVE)


def test_what_a_throttle_counts_by() -> None:
    def topics(per: str) -> set[str | None]:
        rules = [Rule(id=one, query="x", notify=("team",), throttle=Throttle(per=per)) for one in "qr"]
        members = {
            "a": member("a", hit("r", 1), hit("q", 1)),
            "b": member("b", hit("r", 1)),
            "c": member("c", hit("r", 1), source="outlet b"),
        }
        decision = decide([story("a"), story("b"), story("c")], {}, members=members, policy=AlertPolicy.of(rules))
        assert {one.topic for one in decision.outbox if one.channel == LOG_CHANNEL} == {None}
        return {one.topic for one in decision.outbox if one.channel == "team"}

    assert [len(topics(per)) for per in ("story", "source", "rule")] == [4, 3, 2]
