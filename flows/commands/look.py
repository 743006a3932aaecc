"""``wirepicket search`` and ``stories``: queries on the store."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated

import typer

from flows.commands.ids import find_id, find_stories
from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.commands.queries import parsed_query
from flows.console import console
from flows.story_tables import stories_table
from flows.tables import hit_view, print_facets
from pipelines.stores.protocol import IdKind
from pipelines.stores.searching import Order, facets
from schemas.export import export_article, export_story
from schemas.records import now_utc
from schemas.serial import to_dict

LimitOption = Annotated[int, typer.Option("--limit", help="Largest number of entries shown.", min=1)]


def search(
    query: Annotated[str, typer.Argument(help='A query in the rule language, such as: HIMARS, "F-16 Block 70"')],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Only articles published at this time or later: a date, a time, or a span like 7d.",
            metavar="TIME",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only articles published before this time.", metavar="TIME")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Only articles of this outlet.", metavar="NAME")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Only articles in this language, such as en.", metavar="CODE")
    ] = None,
    one_per_story: Annotated[
        bool, typer.Option("--stories", help="List only the first article of each story.")
    ] = False,
    after: Annotated[
        str | None,
        typer.Option("--after", help="List the hits after this article, the last of the previous page.", metavar="ID"),
    ] = None,
    sort: Annotated[
        Order,
        typer.Option("--sort", help="Order: latest or oldest by publication, or seen: the latest that came in."),
    ] = Order.LATEST,
    count: Annotated[
        bool, typer.Option("--facets", help="Count all matches by outlet, language and day instead of listing them.")
    ] = False,
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search for articles that match a query of the rule language, by default the latest first."""
    parsed, now = parsed_query(query), now_utc()
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        after = find_id(opened_store, after, IdKind.ARTICLE) if after else None
        hits = opened_store.search(
            parsed,
            since=parse_since(since, now) if since else None,
            until=parse_since(until, now, "--until") if until else None,
            source=source,
            language=language,
            after=after,
            one_per_story=one_per_story,
            order=sort,
        )
        if count:
            counts = facets(hits)
            print_facets(counts) if not as_json else print(json.dumps(to_dict(counts), ensure_ascii=False))
            return
        shown = list(islice(hits, limit + 1))
    for hit in shown[:limit]:
        if as_json:
            record = to_dict(export_article(hit.article)) | {"matches": [to_dict(match) for match in hit.matches]}
            print(json.dumps(record, ensure_ascii=False))
        else:
            console.print(hit_view(hit))
    if as_json:
        return
    if not shown:
        console.print("No article matches.")
    elif len(shown) > limit:
        console.print(f"… and more: --after {shown[limit - 1].article.id}", style="dim", markup=False)


def stories(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Only these stories, by id or how it begins.", metavar="[ID]…")
    ] = None,
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the latest stories."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        named = [story for given in ids or () for story in find_stories(opened_store, given)]
        latest = sorted(
            opened_store.stories(named).values() if named else opened_store.iter_stories(),
            key=lambda story: (story.last_published is not None, story.last_published, story.id),
            reverse=True,
        )
    if as_json:
        for story in latest[:limit]:
            print(json.dumps(to_dict(export_story(story)), ensure_ascii=False))
        return
    if not latest:
        console.print("No stories yet: start `wirepicket run` first.", markup=False)
        return
    console.print(stories_table(latest[:limit], "Stories, latest first"))
    if len(latest) > limit:
        console.print(f"… and {len(latest) - limit} more: --limit", style="dim", markup=False)
