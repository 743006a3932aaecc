"""Results of a pass, read from the store for printing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.alert_tables import Background, by_severity_and_time, gravity, in_portions
from flows.tables import SHOWN, PassResults
from pipelines.ingest.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from flows.run import PassReport
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Story


def results_of(report: PassReport, store: Store) -> PassResults:
    """Return the articles that a pass added or changed, and the stories and alerts that these changed."""
    fresh = {article_id for article_id, outcome in report.batch.outcomes if outcome is not Outcome.SEEN}
    articles = [article for article in report.articles if article.id in fresh]
    ids = {article.story_id for article in articles if article.story_id}
    stories = list(in_portions(store.stories, ids).values())
    alerts = list(in_portions(lambda some: {alert.id: alert for alert in store.alerts_of_stories(some)}, ids).values())
    changed = _changed(alerts, fresh, report, store)
    background = Background.of(changed, store, fresh)
    severities = _severities(alerts)
    ordered = sorted(_latest_first(stories), key=lambda story: gravity(severities.get(story.id)))
    return PassResults(
        articles=articles,
        stories=ordered,
        firsts=in_portions(store.articles, (story.id for story in ordered[:SHOWN])),
        severities=severities,
        alerts=by_severity_and_time(changed, background),
        background=background,
    )


def _changed(alerts: Sequence[Alert], fresh: Collection[str], report: PassReport, store: Store) -> list[Alert]:
    """Return the alerts that were raised, got an article or got a message since the pass began."""
    begun = report.record.started_at
    messages = store.outbox_of_alerts([alert.id for alert in alerts]) if alerts else []
    with_message = {message.alert_id for message in messages if message.created_at >= begun}
    return [
        alert
        for alert in alerts
        if alert.matched_at >= begun
        or alert.id in with_message
        or any(match.article_id in fresh for match in alert.matches)
    ]


def _severities(alerts: Sequence[Alert]) -> dict[str, str]:
    gravest: dict[str, str] = {}
    for alert in alerts:
        if alert.severity and gravity(alert.severity) < gravity(gravest.get(alert.story_id)):
            gravest[alert.story_id] = alert.severity
    return gravest


def _latest_first(stories: Sequence[Story]) -> list[Story]:
    return sorted(
        stories,
        key=lambda story: (story.last_published is not None, story.last_published, story.id),
        reverse=True,
    )
