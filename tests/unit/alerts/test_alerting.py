from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipelines.alerts.alerting import LOG_CHANNEL, AlertDecision, alert_id, channels_by_rule, decide_alerts
from schemas.records import Alert, AlertState, Match, Rule, RuleHit, Story

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


def hit(rule: str, *starts: int, field: str = "body", version: str = "v1") -> RuleHit:
    return RuleHit(
        rule_id=rule,
        rule_version=version,
        matches=tuple(
            Match(field=field, sentence="s", start=start, end=start + 1, form="x", term="x") for start in starts
        ),
    )


def decide(
    stories: list[Story], hits: dict[str, tuple[RuleHit, ...]], existing: tuple[Alert, ...] = (), now: datetime = NOW
) -> AlertDecision:
    order = {article: article for one in stories for article in one.article_ids}
    return decide_alerts(
        stories=stories,
        hits=hits,
        order=order,
        existing=existing,
        channels_of=lambda _: (LOG_CHANNEL, "team"),
        now=now,
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


def test_a_further_article_is_added_without_a_message() -> None:
    first = decide([story("b")], {"b": (hit("r", 1),)})
    decision = decide([story("b", "c")], {"b": (hit("r", 1),), "c": (hit("r", 2),)}, first.put, LATER)
    (alert,) = decision.put
    assert alert.id == first.put[0].id
    assert (alert.matched_at, len(alert.matches)) == (NOW, 2)
    assert (decision.outbox, decision.raised, decision.gone) == ((), 0, ())


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


def test_an_undelivered_alert_which_follows_its_story_is_sent_under_its_new_id() -> None:
    old = decide([story("b")], {"b": (hit("r", 1),)}).put[0]
    decision = decide([story("a", "b")], {"b": (hit("r", 1),)}, (old,), LATER)
    assert {message.alert_id for message in decision.outbox} == {alert_id("r", "a")}
    assert decision.raised == 0
    assert decision.gone == (old.id,)


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


def test_two_rules_do_not_mix() -> None:
    told = with_state(decide([story("a")], {"a": (hit("q", 1),)}).put[0], AlertState.DELIVERED)
    decision = decide([story("a")], {"a": (hit("q", 1), hit("r", 1))}, (told,), LATER)
    assert [alert.rule_id for alert in decision.put] == ["r"]
    assert decision.raised == 1


def test_every_rule_notifies_the_log_first() -> None:
    rules = [Rule(id="a", query="x"), Rule(id="b", query="x", notify=("team", LOG_CHANNEL))]
    assert channels_by_rule(rules) == {"a": (LOG_CHANNEL,), "b": (LOG_CHANNEL, "team")}
