"""Views of alerts for the terminal: a block for a list, and a view with every match."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from flows.console import counted, plain
from flows.quote_tables import INDENT, explained, quote_block, quote_text
from flows.story_tables import carriers, listed, minute, time_of
from pipelines.alerts.quotes import quotes
from pipelines.rules.rule_file import SEVERITIES
from schemas.records import AlertOrigin
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from pipelines.stores.protocol import Store
    from schemas.records import Alert, Article, Story

Record = TypeVar("Record")
_QUOTED = 2
"""Number of sentences quoted for an alert in a list; more only if its terms need them."""
_PORTION = 500
"""Records that one request to the store asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The articles and stories that a list of alerts shows beside them."""

    articles: Mapping[str, Article] = field(default_factory=dict)
    stories: Mapping[str, Story] = field(default_factory=dict)
    fresh: Collection[str] = ()
    """Ids of articles that are new or have changed. An alert with any of them is shown by these."""

    @classmethod
    def of(cls, alerts: Sequence[Alert], store: Store, fresh: Collection[str] = ()) -> Background:
        """Read the articles and stories of alerts from the store."""
        articles = {article_id for alert in alerts for article_id in shown_articles(alert, fresh)}
        stories = {alert.story_id for alert in alerts}
        return cls(
            articles=in_portions(store.articles, articles), stories=in_portions(store.stories, stories), fresh=fresh
        )


def in_portions(look_up: Callable[[Sequence[str]], Mapping[str, Record]], ids: Iterable[str]) -> dict[str, Record]:
    """Return records by id, read from the store in batches of limited size."""
    ordered = sorted(set(ids))
    records: dict[str, Record] = {}
    for start in range(0, len(ordered), _PORTION):
        records |= look_up(ordered[start : start + _PORTION])
    return records


def shown_articles(alert: Alert, fresh: Collection[str]) -> list[str]:
    """Return the ids of the articles that an alert is shown by: the fresh ones, or else the first that matched."""
    matching = dict.fromkeys(match.article_id for match in alert.matches)
    return [article_id for article_id in matching if article_id in fresh] or [alert.article_id]


def gravity(severity: str | None) -> int:
    """Return a key that sorts the highest severity first and no severity last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def by_severity_and_time(alerts: Iterable[Alert], background: Background) -> list[Alert]:
    """Return alerts by severity, the highest first, and the latest first within a severity."""

    def when(alert: Alert) -> datetime:
        known = [
            background.articles[article_id]
            for article_id in shown_articles(alert, background.fresh)
            if article_id in background.articles
        ]
        return max((article.content.published or article.first_seen for article in known), default=alert.matched_at)

    latest = sorted(alerts, key=lambda alert: (when(alert), alert.id), reverse=True)
    return sorted(latest, key=lambda alert: gravity(alert.severity))


def from_source(alerts: Sequence[Alert], source: str, store: Store) -> list[Alert]:
    """Return the alerts with a matching article from an outlet (by its name), a host or a subdomain of it."""
    articles = in_portions(store.articles, (match.article_id for alert in alerts for match in alert.matches))
    name = source.casefold().strip()
    from_it = {article.id for article in articles.values() if _is_from(article, name)}
    return [alert for alert in alerts if any(match.article_id in from_it for match in alert.matches)]


def _is_from(article: Article, name: str) -> bool:
    try:
        host = (urlsplit(article.content.url).hostname or "").casefold()
    except ValueError:
        host = ""
    return name in {(article.content.source or "").casefold(), host} or host.endswith(f".{name}")


def alert_block(alert: Alert, background: Background) -> Group:
    """Return the block of an alert: severity, time, rule, story, the sentences that matched, outlets and address."""
    shown = shown_articles(alert, background.fresh)
    articles = [background.articles[article_id] for article_id in shown if article_id in background.articles]
    story = background.stories.get(alert.story_id)
    title = articles[0].content.title if articles else story and story.title
    when = time_of(articles[0]) if articles else minute(alert.matched_at)
    count = len({match.article_id for match in alert.matches})
    shown_title = plain(title or "(no title)").strip()
    quoted = quotes([match for match in alert.matches if match.article_id in shown], _QUOTED)
    in_title = next((quote for quote in quoted if plain(quote.sentence).strip() == shown_title), None)
    state = f"[{alert.state}{'' if alert.origin is AlertOrigin.LIVE else f', {alert.origin}'}]"
    summary = Text.assemble((alert.rule_id, "bold red"), "  ")
    summary.append_text(quote_text(in_title) if in_title else Text(shown_title))
    summary.append(f"  {state}")
    carried = [f"{carriers(story)}"] if story else []
    return Group(
        listed(alert.severity, when, summary),
        *(quote_block(quote) for quote in quoted if quote is not in_title),
        *(Padding.indent(Text(plain(line), overflow="fold"), INDENT) for line in carried),
        *(Padding.indent(Text(plain(article.content.url), overflow="fold"), INDENT) for article in articles[:1]),
        Padding.indent(Text(f"{counted(count, 'article')}; alert {alert.id}", style="dim"), INDENT),
        Padding.indent(Text(f"story {alert.story_id}", style="dim"), INDENT),
    )


def alert_view(alert: Alert, store: Store) -> Group:
    """Return the view of an alert: every match, and the messages about it with their channels."""
    articles = store.articles({alert.article_id, *(match.article_id for match in alert.matches)})
    story = store.stories([alert.story_id]).get(alert.story_id)
    first = articles.get(alert.article_id)
    published = _time(first.content.published) if first else ""
    origin = "" if alert.origin is AlertOrigin.LIVE else f", by {alert.origin}"
    severity = f"{alert.severity}, " if alert.severity else ""
    lines: list[RenderableType] = [
        Text(f"{alert.rule_id} (version {alert.rule_version}), {severity}{alert.state}{origin}", style="bold"),
        Text(f"published {published or 'at an unknown time'}, matched {_time(alert.matched_at)}"),
        *([Text(plain(carriers(story)))] if story else []),
        Text(f"alert {alert.id}; story {alert.story_id}"),
        *([Text(f"known before as {', '.join(alert.former_ids)}", style="dim")] if alert.former_ids else []),
    ]
    for message in store.outbox_of_alerts([alert.id]):
        end = _time(message.delivered_at) or f"waits until {_time(message.next_attempt)}"
        outcome = f"{message.kind} to {message.channel}: {end}"
        why = "".join(f"; {reason}" for reason in (message.reason, message.last_error) if reason)
        lines.append(Padding.indent(Text(plain(f"{outcome}{why}"), style="dim"), INDENT))
    for (article_id, name), matches in groupby(alert.matches, attrgetter("article_id", "field")):
        article = articles.get(article_id)
        title = (article and article.content.title) or article_id
        lines += [Text(plain(f"\n{name} of {title}"), style="dim")]
        lines += [Text(plain(article.content.url), style="dim", overflow="fold")] if article else []
        lines += explained(list(matches))
    return Group(*lines)


def _time(time: datetime | None) -> str:
    return time_to_text(time) if time else ""
