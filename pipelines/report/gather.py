"""Reading the store for a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.alerts.quotes import quotes
from pipelines.fetch.health import health
from pipelines.lineage.first import latest, only_day
from pipelines.report.activity import activity
from pipelines.report.firsts import firsts, leader
from pipelines.report.model import AlertCard, FeedRow, Report, StoryCard, Telling, Totals
from pipelines.report.spans import in_words
from pipelines.rules.rule_file import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.quotes import Quote
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Article, FeedState, Story

ALERTS, STORIES, SINGLES, TELLINGS, QUOTES, FIRSTS, RUNS = 100, 40, 100, 25, 3, 20, 20
"""How many of each are told: beyond these nobody reads on, and the numbers say how many there are."""
_PORTION = 500


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of an article while the store is read: no text."""

    id: str
    title: str | None
    url: str
    source: str | None
    published: datetime | None
    copy: bool
    story_id: str | None


def gather(store: Store, *, since: datetime, until: datetime, severities: Mapping[str, str]) -> Report:
    """What a store holds of a span of time.

    An article belongs to the span when it was first seen in it. ``severities`` has the severity of each rule.
    """
    seen, dropped = _read(store, since, until)
    stories = _stories_of(store, {article.story_id for article in seen if article.story_id})
    members = _members(store, stories, seen)
    alerts = [alert for alert in _alerts_of(store, stories) if since <= alert.matched_at <= until]
    ranked = sorted(
        (story for story in stories if len(story.article_ids) > 1),
        key=lambda story: (-story.independent_sources, -len(story.article_ids), story.id),
    )
    singles = sorted((story for story in stories if len(story.article_ids) == 1), key=_latest_first)
    urgent = sorted(
        sorted(alerts, key=lambda alert: (alert.matched_at, alert.id), reverse=True),
        key=lambda alert: _gravity(severities.get(alert.rule_id, "")),
    )
    feeds = sorted((_feed(state, until) for state in store.feed_states().values()), key=_unwell_first)
    quarantine = Counter(f"{item.stage}: {item.reason}" for item in store.iter_quarantine())
    return Report(
        since=since,
        until=until,
        store=store.url,
        totals=Totals(
            articles=len(seen),
            texts=sum(not article.copy for article in seen),
            sources=len({article.source for article in seen if article.source}),
            stories=len(stories),
            alerts=len(alerts),
            feeds=len(feeds),
            feeds_unwell=sum(not feed.well for feed in feeds),
            quarantined=quarantine.total(),
        ),
        alerts=tuple(_alert(alert, members, severities) for alert in urgent[:ALERTS]),
        alerts_more=max(0, len(urgent) - ALERTS),
        stories=tuple(_story(story, members) for story in ranked[:STORIES]),
        stories_more=max(0, len(ranked) - STORIES),
        singles=tuple(_story(story, members) for story in singles[:SINGLES]),
        singles_more=max(0, len(singles) - SINGLES),
        activity=activity((article.source, article.published, article.copy) for article in seen),
        firsts=firsts(_earliest(story, members) for story in stories)[:FIRSTS],
        feeds=tuple(feeds),
        runs=tuple(run for run in store.last_runs(RUNS) if since <= run.started_at <= until),
        dropped=tuple(dropped.most_common()),
        quarantine=tuple(quarantine.most_common()),
    )


def _read(store: Store, since: datetime, until: datetime) -> tuple[list[_Seen], Counter[str]]:
    """The articles first seen in a span, and the reasons for which lines of theirs were dropped."""
    seen, dropped = [], Counter[str]()
    for article in store.iter_articles(since):
        if article.first_seen <= until:
            seen.append(_outline(article))
            dropped.update(line.reason for line in article.content.dropped)
    return seen, dropped


def _outline(article: Article) -> _Seen:
    content = article.content
    return _Seen(
        article.id,
        content.title,
        content.url,
        content.source,
        content.published,
        article.canonical_id not in {None, article.id},
        article.story_id,
    )


def _portions(ids: Collection[str]) -> Iterable[list[str]]:
    ordered = sorted(ids)
    return (ordered[start : start + _PORTION] for start in range(0, len(ordered), _PORTION))


def _stories_of(store: Store, ids: Collection[str]) -> list[Story]:
    return [story for portion in _portions(ids) for story in store.stories(portion).values()]


