"""What people see of results: tables on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from flows.lineage_tables import first_line, graded_time
from pipelines.lineage.agencies import agency
from schemas.records import AlertOrigin
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from flows.run import PassReport
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store
    from pipelines.stores.searching import Facets, Hit
    from schemas.records import Alert, AlertMatch, Article, Match, RunRecord, Story

SHOWN = 12
"""Rows of each table at the end of a run."""
SUMMARY = ("articles", "new", "revised", "duplicates", "stories", "alerts", "quarantined", "seconds")
"""Fields of the summary object, in the order of the contract."""

_NUMBERS = frozenset({"copies", "articles", "outlets", "independent", "dropped lines"})

_ID_WIDTH = 32

console = Console(highlight=False)


def print_json(record: RunRecord) -> None:
    """The summary object, alone on a line."""
    told = to_dict(record)
    print(json.dumps({name: told[name] for name in SUMMARY}))


def print_summary(record: RunRecord) -> None:
    """The summary as one line for people."""
    told = to_dict(record)
    console.print(" · ".join(f"{name} [bold]{told[name]}[/]" for name in SUMMARY))


def print_pass(report: PassReport, stories: Sequence[Story], alerts: Sequence[Alert], settings: Settings) -> None:
    """What a pass found, and what to try next."""
    if report.record.new or report.record.revised:
        console.print(_articles(report.articles), "")
        console.print(stories_table(stories[:SHOWN], "Stories (one for each event)"), "")
        if alerts:
            titles = {article.id: article.content.title for article in report.articles}
            console.print(Text("Alerts (one for each rule and story)", style="bold"))
            for alert in alerts[:SHOWN]:
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
    table = _table(
        "Articles (copies folded under the earliest)", "published", "source", "title", "copies", "dropped lines"
    )
    canonical = [article for article in articles if article.canonical_id in {None, article.id}]
    for article in sorted(canonical, key=lambda one: (-len(one.copies), one.content.title or ""))[:SHOWN]:
        table.add_row(
            _day(article.content.published),
            _plain(article.content.source),
            _plain(article.content.title),
            str(len(article.copies) or ""),
            str(len(article.content.dropped) or ""),
        )
    if len(canonical) > SHOWN:
        table.caption = f"… and {len(canonical) - SHOWN} more"
    return table


def stories_table(stories: Iterable[Story], title: str) -> Table:
    """Stories, a row each."""
    table = _table(title, "published", "articles", "outlets", "independent", "title and id")
    for story in stories:
        first, last = _day(story.first_published), _day(story.last_published)
        table.add_row(
            first if first == last else f"{first}\nto {last}",
            str(len(story.article_ids)),
            str(len(story.sources)),
            str(story.independent_sources),
            _named(story.title, story.id),
        )
    return table


def alert_block(alert: Alert, titles: dict[str, str | None]) -> Group:
    """An alert: its rule, its story, and the sentence that matched."""
    count = len({match.article_id for match in alert.matches})
    first = next((match for match in alert.matches if match.article_id == alert.article_id), None)
    head = Text.assemble(
        "  ",
        (alert.rule_id, "bold red"),
        "  ",
        titles.get(alert.article_id) or "(no title)",
        f"  [{alert.state}{'' if alert.origin is AlertOrigin.LIVE else f', {alert.origin}'}]",
    )
    tail = Text(f"    {count} article{'s' * (count > 1)}; alert {alert.id}; story {alert.story_id}", style="dim")
    return Group(head, *([quoted(first)] if first else []), tail)


def quoted(match: Match | AlertMatch) -> Text:
    """The sentence of a match, the matching form marked."""
    sentence = Text(f"    “{match.sentence.strip()}”")
    sentence.highlight_words([match.form], style="bold yellow")
    return sentence


def hit_view(hit: Hit) -> Group:
    """A hit of a search: title, where and when, and the first sentence that matched."""
    content = hit.article.content
    return Group(
        Text(content.title or "(no title)", style="bold"),
        Text(f"    {_day(content.published)}  {content.source or content.url}  {hit.article.id}", style="dim"),
        *(quoted(match) for match in hit.matches[:1]),
    )


def print_facets(found: Facets) -> None:
    """How the hits of a search are spread."""
    console.print(f"{found.articles} articles of {found.stories} stories")
    for title, counted in (("outlet", found.sources), ("language", found.languages), ("published", found.days)):
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column(title, header_style="dim")
        table.add_column("articles", header_style="dim", justify="right")
        for value, count in counted[:SHOWN]:
            table.add_row(_plain(value), str(count))
        if counted:
            console.print("", table)


def article_view(article: Article, others: Sequence[Article]) -> Group:
    """One article, whole."""
    content = article.content
    facts = Table.grid(padding=(0, 2))
    rows = {
        "id": article.id,
        "url": content.url,
        "source": content.source,
        "author": content.author,
        "published": f"{_time(content.published)} (from {content.published_from})" if content.published else None,
        "undated": f"a date is declared, but not believed ({content.date_doubt})" if content.date_doubt else None,
        "modified": f"{_time(content.modified)} (from {content.modified_from})" if content.modified else None,
        "section": content.section,
        "image": content.image,
        "in a feed": f"since {_time(article.first_listed)}" if article.first_listed else None,
        "first seen": _time(article.first_seen),
        "language": content.language,
        "revision": str(article.revision),
        "copy of": article.canonical_id if article.canonical_id != article.id else None,
        "copies": "\n".join(f"{one.id}  {one.content.source or one.content.url}" for one in others) or None,
        "story": article.story_id,
        "rules": ", ".join(hit.rule_id for hit in content.hits) or None,
        "no alert": "\n".join(
            f"{hit.rule_id}: “{hit.form}” only in a dropped line [{hit.reason}]" for hit in content.dropped_hits
        )
        or None,
        "archive": "\n".join(f"{_time(one.fetched_at)}  {one.archive_record}" for one in article.observations),
    }
    for name, value in rows.items():
        if value:
            facts.add_row(Text(name, style="dim"), Text(value))
    dropped = [Text(f"  [{line.reason}] {line.line}", style="dim") for line in content.dropped]
    return Group(
        Text(content.title or "(no title)", style="bold"),
        facts,
        Text(""),
        *([Text(content.description, style="italic"), Text("")] if content.description else []),
        Text(content.body),
        *([Text("\nDropped lines", style="bold"), *dropped] if dropped else []),
    )


def story_view(story: Story, articles: Sequence[Article]) -> Group:
    """One story as a timeline."""
    table = _table(story.title or "(no title)", "published (UTC)", "source", "text", "title and id")
    for article in sorted(articles, key=lambda one: (_time(one.content.published) or "~", one.id)):
        table.add_row(
            graded_time(article),
            _plain(article.content.source),
            "copy" if article.canonical_id != article.id else agency(article.content) or "",
            _named(article.content.title, article.id),
        )
    counted = (
        f"{len(story.article_ids)} articles, {len(story.sources)} sources, {story.independent_sources} independent"
    )
    return Group(table, Text(counted, style="dim"), first_line(articles))


def alert_view(alert: Alert, store: Store) -> Group:
    """One alert with every match, and what was said of it to whom."""
    found = store.articles({alert.article_id, *(match.article_id for match in alert.matches)})
    first = found.get(alert.article_id)
    published = _time(first.content.published) if first else ""
    origin = "" if alert.origin is AlertOrigin.LIVE else f", by {alert.origin}"
    lines: list[Text] = [
        Text(f"{alert.rule_id} (version {alert.rule_version}), {alert.state}{origin}", style="bold"),
        Text(f"published {published or 'at an unknown time'}, matched {_time(alert.matched_at)}"),
        Text(f"story {alert.story_id}"),
    ]
    for message in store.outbox_of_alerts([alert.id]):
        end = _time(message.delivered_at) or f"waits until {_time(message.next_attempt)}"
        said = f"{message.kind} to {message.channel}: {end}"
        why = "".join(f"; {one}" for one in (message.reason, message.last_error) if one)
        lines.append(Text(f"    {said}{why}", style="dim"))
    for match in alert.matches:
        article = found.get(match.article_id)
        lines.append(Text(f"\n{match.field} of {article.content.title if article else match.article_id}", style="dim"))
        lines.append(quoted(match))
        lines.append(Text(f"    {match.form!r} stands for {match.term!r}", style="dim"))
    return Group(*lines)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            column,
            header_style="dim",
            min_width=_ID_WIDTH if column == "title and id" else None,
            justify="right" if column in _NUMBERS else "left",
        )
    return table


def _plain(text: str | None) -> Text:
    """Other people's text: never read as markup."""
    return Text(text or "–")


def _named(title: str | None, record_id: str) -> Text:
    """A title with the id to show it by under it: side by side they do not fit a terminal of 80 columns."""
    return Text.assemble(title or "(no title)", "\n", (record_id, "dim"))


def _day(time: datetime | None) -> str:
    return time.date().isoformat() if time else "–"


def _time(time: datetime | None) -> str:
    return time_to_text(time) if time else ""
