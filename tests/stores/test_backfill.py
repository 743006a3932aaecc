"""Rules applied to what is in a store: the same in both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.alerts.policy import AlertPolicy
from pipelines.grouping.backfill import Backfilled, backfill
from schemas.records import AlertOrigin, AlertState, Rule

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from schemas.records import Article
    from tests.stores.conftest import Make

RULES = (Rule(id="rockets", query="HIMARS", notify=("desk",)), Rule(id="shields", query="S-400"))
BODIES = ("HIMARS came.", "An M142 and an S-400.", "Nothing came.", "An S400 battery.")


def put(store: Store, make: type[Make]) -> list[Article]:
    """Four articles: the first two in one story, the others in one each; the last is old."""
    days = [0, 0, 0, 90]
    articles = [
        make.article(
            number,
            copies=(),
            content={"body": body, "title": None, "hits": (), "published": make.day - timedelta(days=days[number])},
        )
        for number, body in enumerate(BODIES)
    ]
    stories = [
        make.story(number, article_ids=tuple(sorted(articles[one].id for one in members)))
        for number, members in enumerate(((0, 1), (2,), (3,)))
    ]
    placed = [
        replace(article, story_id=story.id)
        for story in stories
        for article in articles
        if article.id in story.article_ids
    ]
    store.update_articles([article.id for article in placed], lambda _: placed)
    store.write_stories(stories)
    return placed


def test_a_backfill_raises_marked_alerts_once_and_sends_only_when_asked(store: Store, make: type[Make]) -> None:
    first, second, _, old = put(store, make)
    policy = AlertPolicy.of(RULES, origin=AlertOrigin.BACKFILL, sends_messages=False)
    since = make.day - timedelta(days=30)
    assert backfill(store, policy, since=since) == Backfilled(articles=3, matching=2, alerts=2)
    alerts = {alert.rule_id: alert for alert in store.iter_alerts()}
    assert {match.article_id for match in alerts["rockets"].matches} == {first.id, second.id}
    assert alerts["shields"].article_id == second.id
    assert {(alert.origin, alert.state) for alert in alerts.values()} == {(AlertOrigin.BACKFILL, AlertState.NEW)}
    assert store.outbox_pending(make.day + timedelta(days=9999)) == []
    assert [hit.rule_id for hit in store.articles([second.id])[second.id].content.hits] == ["rockets", "shields"]
    assert store.articles([old.id])[old.id].content.hits == ()
    # Again, and with less of the rules: nothing changes.
    assert backfill(store, policy, since=since).alerts == 0
    one = AlertPolicy.of(RULES[:1], origin=AlertOrigin.BACKFILL, sends_messages=False)
    assert backfill(store, one, since=since) == Backfilled(articles=3, matching=2, alerts=0)
    assert {alert.rule_id: alert for alert in store.iter_alerts()} == alerts

    asked = replace(policy, sends_messages=True)
    assert backfill(store, asked, since=make.day - timedelta(days=365)).alerts == 3
    assert backfill(store, asked, since=make.day - timedelta(days=365)).alerts == 0
    waiting = store.outbox_pending(make.day + timedelta(days=9999))
    assert sorted(message.channel for message in waiting) == ["desk", "log", "log", "log"]


def test_a_rule_that_no_longer_matches_takes_back_what_was_not_told(store: Store, make: type[Make]) -> None:
    put(store, make)
    policy = AlertPolicy.of(RULES, origin=AlertOrigin.BACKFILL, sends_messages=False)
    since = make.day - timedelta(days=30)
    backfill(store, policy, since=since)
    rockets = next(alert for alert in store.iter_alerts() if alert.rule_id == "rockets")
    store.write_alerts([replace(rockets, state=AlertState.ACKNOWLEDGED)])
    other = AlertPolicy.of([replace(rule, query="torpedo") for rule in RULES], sends_messages=False)
    assert backfill(store, other, since=since) == Backfilled(articles=3, matching=0, alerts=0)
    assert [(alert.rule_id, alert.state) for alert in store.iter_alerts()] == [("rockets", AlertState.ACKNOWLEDGED)]
