"""Selection of the contents of a report from the store."""

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
from pipelines.report.model import AlertCard, FeedRow, Report, StoryCard, StoryReport, Totals
from pipelines.report.spans import in_words
from pipelines.rules.rule_file import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.quotes import Quote
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Article, FeedState, Story

MAX_ALERTS, MAX_STORIES, MAX_SINGLES, MAX_REPORTS, MAX_QUOTES, MAX_FIRSTS, MAX_RUNS = 100, 40, 100, 25, 3, 20, 20
"""Listed entries of each kind at most; the report states the total numbers."""
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Outline:
    """An article without its text, as kept while the store is read."""

    id: str
    title: str | None
    url: str
    source: str | None
    published: datetime | None
    copy: bool
    story_id: str | None


def gather(store: Store, *, since: datetime, until: datetime, severities: Mapping[str, str]) -> Report:
    """Return the report of a time span.

    An article belongs to the span if it was first seen in it. ``severities`` has the severity of each rule.
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
        key=lambda alert: _severity_rank(severities.get(alert.rule_id, "")),
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
        alerts=tuple(_alert(alert, members, severities) for alert in urgent[:MAX_ALERTS]),
        alerts_more=max(0, len(urgent) - MAX_ALERTS),
        stories=tuple(_story(story, members) for story in ranked[:MAX_STORIES]),
        stories_more=max(0, len(ranked) - MAX_STORIES),
        singles=tuple(_story(story, members) for story in singles[:MAX_SINGLES]),
        singles_more=max(0, len(singles) - MAX_SINGLES),
        activity=activity((article.source, article.published, article.copy) for article in seen),
        firsts=firsts(_earliest(story, members) for story in stories)[:MAX_FIRSTS],
        feeds=tuple(feeds),
        runs=tuple(run for run in store.last_runs(MAX_RUNS) if since <= run.started_at <= until),
        dropped=tuple(dropped.most_common()),
        quarantine=tuple(quarantine.most_common()),
    )


def _read(store: Store, since: datetime, until: datetime) -> tuple[list[_Outline], Counter[str]]:
    """Return the articles first seen in a span, and the numbers of their dropped lines by reason."""
    seen, dropped = [], Counter[str]()
    for article in store.iter_articles(since):
        if article.first_seen <= until:
            seen.append(_outline(article))
            dropped.update(line.reason for line in article.content.dropped)
    return seen, dropped


def _outline(article: Article) -> _Outline:
    content = article.content
    return _Outline(
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
    return (ordered[start : start + _READ_AT_ONCE] for start in range(0, len(ordered), _READ_AT_ONCE))


def _stories_of(store: Store, ids: Collection[str]) -> list[Story]:
    return [story for portion in _portions(ids) for story in store.stories(portion).values()]


def _alerts_of(store: Store, stories: Sequence[Story]) -> list[Alert]:
    return [
        alert for portion in _portions([story.id for story in stories]) for alert in store.alerts_of_stories(portion)
    ]


def _members(store: Store, stories: Sequence[Story], seen: Sequence[_Outline]) -> dict[str, _Outline]:
    """Return all articles of the stories by id, including those from before the span."""
    members = {article.id: article for article in seen}
    missing = {article_id for story in stories for article_id in story.article_ids} - members.keys()
    for portion in _portions(missing):
        members |= {article_id: _outline(article) for article_id, article in store.articles(portion).items()}
    return members


def _alert(alert: Alert, members: Mapping[str, _Outline], severities: Mapping[str, str]) -> AlertCard:
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
    """Return the distinct sentences that show every term, and the first sentence of each matching article."""
    needed = quotes(alert.matches, 0)
    others = (
        quotes([match for match in alert.matches if match.article_id == article_id], 1)[0]
        for article_id in _articles(alert)
    )
    by_sentence: dict[str, Quote] = {}
    for quote in (*needed, *islice(others, MAX_QUOTES)):
        by_sentence.setdefault(quote.sentence, quote)
    return tuple(by_sentence.values())[: max(MAX_QUOTES, len(needed))]


def _articles(alert: Alert) -> list[str]:
    return list(dict.fromkeys(match.article_id for match in alert.matches))


def _story(story: Story, members: Mapping[str, _Outline]) -> StoryCard:
    articles = sorted(
        (members[article_id] for article_id in story.article_ids if article_id in members),
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
            StoryReport(
                title=article.title,
                link=_link(article.url),
                source=article.source,
                time=article.published,
                copy=article.copy,
                first=number == 0 and article.source == first_source,
                delay=_delay(start, article.published),
            )
            for number, article in enumerate(articles[:MAX_REPORTS])
        ),
        more=max(0, len(articles) - MAX_REPORTS),
    )


def _delay(start: datetime | None, time: datetime | None) -> str:
    """Return the time since the first article as text; empty unless both times are known to the minute."""
    if not start or not time or start == time or only_day(start) or only_day(time):
        return ""
    return f"+{in_words(time - start)}"


def _earliest(story: Story, members: Mapping[str, _Outline]) -> dict[str, datetime]:
    """Return the earliest time of publication of a story by outlet; undated articles do not count."""
    times: dict[str, datetime] = {}
    for article_id in story.article_ids:
        article = members.get(article_id)
        if article and article.source and article.published:
            times[article.source] = min(article.published, times.get(article.source, article.published))
    return times


def _feed(state: FeedState, now: datetime) -> FeedRow:
    status, advice = health(state, now)
    return FeedRow(
        name=state.title or urlsplit(state.url).hostname or state.url,
        url=state.url,
        health=status,
        advice=advice,
        error=state.last_error if state.failures else None,
        last_success=state.last_success,
        failures=state.failures,
    )


def _unwell_first(feed: FeedRow) -> tuple[bool, int, str]:
    return (feed.well, -feed.failures, feed.url)


def _latest_first(story: Story) -> tuple[float, str]:
    return (-story.last_published.timestamp() if story.last_published else 0.0, story.id)


def _severity_rank(severity: str) -> int:
    """Return the sort key of a severity: the highest first, and an unknown one (of a removed rule) last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def _link(url: str) -> str | None:
    """Return a URL if it is safe to follow, else ``None``: a page may declare ``javascript:`` as its address."""
    return url if url.startswith(("http://", "https://")) else None
