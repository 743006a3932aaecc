"""``wirepicket export``: everything as JSON lines."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import ConfigOption, StoreOption, opened
from pipelines.errors import ConfigurationError
from pipelines.identify.changes import revision_changes
from schemas.export import export_alert, export_article, export_quarantine, export_story
from schemas.markdown import as_markdown
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store


class What(StrEnum):
    """What can be exported."""

    ARTICLES = "articles"
    STORIES = "stories"
    ALERTS = "alerts"
    QUARANTINE = "quarantine"
    CHANGES = "changes"
    REVISIONS = "revisions"


class ExportForm(StrEnum):
    """In what form."""

    JSON = "json"
    MARKDOWN = "markdown"


def export(
    what: Annotated[What, typer.Argument(help="Kind of record to export.")],
    form: Annotated[
        ExportForm, typer.Option("--form", help="JSON lines, or Markdown (articles only).")
    ] = ExportForm.JSON,
    closed: Annotated[
        bool, typer.Option("--all", help="Export closed quarantine entries too: failures that have succeeded since.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Write results to standard output as JSON lines.

    "changes" are merges, splits and renamings of copy groups and stories; "revisions" what edits of articles changed.
    """
    if closed and what is not What.QUARANTINE:
        raise ConfigurationError(f"--all is for quarantine; {what} are exported whole")
    if form is ExportForm.MARKDOWN and what is not What.ARTICLES:
        raise ConfigurationError(f"--form markdown is for articles; {what} are exported as JSON lines")
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        if form is ExportForm.MARKDOWN:
            print("\n---\n\n".join(map(as_markdown, opened_store.iter_articles())), end="")
            return
        for record in _records(what, opened_store, closed=closed):
            sys.stdout.buffer.write(to_json(record) + b"\n")
        sys.stdout.buffer.flush()


def _records(what: What, store: Store, *, closed: bool) -> Iterator[object]:
    match what:
        case What.ARTICLES:
            return map(export_article, store.iter_articles())
        case What.STORIES:
            return map(export_story, store.iter_stories())
        case What.ALERTS:
            return map(export_alert, store.iter_alerts())
        case What.QUARANTINE:
            return map(export_quarantine, store.iter_quarantine(closed=closed))
        case What.CHANGES:
            return store.iter_changes()
        case What.REVISIONS:
            return (
                change
                for article in store.iter_articles()
                if article.revision > 1
                for change in revision_changes(article, store.revisions(article.id))
            )
