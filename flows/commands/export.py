"""``wirepicket export``: records as JSON lines."""

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


class RecordKind(StrEnum):
    """Kinds of records that can be exported."""

    ARTICLES = "articles"
    STORIES = "stories"
    ALERTS = "alerts"
    QUARANTINE = "quarantine"
    CHANGES = "changes"
    REVISIONS = "revisions"


class ExportForm(StrEnum):
    """Format of an export."""

    JSON = "json"
    MARKDOWN = "markdown"


def export(
    kind: Annotated[RecordKind, typer.Argument(help="Kind of record to export.")],
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

    "changes" are merges, splits and renamings of copy groups and stories; "revisions" are changes
    that edits made to articles.
    """
    if closed and kind is not RecordKind.QUARANTINE:
        raise ConfigurationError(f"--all is for quarantine; {kind} are always exported completely")
    if form is ExportForm.MARKDOWN and kind is not RecordKind.ARTICLES:
        raise ConfigurationError(f"--form markdown is for articles; {kind} are exported as JSON lines")
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        if form is ExportForm.MARKDOWN:
            print("\n---\n\n".join(map(as_markdown, opened_store.iter_articles())), end="")
            return
        for record in _records(kind, opened_store, closed=closed):
            sys.stdout.buffer.write(to_json(record) + b"\n")
        sys.stdout.buffer.flush()


def _records(kind: RecordKind, store: Store, *, closed: bool) -> Iterator[object]:
    match kind:
        case RecordKind.ARTICLES:
            return map(export_article, store.iter_articles())
        case RecordKind.STORIES:
            return map(export_story, store.iter_stories())
        case RecordKind.ALERTS:
            return map(export_alert, store.iter_alerts())
        case RecordKind.QUARANTINE:
            return map(export_quarantine, store.iter_quarantine(closed=closed))
        case RecordKind.CHANGES:
            return store.iter_changes()
        case RecordKind.REVISIONS:
            return (
                change
                for article in store.iter_articles()
                if article.revision > 1
                for change in revision_changes(article, store.revisions(article.id))
            )
