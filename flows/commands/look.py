"""``wirepicket search``, ``stories`` and ``show``: looking things up."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from flows.article_tables import article_view, carriers_view, excerpts_view, trail_view
from flows.change_tables import changes_view
from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.commands.queries import parsed_query
from flows.console import console
from flows.story_tables import stories_table, story_view
from flows.tables import alert_view, hit_view, print_facets
from pipelines.errors import ConfigurationError
from pipelines.identify.changes import change_of, revisions_of
from pipelines.lineage.excerpts import excerpts
from pipelines.lineage.trail import trail_of
from pipelines.stores.searching import Order, facets
from schemas.export import export_alert, export_article, export_story
from schemas.markdown import as_markdown
from schemas.records import now_utc
from schemas.serial import to_dict

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store
    from schemas.records import Article, Story

LimitOption = Annotated[int, typer.Option("--limit", help="Show at most so many.", min=1)]


def search(
    query: Annotated[str, typer.Argument(help='A query in the rule language, such as: HIMARS, "F-16 Block 70"')],
    since: Annotated[
        str | None, typer.Option("--since", help="Published then or later: a date, a time, or 7d.", metavar="TIME")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Published before then.", metavar="TIME")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only this outlet.", metavar="NAME")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Only this language.", metavar="CODE")] = None,
    one_per_story: Annotated[bool, typer.Option("--stories", help="The first article of each story only.")] = False,
    after: Annotated[
        str | None, typer.Option("--after", help="Go on after this article: a further page.", metavar="ID")
    ] = None,
    sort: Annotated[
        Order,
        typer.Option("--sort", help="First the latest published, the oldest, or the latest that we saw."),
    ] = Order.LATEST,
    count: Annotated[bool, typer.Option("--facets", help="Only how all that matches is spread.")] = False,
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Articles that match a query of the rule language, by default the latest first."""
    parsed, now = parsed_query(query), now_utc()
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        if after and after not in opened_store.articles([after]):
            raise ConfigurationError(f"--after {after}: no article has this id in {opened_store.url}")
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
            told = facets(hits)
            print_facets(told) if not as_json else print(json.dumps(to_dict(told), ensure_ascii=False))
            return
        shown = list(islice(hits, limit + 1))
    for hit in shown[:limit]:
        if as_json:
            found = to_dict(export_article(hit.article)) | {"matches": [to_dict(match) for match in hit.matches]}
            print(json.dumps(found, ensure_ascii=False))
        else:
            console.print(hit_view(hit))
    if as_json:
        return
    if not shown:
        console.print("Nothing matches.")
    elif len(shown) > limit:
        console.print(f"… and more: --after {shown[limit - 1].article.id}", style="dim", markup=False)


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
        )
    if as_json:
        for story in found[:limit]:
            print(json.dumps(to_dict(export_story(story)), ensure_ascii=False))
        return
    if not found:
        console.print("No stories yet: `wirepicket run` makes them.", markup=False)
        return
    console.print(stories_table(found[:limit], "Stories, latest first"))
    if len(found) > limit:
        console.print(f"… and {len(found) - limit} more: --limit", style="dim", markup=False)


def show(
    record_id: Annotated[str, typer.Argument(help="Id of an article, story or alert.", metavar="ID")],
    diff: Annotated[bool, typer.Option("--diff", help="What each revision of the article changed.")] = False,
    lineage: Annotated[
        bool, typer.Option("--lineage", help="The way of the article, from feed entry to alert.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--article", help="The article whole, where its id is also that of its story.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="An article as Markdown.")] = False,
) -> None:
    """One article, story or alert. A story has its first article's id: of several articles the story is shown."""
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        story = opened_store.stories([record_id]).get(record_id)
        article = opened_store.articles([record_id]).get(record_id)
        alert = opened_store.alerts([record_id]).get(record_id)
        if not (story or article or alert):
            raise ConfigurationError(f"{record_id}: no article, story or alert has this id in {opened_store.url}")
        if (diff or lineage or whole or markdown) and article is None:
            raise ConfigurationError(f"{record_id}: only articles have a text, revisions and a lineage")
        if article and (markdown or lineage):
            _show_article(article, opened_store, settings, markdown=markdown, as_json=as_json)
            return
        revisions = list(revisions_of(article, opened_store.revisions(article.id))) if article and diff else []
        if as_json:
            found = {
                "story": story and to_dict(export_story(story)),
                "article": article and to_dict(export_article(article)),
                "alert": alert and to_dict(export_alert(alert)),
                "changes": [to_dict(change_of(revision)) for revision in revisions],
            }
            print(json.dumps({name: value for name, value in found.items() if value}, ensure_ascii=False))
        elif article and diff:
            console.print(changes_view(article, revisions))
        elif story and not whole and len(story.article_ids) > 1:
            console.print(story_view(story, list(opened_store.articles(story.article_ids).values())))
            console.print(f"\nThe first article whole: wirepicket show {story.id} --article", style="dim", markup=False)
        elif article:
            _print_article(article, opened_store)
        elif alert:
            console.print(alert_view(alert, opened_store))


def _print_article(article: Article, store: Store) -> None:
    """The article, who carries its text, and what it shares text with."""
    console.print(article_view(article, _story_of(article, store)))
    group = _copy_group(article, store)
    if len(group) > 1:
        console.print(carriers_view(group))
    shared = excerpts(article.id, store)
    others = store.articles([one.article_id for one in shared])
    if others:
        console.print(excerpts_view(shared, others))


def _show_article(article: Article, store: Store, settings: Settings, *, markdown: bool, as_json: bool) -> None:
    """The text of an article as Markdown, or else its lineage."""
    if markdown:
        print(as_markdown(article), end="")
        return
    trail = trail_of(article, settings.archive, store)
    if as_json:
        print(json.dumps(to_dict(trail), ensure_ascii=False))
    else:
        console.print(trail_view(article, trail, _story_of(article, store)))


def _story_of(article: Article, store: Store) -> Story | None:
    return store.stories([article.story_id]).get(article.story_id) if article.story_id else None


def _copy_group(article: Article, store: Store) -> list[Article]:
    """The article and all that carry the same text."""
    canonical = store.articles([article.canonical_id or article.id]).get(article.canonical_id or article.id, article)
    copies = store.articles(canonical.copies)
    return [canonical, *(copies[one] for one in canonical.copies if one in copies)]
