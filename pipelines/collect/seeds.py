"""Collection of seed files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.collect.parser_processes import unexpected
from pipelines.errors import SeedError
from pipelines.fetch.sources import FeedSource
from pipelines.identify.url import SEED_SCHEME
from pipelines.printable import printable
from pipelines.seeds.read import FeedDocument, read_seed
from schemas.records import Capture, Quarantined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pipelines.collect.intake import Intake
    from pipelines.seeds.read import SeedItem

BATCH = 500
"""Captures archived together, with one look-up and one flush to disk."""


@dataclass(frozen=True, slots=True)
class SeedFeeds:
    """The feeds among the seeds; they are read after the seeds, with all other feeds."""

    documents: tuple[FeedDocument, ...]
    sources: tuple[FeedSource, ...]


def take_seeds(
    paths: Iterable[Path], intake: Intake, fetched_at: datetime, on_progress: Callable[[int], None]
) -> SeedFeeds:
    """Archive the captures of seed files and return their feeds. ``on_progress`` is called with 1 after each file."""
    documents: list[FeedDocument] = []
    sources: list[FeedSource] = []
    waiting: list[Capture] = []
    for path in paths:
        for item in _items(path, fetched_at):
            match item:
                case Capture():
                    waiting.append(item)
                case FeedDocument():
                    documents.append(item)
                case FeedSource():
                    sources.append(item)
                case Quarantined():
                    intake.quarantined.append(item)
            if len(waiting) >= BATCH:
                intake.take(waiting)
                waiting = []
        on_progress(1)
    intake.take(waiting)
    return SeedFeeds(tuple(documents), tuple(sources))


def _items(path: Path, fetched_at: datetime) -> Iterator[SeedItem]:
    """Yield the items of a seed file; an error in reading ends that file only."""
    try:
        yield from read_seed(path, fetched_at)
    except Exception as error:  # noqa: BLE001 - one file must not end the others
        failed = unexpected(error)
        yield Quarantined(
            url=SEED_SCHEME + path.name, stage=SeedError.stage, reason=failed.reason, detail=printable(failed.detail)
        )
