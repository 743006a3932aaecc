"""Deletion of archive files beyond the retention period."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pipelines.archive.index import ArchiveIndex
    from schemas.records import CaptureRef


def prune(folder: Path, index: ArchiveIndex, before: datetime, needed: Iterable[CaptureRef]) -> list[str]:
    """Delete the files whose captures are all older than ``before``; return their names.

    A file with a capture in ``needed`` stays. The index forgets a file before it is deleted: after a crash between the
    two steps, the next run indexes the file again and the run after that deletes it.
    """
    kept = {ref.file for ref in needed}
    gone = [file for file in index.files_before(before) if file not in kept]
    for file in gone:
        index.forget(file)
        (folder / file).unlink(missing_ok=True)
    return gone
