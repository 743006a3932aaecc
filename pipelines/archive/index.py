"""Where in the archive the captures of an address stand.

A small SQLite file beside the WARC files. It holds nothing of its own: what it lacks it reads from the files,
so it may be deleted at any time, and a crash between writing a file and indexing it costs nothing.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from pipelines.archive.warc import SUFFIX, payload_digest, scan_captures
from schemas.records import Capture, CaptureRef, MediaKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

INDEX_NAME = "index.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS captures (
    file TEXT NOT NULL, offset INTEGER NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL,
    fetched_at INTEGER NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (file, offset)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS captures_url ON captures (url, fetched_at);
CREATE INDEX IF NOT EXISTS captures_time ON captures (fetched_at);
CREATE TABLE IF NOT EXISTS files (file TEXT PRIMARY KEY, size INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Indexed:
    """One capture, as the index knows it."""

    ref: CaptureRef
    url: str
    digest: str
    """SHA-256 of its bytes, hex."""
    fetched_at: datetime
    kind: MediaKind


class ArchiveIndex:
    """The captures of an archive folder by address and time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / INDEX_NAME, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def __enter__(self) -> Self:
        self.catch_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def catch_up(self) -> None:
        """Index what stands in the files and not yet here."""
        known = {file: (size, last) for file, size, last in self._db.execute("SELECT * FROM files")}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            size, last = known.get(path.name, (0, 0))
            now = path.stat().st_size
            if now > size:
                self._add(scan_captures(self._folder, path.name, last), path.name, now)

    def add(self, captures: Iterable[tuple[CaptureRef, Capture]]) -> None:
        """Index captures just written, so that nobody has to read them again."""
        rows = [_row(ref, capture) for ref, capture in captures]
        self._db.executemany("INSERT OR REPLACE INTO captures VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _add(self, found: Iterable[tuple[CaptureRef, Capture]], file: str, size: int) -> None:
        rows = [_row(ref, capture) for ref, capture in found]
        last = max((row[1] for row in rows), default=0)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO captures VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.execute(
                "INSERT INTO files VALUES (?, ?, ?) ON CONFLICT (file) DO UPDATE"
                " SET size = excluded.size, last = max(last, excluded.last)",
                (file, size, last),
            )

    def latest(self, urls: Collection[str]) -> dict[str, Indexed]:
        """The latest capture of each address, for those which have one."""
        rows = self._db.execute(
            "SELECT file, offset, url, digest, max(fetched_at), kind FROM captures"
            " WHERE url IN (SELECT value FROM json_each(?)) GROUP BY url",
            (json.dumps(sorted(urls)),),
        )
        return {found.url: found for found in map(_indexed, rows)}

    def since(self, start: datetime | None) -> Iterator[Indexed]:
        """Every capture from a time on, in the order of time and place."""
        rows = self._db.execute(
            "SELECT file, offset, url, digest, fetched_at, kind FROM captures WHERE fetched_at >= ?"
            " ORDER BY fetched_at, file, offset",
            (int(start.timestamp()) if start else 0,),
        )
        return map(_indexed, rows)


_Row = tuple[str, int, str, str, int, str]


def _row(ref: CaptureRef, capture: Capture) -> _Row:
    digest = payload_digest(capture.body)
    return (
        ref.file,
        ref.offset,
        capture.url,
        digest,
        int(capture.fetched_at.timestamp()),
        capture.kind.value,
    )


def _indexed(row: _Row) -> Indexed:
    file, offset, url, digest, fetched_at, kind = row
    return Indexed(
        ref=CaptureRef(file=file, offset=offset),
        url=url,
        digest=digest,
        fetched_at=datetime.fromtimestamp(fetched_at, UTC),
        kind=MediaKind(kind),
    )
