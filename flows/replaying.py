"""The captures of a replay, and the damage in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.index import ArchiveIndex
from pipelines.archive.reporting import as_quarantined
from schemas.records import MediaKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from schemas.records import CaptureRef, Quarantined


def refs_of(archive: Path, start: datetime | None, end: datetime | None, source: str | None) -> list[CaptureRef]:
    """Return the captures of articles of a span of time and a source (see ``ArchiveIndex.span``)."""
    with ArchiveIndex(archive) as index:
        return [capture.ref for capture in index.span(start, end, source) if capture.kind is not MediaKind.FEED]


def damage_of(archive: Path, refs: Sequence[CaptureRef] | None) -> list[Quarantined]:
    """List the damage in the archive, or in the files of some captures."""
    files = None if refs is None else {ref.file for ref in refs}
    with ArchiveIndex(archive) as index:
        return [as_quarantined(file, damage) for file, damage in index.damage(files)]
