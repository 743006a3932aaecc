"""``wirepicket search``, ``stories`` and ``show``: looking things up."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.tables import alert_view, article_view, console, quoted, stories_table, story_view
from pipelines.alerts.matcher import confirm
from pipelines.alerts.query import Query, parse
from pipelines.errors import ConfigurationError, RuleSyntaxError
from schemas.export import export_alert, export_article, export_story
from schemas.serial import to_dict

LimitOption = Annotated[int, typer.Option("--limit", help="Show at most so many.", min=1)]


def search(
    query: Annotated[str, typer.Argument(help='A query in the rule language, such as: HIMARS, "F-16 Block 70"')],
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Articles that match a query of the rule language, latest first."""
    parsed = _parsed(query)
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        found = (
            (article, matches)
            for article in opened_store.candidates(parsed)
            if (
                matches := confirm(
                    parsed,
                    title=article.content.title,
                    body=article.content.body,
                    source=article.content.source,
                    language=article.content.language,
                )
            )
            is not None
        )
        shown = 0
        for article, matches in islice(found, limit):
            shown += 1
            if as_json:
                told = to_dict(export_article(article)) | {"matches": [to_dict(match) for match in matches]}
                print(json.dumps(told, ensure_ascii=False))
                continue
            day = article.content.published.date().isoformat() if article.content.published else "undated"
            console.print(article.content.title or "(no title)", style="bold", markup=False)
            console.print(
                f"    {day}  {article.content.source or article.content.url}  {article.id}",
                style="dim",
                markup=False,
            )
            for match in matches[:1]:
                console.print(quoted(match))
        if not shown and not as_json:
            console.print("Nothing matches.")


def _parsed(query: str) -> Query:
    try:
        return parse(query)
    except RuleSyntaxError as error:
        place = " " * ((error.column or 1) - 1)
        raise ConfigurationError(f"the query cannot be read\n  {query}\n  {place}^ {error.message}") from error


def stories(
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest stories."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        found = sorted(
            opened_store.iter_stories(),
            key=lambda story: (story.last_published is not None, story.last_published, story.id),
            reverse=True,
        )[:limit]
        if as_json:
            for story in found:
                print(json.dumps(to_dict(export_story(story)), ensure_ascii=False))
        else:
            console.print(stories_table(found, "Stories, latest first"))


def show(
    record_id: Annotated[str, typer.Argument(help="Id of an article, story or alert.", metavar="ID")],
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One article, story or alert, whole. An id that is both a story's and an article's shows both."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        story = opened_store.stories([record_id]).get(record_id)
        article = opened_store.articles([record_id]).get(record_id)
        alert = opened_store.alerts([record_id]).get(record_id)
        if not (story or article or alert):
            raise ConfigurationError(f"{record_id}: no article, story or alert has this id in {opened_store.url}")
        if as_json:
            found = {
                "story": story and to_dict(export_story(story)),
                "article": article and to_dict(export_article(article)),
                "alert": alert and to_dict(export_alert(alert)),
            }
            print(json.dumps({name: value for name, value in found.items() if value}, ensure_ascii=False))
            return
        if story:
            console.print(story_view(story, list(opened_store.articles(story.article_ids).values())), "")
        if article:
            copies = opened_store.articles(article.copies)
            console.print(article_view(article, [copies[one] for one in article.copies if one in copies]))
        if alert:
            console.print(alert_view(alert, opened_store))
