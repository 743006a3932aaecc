"""``wirepicket show``: an article, story, alert or quarantine entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from flows.alert_tables import alert_view
from flows.article_tables import article_view, carriers_view, excerpts_view, trail_view
from flows.change_tables import changes_view
from flows.commands.ids import find_id
from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.console import console
from flows.history_tables import history_view, moved_line
from flows.quarantine_tables import item_block, quarantined_item
from flows.story_tables import story_view
from pipelines.errors import ConfigurationError
from pipelines.identify.changes import change_of, revisions_of
from pipelines.lineage.excerpts import excerpts
from pipelines.lineage.history import copy_since, event_as_dict, history, successors_of
from pipelines.lineage.trail import trail_as_dict, trail_of
from pipelines.stores.protocol import IdKind
from schemas.export import export_alert, export_article, export_quarantine, export_story
from schemas.markdown import as_markdown
from schemas.records import Grouping
from schemas.serial import to_dict

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store
    from schemas.records import Article, Story


def show(
    record_id: Annotated[
        str, typer.Argument(help="Id of an article, story, alert or quarantine entry, or how it begins.", metavar="ID")
    ],
    diff: Annotated[
        bool, typer.Option("--diff", help="Show the changes that each revision of the article made.")
    ] = False,
    lineage: Annotated[
        bool, typer.Option("--lineage", help="Show the lineage of the article, from feed entry to alert.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--article", help="Show the whole article if its id is also the id of its story.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print an article as Markdown.")] = False,
) -> None:
    """Show an article, story, alert or quarantine entry.

    A story has the id of its first article: if it has several articles, the story is shown.
    """
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        record_id = _known_id(opened_store, record_id)
        story = opened_store.stories([record_id]).get(record_id)
        article = opened_store.articles([record_id]).get(record_id)
        alert = opened_store.alerts([record_id]).get(record_id)
        gone = None if story or alert else successors_of(record_id, opened_store)
        item = quarantined_item(opened_store, record_id) if not (story or article or alert) else None
        if (diff or lineage or whole or markdown) and article is None:
            raise ConfigurationError(f"{record_id}: only articles have a text, revisions and a lineage")
        if article and (markdown or lineage):
            _show_article(article, opened_store, settings, markdown=markdown, as_json=as_json)
            return
        revisions = list(revisions_of(article, opened_store.revisions(article.id))) if article and diff else []
        if as_json:
            records = {
                "story": story and to_dict(export_story(story)),
                "article": article and to_dict(export_article(article)),
                "alert": alert and to_dict(export_alert(alert)),
                "changes": [to_dict(change_of(revision)) for revision in revisions],
                "quarantine": item and to_dict(export_quarantine(item)),
                "moved": gone and to_dict(gone),
                "history": [
                    event_as_dict(event)
                    for grouping in Grouping
                    for event in history(record_id, grouping, opened_store)
                ],
            }
            print(json.dumps({name: value for name, value in records.items() if value}, ensure_ascii=False))
        elif article and diff:
            console.print(changes_view(article, revisions))
        elif story and not whole and len(story.article_ids) > 1:
            console.print(story_view(story, list(opened_store.articles(story.article_ids).values())))
            _print_history(record_id, Grouping.STORIES, opened_store)
            console.print(f"\nThe whole first article: wirepicket show {story.id} --article", style="dim", markup=False)
        elif alert:
            console.print(alert_view(alert, opened_store))
        elif item:
            console.print(item_block(item))
        else:
            if gone:
                console.print(moved_line(record_id, gone))
            if article:
                _print_article(article, opened_store)
            _print_history(record_id, Grouping.STORIES, opened_store)


def _known_id(store: Store, given: str) -> str:
    """Return the id that is meant. The id of a former story is returned as it is, even without its article."""
    try:
        return find_id(store, given, *IdKind)
    except ConfigurationError:
        if successors_of(given, store):
            return given
        raise


def _print_article(article: Article, store: Store) -> None:
    """Print an article, the outlets that carry its text, and the articles that share text with it."""
    console.print(article_view(article, _story_of(article, store), copy_since(article, store)))
    group = _copy_group(article, store)
    if len(group) > 1:
        console.print(carriers_view(group))
    _print_history(article.id, Grouping.COPIES, store)
    shared = excerpts(article.id, store)
    others = store.articles([excerpt.article_id for excerpt in shared])
    if others:
        console.print(excerpts_view(shared, others))


def _print_history(group_id: str, grouping: Grouping, store: Store) -> None:
    """Print the history of a story or copy group, if it has any."""
    turns = history(group_id, grouping, store)
    if turns:
        console.print(history_view(turns, store.articles({other for turn in turns for other in turn.others})))


def _show_article(article: Article, store: Store, settings: Settings, *, markdown: bool, as_json: bool) -> None:
    """Print the text of an article as Markdown, or else its lineage."""
    if markdown:
        print(as_markdown(article), end="")
        return
    trail = trail_of(article, settings.archive, store)
    if as_json:
        print(json.dumps(trail_as_dict(trail), ensure_ascii=False))
    else:
        console.print(trail_view(article, trail, _story_of(article, store)))


def _story_of(article: Article, store: Store) -> Story | None:
    return store.stories([article.story_id]).get(article.story_id) if article.story_id else None


def _copy_group(article: Article, store: Store) -> list[Article]:
    """Return the article and all articles that carry the same text."""
    canonical = store.articles([article.canonical_id or article.id]).get(article.canonical_id or article.id, article)
    copies = store.articles(canonical.copies)
    return [canonical, *(copies[copy_id] for copy_id in canonical.copies if copy_id in copies)]
