from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.alerts.alerting import AlertDecision, alert_id, decide_alerts
from pipelines.alerts.news import Member
from pipelines.alerts.policy import LOG_CHANNEL, AlertPolicy
from schemas.records import (
    Alert,
    AlertOrigin,
    AlertState,
    Escalation,
    Match,
    MessageKind,
    OutboxMessage,
    Rule,
    RuleHit,
    Story,
    Throttle,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)


def story(*articles: str) -> Story:
    return Story(
        id=articles[0],
        title="t",
        first_published=None,
        last_published=None,
        article_ids=tuple(sorted(articles)),
        sources=(),
        independent_sources=1,
    )


def hit(rule: str, *starts: int, field: str = "body", term: str = "x") -> RuleHit:
    return RuleHit(
        rule_id=rule,
        rule_version="v1",
        matches=tuple(
            Match(field=field, sentence="s", start=start, end=start + 1, form="x", term=term) for start in starts
        ),
    )


POLICY = AlertPolicy.of([Rule(id=one, query="x", notify=("team",)) for one in "qr"])


def member(article: str, *hits: RuleHit, source: str | None = None, **more: Any) -> Member:
    """An article of an outlet of its own, copied from nobody."""
    given = {"order": article, "canonical_id": article, "source": source or f"outlet {article}", "title": None}
    return Member(**(given | {"hits": hits} | more))


def decide(
    stories: list[Story],
    hits: dict[str, tuple[RuleHit, ...]],
    existing: tuple[Alert, ...] = (),
    now: datetime = NOW,
    *,
    members: dict[str, Member] | None = None,
    sent: tuple[OutboxMessage, ...] = (),
    policy: AlertPolicy = POLICY,
) -> AlertDecision:
    """With ``members`` in place of those that are made of ``hits``."""
    made = {article: member(article, *hits.get(article, ())) for one in stories for article in one.article_ids}
    return decide_alerts(
        stories=stories, members=made | (members or {}), existing=existing, sent=sent, policy=policy, now=now
    )


def with_state(alert: Alert, state: AlertState) -> Alert:
    return replace(alert, state=state)


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


def test_a_delivered_alert_follows_its_story_to_a_new_id_without_a_message() -> None:
    old = with_state(decide([story("b")], {"b": (hit("r", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a", "b")], {"b": (hit("r", 1),)}, (old,), LATER)
    (alert,) = decision.put
    assert alert.id == alert_id("r", "a")
    assert (alert.state, alert.matched_at) == (AlertState.DELIVERED, NOW)
    assert decision.gone == (old.id,)
    assert (decision.outbox, decision.raised) == ((), 0)


def waiting(decision: AlertDecision) -> list[OutboxMessage]:
    return [one for one in (*decision.moved, *decision.outbox) if not one.delivered_at]


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
    assert decision.put == (replace(told, id=alert_id("r", "a"), story_id="a"),)
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
    assert decision.put == (replace(told, id=alert_id("r", "a"), story_id="a"),)
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
    assert back.put == first.put
    assert (back.moved, back.outbox) == (first.outbox, ())


def test_two_rules_do_not_mix() -> None:
    told = with_state(decide([story("a")], {"a": (hit("q", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a")], {"a": (hit("q", 1), hit("r", 1))}, (told,), LATER)
    assert [alert.rule_id for alert in decision.put] == ["r"]
    assert decision.raised == 1


def test_every_rule_notifies_the_log_first() -> None:
    policy = AlertPolicy.of([Rule(id="a", query="x"), Rule(id="b", query="x", notify=("team", LOG_CHANNEL))])
    assert [policy.channels(one) for one in "abc"] == [(LOG_CHANNEL,), (LOG_CHANNEL, "team"), ()]
    assert replace(policy, speaks=False).channels("b") == ()


def spoken(decision: AlertDecision, channel: str = "team") -> list[tuple[MessageKind, str | None]]:
    return [(message.kind, message.reason) for message in decision.outbox if message.channel == channel]


TOLD = tuple(with_state(alert, AlertState.DELIVERED) for alert in decide([story("b")], {"b": (hit("r", 1),)}).put)


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
    assert decision.put[0].state is AlertState.ACKNOWLEDGED


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


SILENT = replace(POLICY, origin=AlertOrigin.REPLAY, speaks=False)


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
    asked = replace(SILENT, speaks=True)
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
