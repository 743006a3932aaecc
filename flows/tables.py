"""What people see of results: tables on standard output."""

from __future__ import annotations

import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from flows.console import Words, console, counted, plain, rows_table
from flows.story_tables import day, stories_table
from schemas.records import AlertOrigin
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.console import RenderableType
    from rich.table import Table

    from flows.run import PassReport
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store
    from pipelines.stores.searching import Facets, Hit
    from schemas.records import Alert, AlertMatch, Article, Match, RunRecord, Story

SHOWN = 12
"""Rows of each table at the end of a run."""
_INDENT = 4
_ARTICLES = "Articles (copies folded under the earliest)"
SUMMARY = ("articles", "new", "revised", "duplicates", "stories", "alerts", "quarantined", "seconds")
"""Fields of the summary object, in the order of the contract."""


def print_json(record: RunRecord) -> None:
    """The summary object, alone on a line."""
    told = to_dict(record)
    print(json.dumps({name: told[name] for name in SUMMARY}))


def print_summary(record: RunRecord) -> None:
    """The summary as one line for people."""
    told = to_dict(record)
    console.print(" · ".join(f"{name} [bold]{told[name]}[/]" for name in SUMMARY))


def print_pass(
    report: PassReport,
    stories: Sequence[Story],
    alerts: Sequence[Alert],
    store: Store,
    settings: Settings,
) -> None:
    """What a pass found, and what to try next; ``store`` tells what the alerts began with."""
    if report.record.new or report.record.revised:
        console.print(_articles(report.articles), "")
        console.print(stories_table(stories[:SHOWN], "Stories (one for each event)"), "")
        if shown := alerts[:SHOWN]:
            titles = alert_titles(shown, store)
            console.print(Text("Alerts (one for each rule and story)", style="bold"))
            for alert in shown:
                console.print(alert_block(alert, titles))
            console.print()
    else:
        console.print("Nothing new.\n")
    print_summary(report.record)
    console.print(f"\nResults: [bold]{settings.store_url_shown}[/]   archive: [bold]{settings.archive}[/]")


def print_next(rules: str) -> None:
    """What a newcomer may try after the example."""
    console.print(
        "\nTry next:\n"
        "  wirepicket search HIMARS\n"
        "  wirepicket stories\n"
        "  wirepicket show ID                          (an id from these tables)\n"
        f"  wirepicket rules check {rules}\n"
        "  wirepicket run --feeds infra/feeds.opml     (the real thing: needs the network)",
        markup=False,
        soft_wrap=True,
    )


def _articles(articles: Sequence[Article]) -> Table:
    table = rows_table("published", "source", "title", "copies", "dropped lines", right=("copies", "dropped lines"))
    table.title, table.title_justify, table.title_style = _ARTICLES, "left", "bold"
    canonical = [article for article in articles if article.canonical_id in {None, article.id}]
    for article in sorted(canonical, key=lambda one: (-len(one.copies), one.content.title or ""))[:SHOWN]:
        table.add_row(
            day(article.content.published),
            Words(article.content.source, 2),
            Words(article.content.title, 2),
            str(len(article.copies) or ""),
            str(len(article.content.dropped) or ""),
        )
    if len(canonical) > SHOWN:
        table.caption, table.caption_justify = f"… and {len(canonical) - SHOWN} more", "left"
    return table


def alert_block(alert: Alert, titles: Mapping[str, str | None]) -> Group:
    """An alert: its rule, its story, and the sentence that matched."""
    count = len({match.article_id for match in alert.matches})
    first = next((match for match in alert.matches if match.article_id == alert.article_id), None)
    head = Text.assemble(
        (alert.rule_id, "bold red"),
        "  ",
        plain(titles.get(alert.article_id) or "(no title)"),
        f"  [{alert.state}{'' if alert.origin is AlertOrigin.LIVE else f', {alert.origin}'}]",
    )
    tail = Text(f"{counted(count, 'article')}; alert {alert.id}; story {alert.story_id}", style="dim")
    return Group(Padding.indent(head, _INDENT // 2), *([quoted(first)] if first else []), Padding.indent(tail, _INDENT))


def alert_titles(alerts: Sequence[Alert], store: Store) -> dict[str, str | None]:
    """The titles of the articles that alerts began with, by article id."""
    articles = store.articles({alert.article_id for alert in alerts})
    return {article_id: article.content.title for article_id, article in articles.items()}


def quoted(*matches: Match | AlertMatch) -> Padding:
    """The sentence of matches, the matching forms marked."""
    sentence = Text(f"“{plain(matches[0].sentence.strip())}”")
    sentence.highlight_words([match.form for match in matches], style="bold yellow")
    return Padding.indent(sentence, _INDENT)


def explained(matches: Sequence[Match | AlertMatch]) -> list[Padding]:
    """Each sentence once, with what in it matched and for which terms."""
    lines: list[Padding] = []
    for _, together in groupby(matches, attrgetter("sentence")):
        found = list(together)
        forms = dict.fromkeys(one.form if one.form == one.term else f"{one.form} (for {one.term})" for one in found)
        matched = Text(plain(f"matched: {', '.join(forms)}"), style="dim")
        lines += [quoted(*found), Padding.indent(matched, 2 * _INDENT)]
    return lines


def hit_view(hit: Hit) -> Group:
    """A hit of a search: title, where and when, and the first sentence that matched."""
    content = hit.article.content
    told = plain(f"{day(content.published)}  {content.source or content.url}  {hit.article.id}")
    return Group(
        Text(plain(content.title or "(no title)"), style="bold"),
        Padding.indent(Text(told, style="dim"), _INDENT),
        *(quoted(match) for match in hit.matches[:1]),
    )


def print_facets(found: Facets) -> None:
    """How the hits of a search are spread."""
    console.print(f"{found.articles} articles of {found.stories} stories")
    for title, spread in (("outlet", found.sources), ("language", found.languages), ("published", found.days)):
        table = rows_table(title, "articles", right=["articles"])
        for value, count in spread[:SHOWN]:
            table.add_row(Words(value), str(count))
        if spread:
            console.print("", table)


def alert_view(alert: Alert, store: Store) -> Group:
    """One alert with every match, and what was said of it to whom."""
    found = store.articles({alert.article_id, *(match.article_id for match in alert.matches)})
    first = found.get(alert.article_id)
    published = _time(first.content.published) if first else ""
    origin = "" if alert.origin is AlertOrigin.LIVE else f", by {alert.origin}"
    lines: list[RenderableType] = [
        Text(f"{alert.rule_id} (version {alert.rule_version}), {alert.state}{origin}", style="bold"),
        Text(f"published {published or 'at an unknown time'}, matched {_time(alert.matched_at)}"),
        Text(f"story {alert.story_id}"),
    ]
    for message in store.outbox_of_alerts([alert.id]):
        end = _time(message.delivered_at) or f"waits until {_time(message.next_attempt)}"
        said = f"{message.kind} to {message.channel}: {end}"
        why = "".join(f"; {one}" for one in (message.reason, message.last_error) if one)
        lines.append(Padding.indent(Text(plain(f"{said}{why}"), style="dim"), _INDENT))
    for (article_id, field), matches in groupby(alert.matches, attrgetter("article_id", "field")):
        article = found.get(article_id)
        title = (article and article.content.title) or article_id
        lines += [Text(plain(f"\n{field} of {title}"), style="dim"), *explained(list(matches))]
    return Group(*lines)


def _time(time: datetime | None) -> str:
    return time_to_text(time) if time else ""