def _alerts_of(store: Store, stories: Sequence[Story]) -> list[Alert]:
    return [
        alert for portion in _portions([story.id for story in stories]) for alert in store.alerts_of_stories(portion)
    ]


def _members(store: Store, stories: Sequence[Story], seen: Sequence[_Seen]) -> dict[str, _Seen]:
    """All articles of the stories, those from before the span too."""
    members = {article.id: article for article in seen}
    missing = {one for story in stories for one in story.article_ids} - members.keys()
    for portion in _portions(missing):
        members |= {one: _outline(article) for one, article in store.articles(portion).items()}
    return members


def _alert(alert: Alert, members: Mapping[str, _Seen], severities: Mapping[str, str]) -> AlertCard:
    article = members.get(alert.article_id)
    return AlertCard(
        id=alert.id,
        rule_id=alert.rule_id,
        severity=severities.get(alert.rule_id, "unknown"),
        state=alert.state.value,
        matched_at=alert.matched_at,
        title=article.title if article else None,
        link=_link(article.url) if article else None,
        source=article.source if article else None,
        published=article.published if article else None,
        quotes=_quotes(alert),
        articles=len({match.article_id for match in alert.matches}),
    )


def _quotes(alert: Alert) -> tuple[Quote, ...]:
    """The sentences that show every term, and the first of each matching article; no sentence twice."""
    needed = quotes(alert.matches, 0)
    others = (quotes([match for match in alert.matches if match.article_id == one], 1)[0] for one in _articles(alert))
    by_sentence: dict[str, Quote] = {}
    for quote in (*needed, *islice(others, QUOTES)):
        by_sentence.setdefault(quote.sentence, quote)
    return tuple(by_sentence.values())[: max(QUOTES, len(needed))]


def _articles(alert: Alert) -> list[str]:
    return list(dict.fromkeys(match.article_id for match in alert.matches))


def _story(story: Story, members: Mapping[str, _Seen]) -> StoryCard:
    articles = sorted(
        (members[one] for one in story.article_ids if one in members),
        key=lambda article: (
            not article.published,
            article.published and latest(article.published),
            article.copy,
            article.id,
        ),
    )
    start = articles[0].published if articles else None
    first_source = leader(_earliest(story, members))
    return StoryCard(
        id=story.id,
        title=story.title,
        first=story.first_published,
        last=story.last_published,
        sources=len(story.sources),
        independent_sources=story.independent_sources,
        reports=tuple(
            Telling(
                title=article.title,
                link=_link(article.url),
                source=article.source,
                time=article.published,
                copy=article.copy,
                first=number == 0 and article.source == first_source,
                delay=_delay(start, article.published),
            )
            for number, article in enumerate(articles[:TELLINGS])
        ),
        more=max(0, len(articles) - TELLINGS),
    )


def _delay(start: datetime | None, time: datetime | None) -> str:
    """Time since the first article, where both are known to the minute."""
    if not start or not time or start == time or only_day(start) or only_day(time):
        return ""
    return f"+{in_words(time - start)}"


def _earliest(story: Story, members: Mapping[str, _Seen]) -> dict[str, datetime]:
    """The time at which each outlet came out with a story; undated articles cannot say."""
    times: dict[str, datetime] = {}
    for one in story.article_ids:
        article = members.get(one)
        if article and article.source and article.published:
            times[article.source] = min(article.published, times.get(article.source, article.published))
    return times


def _feed(state: FeedState, now: datetime) -> FeedRow:
    word, advice = health(state, now)
    return FeedRow(
        name=state.title or urlsplit(state.url).hostname or state.url,
        url=state.url,
        health=word,
        advice=advice,
        error=state.last_error if state.failures else None,
        last_success=state.last_success,
        failures=state.failures,
    )


def _unwell_first(feed: FeedRow) -> tuple[bool, int, str]:
    return (feed.well, -feed.failures, feed.url)


def _latest_first(story: Story) -> tuple[float, str]:
    return (-story.last_published.timestamp() if story.last_published else 0.0, story.id)


def _gravity(severity: str) -> int:
    """Smallest for the gravest; that of a rule which is no longer in the file is not known and comes last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def _link(url: str) -> str | None:
    """A URL that may be followed: a page may name ``javascript:`` as its own address."""
    return url if url.startswith(("http://", "https://")) else None
