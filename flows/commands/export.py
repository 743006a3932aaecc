"""``wirepicket export``: everything as JSON lines."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import ConfigOption, StoreOption, opened
from pipelines.identify.changes import revision_changes
from schemas.export import export_alert, export_article, export_quarantine, export_story
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


def export(
    what: Annotated[What, typer.Argument(help="What to export.")],
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Write results to standard output as JSON lines.

    "changes" are merges, splits and renamings of copy groups and stories; "revisions" what edits of articles changed.
    """
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        for record in _records(what, opened_store):
            sys.stdout.buffer.write(to_json(record) + b"\n")
        sys.stdout.buffer.flush()


def _records(what: What, store: Store) -> Iterator[object]:
    match what:
        case What.ARTICLES:
            return map(export_article, store.iter_articles())
        case What.STORIES:
            return map(export_story, store.iter_stories())
        case What.ALERTS:
            return map(export_alert, store.iter_alerts())
        case What.QUARANTINE:
            return map(export_quarantine, store.iter_quarantine())
        case What.CHANGES:
            return store.iter_changes()
        case What.REVISIONS:
            return (
                change
                for article in store.iter_articles()
                if article.revision > 1
                for change in revision_changes(article, store.revisions(article.id))
            )
