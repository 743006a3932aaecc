"""Tables and lists of results on standard output."""

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
"""Largest number of rows in each list at the end of a run."""
_ARTICLES = "Articles (copies folded under the earliest), new or changed"
SUMMARY = ("articles", "new", "revised", "duplicates", "stories", "alerts", "quarantined", "seconds")
"""Fields of the summary object, in the order of the contract."""


def print_json(record: RunRecord) -> None:
    """Print the summary as a JSON object on a line of its own."""
    values = to_dict(record)
    print(json.dumps({name: values[name] for name in SUMMARY}))


def print_summary(record: RunRecord) -> None:
    """Print the summary as a line for people."""
    values = to_dict(record)
    console.print(" · ".join(f"{name} [bold]{values[name]}[/]" for name in SUMMARY))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResults:
    """Results of a pass to print: the articles, stories and alerts that it added or changed."""

    articles: Sequence[Article]
    stories: Sequence[Story]
    """Stories in the order of printing."""
    firsts: Mapping[str, Article]
    """The first article of each story, by id of the story."""
    severities: Mapping[str, str]
    """The highest severity of the alerts of each story that has alerts, by id of the story."""
    alerts: Sequence[Alert]
    """Alerts in the order of printing."""
    background: Background


def print_pass(report: PassReport, results: PassResults, settings: Settings) -> None:
    """Print the results of a pass and its summary."""
    if results.articles or results.alerts:
        console.print(_articles(results.articles), "")
        _print_list(
            "Stories (one for each event), new or changed", results.stories, "wirepicket stories", _story_of(results)
        )
        alerts = "Alerts (one for each rule and story), new or changed"
        _print_list(alerts, results.alerts, "wirepicket alerts", lambda alert: alert_block(alert, results.background))
    elif report.clean:
        console.print("Nothing new.\n")
    else:
        console.print("Nothing new in the inputs that could be read.\n")
    print_summary(report.record)
    console.print(f"\nResults: [bold]{settings.store_url_shown}[/]   archive: [bold]{settings.archive}[/]")


def _story_of(results: PassResults) -> Callable[[Story], Group]:
    return lambda story: story_block(story, results.severities.get(story.id), results.firsts.get(story.id))


def _print_list(title: str, items: Sequence[T], command: str, block: Callable[[T], Group]) -> None:
    """Print the first items of a list and the number of the others; ``command`` lists them all."""
    if not items:
        return
    console.print(Text(title, style="bold"))
    for item in items[:SHOWN]:
        console.print(block(item))
    if len(items) > SHOWN:
        console.print(f"… and {len(items) - SHOWN} more: {command} --limit {len(items)}", style="dim", markup=False)
    console.print()


def print_next(rules: str, store: str | None) -> None:
    """Print commands to try after the example; ``store`` is the address of a store that is not the default."""
    where = f" --store {store}" if store else ""
    console.print(
        "\nTry next:\n"
        f"  wirepicket search HIMARS{where}\n"
        f"  wirepicket stories{where}\n"
        f"  wirepicket show ID{where}{'' if where else ' ' * 24}  (an id from these lists)\n"
        f"  wirepicket rules check {rules}\n"
        "  wirepicket run --feeds infra/feeds.opml     (real feeds: needs the network)",
        markup=False,
        soft_wrap=True,
    )


def _articles(articles: Sequence[Article]) -> Table:
    table = rows_table("published", "source", "title", "copies", "dropped lines", right=("copies", "dropped lines"))
    table.title, table.title_justify, table.title_style = _ARTICLES, "left", "bold"
    ids = {article.id for article in articles}
    canonical = [
        article for article in articles if article.canonical_id in {None, article.id} or article.canonical_id not in ids
    ]
    for article in sorted(canonical, key=lambda article: (-len(article.copies), article.content.title or ""))[:SHOWN]:
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
    """Return a search hit: title, date, outlet, id, and the first sentence that matched."""
    content = hit.article.content
    details = plain(f"{day(content.published)}  {content.source or content.url}  {hit.article.id}")
    return Group(
        Text(plain(content.title or "(no title)"), style="bold"),
        Padding.indent(Text(details, style="dim"), INDENT),
        *quoted_terms(hit.matches, 1),
    )


def print_facets(counts: Facets) -> None:
    """Print the counts of search hits by outlet, language and day of publication."""
    console.print(f"{counts.articles} articles of {counts.stories} stories")
    for title, spread in (("outlet", counts.sources), ("language", counts.languages), ("published", counts.days)):
        table = rows_table(title, "articles", right=["articles"])
        for value, count in spread[:SHOWN]:
            table.add_row(Words(value), str(count))
        if spread:
            console.print("", table)
