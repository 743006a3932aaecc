"""What people see of alerts: a block each in a list, and one with everything."""

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
"""Sentences quoted of an alert in a list, more only where its terms need them."""
_PORTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a list of alerts tells beside the alerts."""

    articles: Mapping[str, Article] = field(default_factory=dict)
    stories: Mapping[str, Story] = field(default_factory=dict)
    fresh: Collection[str] = ()
    """Articles that are new or have changed: an alert which has such is told by them."""

    @classmethod
    def of(cls, alerts: Sequence[Alert], store: Store, fresh: Collection[str] = ()) -> Background:
        """Read it from the store."""
        articles = {one for alert in alerts for one in shown_articles(alert, fresh)}
        stories = {alert.story_id for alert in alerts}
        return cls(
            articles=in_portions(store.articles, articles), stories=in_portions(store.stories, stories), fresh=fresh
        )


def in_portions(look_up: Callable[[Sequence[str]], Mapping[str, Record]], ids: Iterable[str]) -> dict[str, Record]:
    """Return records by id, looked up some at a time."""
    ordered = sorted(set(ids))
    found: dict[str, Record] = {}
    for start in range(0, len(ordered), _PORTION):
        found |= look_up(ordered[start : start + _PORTION])
    return found


def shown_articles(alert: Alert, fresh: Collection[str]) -> list[str]:
    """Return the articles by which an alert is told: those that are fresh, or else the first that matched."""
    matching = dict.fromkeys(match.article_id for match in alert.matches)
    return [one for one in matching if one in fresh] or [alert.article_id]


def gravity(severity: str | None) -> int:
    """Return a key that sorts the gravest first; what has no severity comes last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def by_severity_and_time(alerts: Iterable[Alert], background: Background) -> list[Alert]:
    """Return alerts, the gravest first, of those the latest."""

    def when(alert: Alert) -> datetime:
        known = [
            background.articles[one] for one in shown_articles(alert, background.fresh) if one in background.articles
        ]
        return max((one.content.published or one.first_seen for one in known), default=alert.matched_at)

    latest = sorted(alerts, key=lambda alert: (when(alert), alert.id), reverse=True)
    return sorted(latest, key=lambda alert: gravity(alert.severity))


def from_source(alerts: Sequence[Alert], source: str, store: Store) -> list[Alert]:
    """Return the alerts of which a matching article is of an outlet (by its name) or at a host or below it."""
    articles = in_portions(store.articles, (match.article_id for alert in alerts for match in alert.matches))
    name = source.casefold().strip()
    of_it = {one.id for one in articles.values() if _is_from(one, name)}
    return [alert for alert in alerts if any(match.article_id in of_it for match in alert.matches)]


def _is_from(article: Article, name: str) -> bool:
    try:
        host = (urlsplit(article.content.url).hostname or "").casefold()
    except ValueError:
        host = ""
    return name in {(article.content.source or "").casefold(), host} or host.endswith(f".{name}")


def alert_block(alert: Alert, background: Background) -> Group:
    """Return an alert: severity, time, rule, story, the sentences that matched, who carries it and where."""
    shown = shown_articles(alert, background.fresh)
    articles = [background.articles[one] for one in shown if one in background.articles]
    story = background.stories.get(alert.story_id)
    title = articles[0].content.title if articles else story and story.title
    when = time_of(articles[0]) if articles else minute(alert.matched_at)
    count = len({match.article_id for match in alert.matches})
    shown_title = plain(title or "(no title)").strip()
    found = quotes([match for match in alert.matches if match.article_id in shown], _QUOTED)
    in_title = next((one for one in found if plain(one.sentence).strip() == shown_title), None)
    state = f"[{alert.state}{'' if alert.origin is AlertOrigin.LIVE else f', {alert.origin}'}]"
    told = Text.assemble((alert.rule_id, "bold red"), "  ")
    told.append_text(quote_text(in_title) if in_title else Text(shown_title))
    told.append(f"  {state}")
    carried = [f"{carriers(story)}"] if story else []
    return Group(
        listed(alert.severity, when, told),
        *(quote_block(one) for one in found if one is not in_title),
        *(Padding.indent(Text(plain(one), overflow="fold"), INDENT) for one in carried),
        *(Padding.indent(Text(plain(one.content.url), overflow="fold"), INDENT) for one in articles[:1]),
        Padding.indent(Text(f"{counted(count, 'article')}; alert {alert.id}", style="dim"), INDENT),
        Padding.indent(Text(f"story {alert.story_id}", style="dim"), INDENT),
    )


def alert_view(alert: Alert, store: Store) -> Group:
    """Return one alert with every match, and what was said of it to whom."""
    found = store.articles({alert.article_id, *(match.article_id for match in alert.matches)})
    story = store.stories([alert.story_id]).get(alert.story_id)
    first = found.get(alert.article_id)
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
        said = f"{message.kind} to {message.channel}: {end}"
        why = "".join(f"; {one}" for one in (message.reason, message.last_error) if one)
        lines.append(Padding.indent(Text(plain(f"{said}{why}"), style="dim"), INDENT))
    for (article_id, name), matches in groupby(alert.matches, attrgetter("article_id", "field")):
        article = found.get(article_id)
        title = (article and article.content.title) or article_id
        lines += [Text(plain(f"\n{name} of {title}"), style="dim")]
        lines += [Text(plain(article.content.url), style="dim", overflow="fold")] if article else []
        lines += explained(list(matches))
    return Group(*lines)


def _time(time: datetime | None) -> str:
    return time_to_text(time) if time else ""
