"""What people see of results: tables on standard output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from flows.alert_tables import alert_block
from flows.console import Words, console, plain, rows_table
from flows.quote_tables import INDENT, quoted_terms
from flows.story_tables import day, story_block
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.table import Table

    from flows.alert_tables import Background
    from flows.run import PassReport
    from pipelines.config import Settings
    from pipelines.stores.searching import Facets, Hit
    from schemas.records import Alert, Article, RunRecord, Story

T = TypeVar("T")
SHOWN = 12
"""Rows of each list at the end of a run."""
_ARTICLES = "Articles (copies folded under the earliest), new or changed"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResults:
    """What a pass has to tell: only what it has made or changed."""

    articles: Sequence[Article]
    stories: Sequence[Story]
    """In the order in which they are told."""
    firsts: Mapping[str, Article]
    """The first article of each story, by id of the story."""
    severities: Mapping[str, str]
    """The highest severity of the alerts of each story that has any."""
    alerts: Sequence[Alert]
    """In the order in which they are told."""
    background: Background


def print_pass(report: PassReport, told: PassResults, settings: Settings) -> None:
    """Print what a pass found, and what to try next."""
    if told.articles or told.alerts:
        console.print(_articles(told.articles), "")
        _print_list("Stories (one for each event), new or changed", told.stories, "wirepicket stories", _story_of(told))
        alerts = "Alerts (one for each rule and story), new or changed"
        _print_list(alerts, told.alerts, "wirepicket alerts", lambda alert: alert_block(alert, told.background))
    elif report.clean:
        console.print("Nothing new.\n")
    else:
        console.print("Nothing new in what could be read.\n")
    print_summary(report.record)
    console.print(f"\nResults: [bold]{settings.store_url_shown}[/]   archive: [bold]{settings.archive}[/]")


def _story_of(told: PassResults) -> Callable[[Story], Group]:
    return lambda story: story_block(story, told.severities.get(story.id), told.firsts.get(story.id))


def _print_list(title: str, items: Sequence[T], command: str, block: Callable[[T], Group]) -> None:
    """Print the first of some things, and how many more there are."""
    if not items:
        return
    console.print(Text(title, style="bold"))
    for item in items[:SHOWN]:
        console.print(block(item))
    if len(items) > SHOWN:
        console.print(f"… and {len(items) - SHOWN} more: {command} --limit {len(items)}", style="dim", markup=False)
    console.print()


def print_next(rules: str, store: str | None) -> None:
    """Print what a newcomer may try after the example; ``store`` where that is not the usual one."""
    where = f" --store {store}" if store else ""
    console.print(
        "\nTry next:\n"
        f"  wirepicket search HIMARS{where}\n"
        f"  wirepicket stories{where}\n"
        f"  wirepicket show ID{where}{'' if where else ' ' * 24}  (an id from these lists)\n"
        f"  wirepicket rules check {rules}\n"
        "  wirepicket run --feeds infra/feeds.opml     (the real thing: needs the network)",
        markup=False,
        soft_wrap=True,
    )


def _articles(articles: Sequence[Article]) -> Table:
    table = rows_table("published", "source", "title", "copies", "dropped lines", right=("copies", "dropped lines"))
    table.title, table.title_justify, table.title_style = _ARTICLES, "left", "bold"
    there = {article.id for article in articles}
    canonical = [one for one in articles if one.canonical_id in {None, one.id} or one.canonical_id not in there]
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


def hit_view(hit: Hit) -> Group:
    """A hit of a search: title, where and when, and the first sentence that matched."""
    content = hit.article.content
    told = plain(f"{day(content.published)}  {content.source or content.url}  {hit.article.id}")
    return Group(
        Text(plain(content.title or "(no title)"), style="bold"),
        Padding.indent(Text(told, style="dim"), INDENT),
        *quoted_terms(hit.matches, 1),
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
