"""Which captures a replay is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.index import ArchiveIndex
from schemas.records import MediaKind

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from schemas.records import CaptureRef


def refs_of(archive: Path, start: datetime | None, end: datetime | None, source: str | None) -> list[CaptureRef]:
    """The captures of a span and source (see ``ArchiveIndex.span``) that are articles."""
    with ArchiveIndex(archive) as index:
        return [found.ref for found in index.span(start, end, source) if found.kind is not MediaKind.FEED]
