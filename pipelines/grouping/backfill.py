"""Backfill: rules applied to stored articles, so that a new rule covers the past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.alerts.decide import alert_ids, decide_alerts
from pipelines.alerts.updates import StoryMember
from pipelines.grouping.order import order_key
from pipelines.rules.matcher import Matcher, hits_in_dropped
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.policy import AlertPolicy
    from pipelines.stores.protocol import Store
    from schemas.records import Article, RuleHit

CHUNK = 500
"""Articles matched at a time. It bounds memory use and the wait of other writers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """The result of a backfill."""

    articles: int = 0
    """Number of articles matched against the rules."""
    matching: int = 0
    """Number of articles that match a rule."""
    alerts: int = 0
    """Number of alerts raised."""


def backfill(store: Store, policy: AlertPolicy, *, since: datetime) -> Backfilled:
    """Match the policy's rules against the articles published, or else first seen, at ``since`` or later.

    The hits of other rules stay as they are. An interrupted backfill can be repeated: no alert is raised or sent twice.
    """
    matcher = Matcher(tuple(policy.rules.values()))
    recent = (
        article for article in store.iter_articles() if (article.content.published or article.first_seen) >= since
    )
    done = Backfilled()
    while chunk := list(islice(recent, CHUNK)):
        with store.exclusive():
            articles = _match(store, [article.id for article in chunk], matcher, policy)
            raised = _alert(store, articles, policy)
        done = Backfilled(
            articles=done.articles + len(chunk),
            matching=done.matching + sum(1 for article in articles if _hits_of(article, policy)),
            alerts=done.alerts + raised,
        )
    return done


def _hits_of(article: Article, policy: AlertPolicy) -> list[RuleHit]:
    return [hit for hit in article.content.hits if hit.rule_id in policy.rules]


def _match(store: Store, ids: Sequence[str], matcher: Matcher, policy: AlertPolicy) -> list[Article]:
    """Write changed hits; return the articles that match or matched a rule, in their present state."""
    touched: dict[str, Article] = {}

    def merge(stored: Mapping[str, Article]) -> list[Article]:
        touched.clear()
        changed = []
        for article in stored.values():
            now = _matched(article, matcher, policy)
            if _hits_of(now, policy) or _hits_of(article, policy):
                touched[article.id] = now
            if now != article:
                changed.append(now)
        return changed

    store.update_articles(ids, merge)
    return list(touched.values())


def _matched(article: Article, matcher: Matcher, policy: AlertPolicy) -> Article:
    content = article.content
    new_hits = matcher.match(content)
    kept = [hit for hit in content.hits if hit.rule_id not in policy.rules]
    hits = tuple(sorted((*kept, *new_hits), key=lambda hit: hit.rule_id))
    content = replace(content, hits=hits)
    kept_dropped = [hit for hit in content.dropped_hits if hit.rule_id not in policy.rules]
    dropped = tuple(sorted((*kept_dropped, *hits_in_dropped(matcher, content)), key=lambda hit: hit.rule_id))
    return replace(article, content=replace(content, dropped_hits=dropped))


def _alert(store: Store, articles_in: Sequence[Article], policy: AlertPolicy) -> int:
    """Decide on the alerts of the articles' stories; articles not yet grouped are decided on when they are."""
    touched = list(store.stories({article.story_id for article in articles_in if article.story_id}).values())
    articles = store.articles({article_id for story in touched for article_id in story.article_ids})
    stories = [story for story in touched if articles.keys() >= set(story.article_ids)]
    existing = store.alerts_of_stories([story.id for story in touched])
    members = {
        article_id: StoryMember.of(
            article, order=order_key(article.content), canonical_id=article.canonical_id or article_id
        )
        for article_id, article in articles.items()
    }
    decision = decide_alerts(
        stories=stories,
        members=members,
        existing=existing,
        sent=store.outbox_of_alerts({alert.id for alert in existing} | alert_ids(stories, members)),
        policy=policy,
        now=now_utc(),
    )
    store.write_alerts(decision.put, gone=decision.gone, outbox=decision.outbox, moved=decision.moved)
    return decision.raised
