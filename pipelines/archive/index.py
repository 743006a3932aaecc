"""The index of the archive: positions of captures by address, time and source.

The index is a small SQLite file beside the WARC files. It is derived from them and reads missing entries from them, so
it may be deleted at any time, and a crash between writing a file and indexing it loses nothing.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from pipelines.archive.captures import scan_captures
from pipelines.archive.record import TORN, Damage
from pipelines.archive.streams import Position
from pipelines.archive.warc import SUFFIX, being_written, payload_digest
from schemas.records import Capture, CaptureRef, MediaKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

INDEX_NAME = "index.sqlite"
_FORM = 3
"""Version of the tables; an index of another version is rebuilt."""
_TABLES = """
CREATE TABLE IF NOT EXISTS captures (
    file TEXT NOT NULL, offset INTEGER NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL,
    fetched_at INTEGER NOT NULL, kind TEXT NOT NULL, host TEXT, feed TEXT, source TEXT,
    PRIMARY KEY (file, offset)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS captures_url ON captures (url, fetched_at);
CREATE INDEX IF NOT EXISTS captures_time ON captures (fetched_at);
CREATE TABLE IF NOT EXISTS damage (
    file TEXT NOT NULL, offset INTEGER NOT NULL, inner INTEGER NOT NULL, size INTEGER NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, url TEXT, told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (file, offset, inner, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (file TEXT PRIMARY KEY, size INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index entry of a capture."""

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
        # A crash may lose the latest rows, which are read again from the files.
        self._db.execute("PRAGMA synchronous=NORMAL")
        if self._db.execute("PRAGMA user_version").fetchone()[0] != _FORM:
            self._db.executescript(
                "BEGIN IMMEDIATE; DROP TABLE IF EXISTS captures; DROP TABLE IF EXISTS files;"
                " DROP TABLE IF EXISTS damage;"
                f" {_TABLES} PRAGMA user_version = {_FORM}; COMMIT;"
            )

    def __enter__(self) -> Self:
        self.catch_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def catch_up(self) -> None:
        """Index the captures of the files that are not indexed yet."""
        known = {file: (size, last) for file, size, last in self._db.execute("SELECT * FROM files")}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            size, last = known.get(path.name, (0, 0))
            now = path.stat().st_size
            if now > size:
                self._scan(path, last, now)

    def add(self, captures: Iterable[tuple[CaptureRef, Capture]], written: tuple[str, int] | None = None) -> None:
        """Index captures just written, so that they need not be read from the files.

        ``written`` is their file and its size, if all its captures have been indexed with these.
        """
        rows = [_row(ref, capture) for ref, capture in captures]
        with self._transaction():
            self._insert(rows)
            if written:
                self._mark(*written, max((row[1] for row in rows if row[0] == written[0]), default=0))

    def _scan(self, path: Path, start: int, size: int) -> None:
        """Index a file of ``size`` bytes from the last known capture on."""
        damage: list[Damage] = []
        rows = [_row(*item) for item in scan_captures(self._folder, path.name, start, damage.append)]
        if any(entry.reason == TORN for entry in damage) and being_written(path):
            # An incomplete record that is being written is no damage; it is read again when the file has grown.
            size = min(entry.position.offset for entry in damage if entry.reason == TORN)
            damage = [entry for entry in damage if entry.reason != TORN]
        with self._transaction():
            self._insert(rows)
            self._replace_damage(path.name, start, damage)
            self._mark(path.name, size, max((row[1] for row in rows), default=0))

    def _replace_damage(self, file: str, start: int, damage: Sequence[Damage]) -> None:
        """Replace the damage known from an offset on; reported damage stays marked as reported."""
        reported = set(
            self._db.execute(
                "SELECT offset, inner, reason FROM damage WHERE file = ? AND offset >= ? AND told", (file, start)
            )
        )
        self._db.execute("DELETE FROM damage WHERE file = ? AND offset >= ?", (file, start))
        self._db.executemany(
            "INSERT OR REPLACE INTO damage VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (file, *at, entry.size, entry.reason, entry.detail, entry.url, (*at, entry.reason) in reported)
                for entry in damage
                for at in [(entry.position.offset, entry.position.inner)]
            ],
        )

    def damage(self, files: Collection[str] | None = None) -> list[tuple[str, Damage]]:
        """List the damage in all files or in the named files, each with the name of its file."""
        return [entry for entry in self._damage("1") if files is None or entry[0] in files]

    def take_damage(self) -> list[tuple[str, Damage]]:
        """List the damage not reported yet and mark it as reported.

        Torn ends are left out: the file may still be on its way, or its writer may have died.
        """
        with self._transaction():
            damage = self._damage(f"NOT told AND reason <> '{TORN}'")
            if damage:
                self._db.execute("UPDATE damage SET told = 1 WHERE reason <> ?", (TORN,))
        return damage

    def _damage(self, condition: str) -> list[tuple[str, Damage]]:
        rows = self._db.execute(
            "SELECT file, offset, inner, size, reason, detail, url FROM damage"  # noqa: S608 - conditions of our own
            f" WHERE {condition} ORDER BY file, offset, inner, reason"
        )
        return [
            (file, Damage(Position(offset, inner), size, reason, detail, url))
            for file, offset, inner, size, reason, detail, url in rows
        ]

    def drop(self, ref: CaptureRef) -> None:
        """Remove a capture that the archive has lost."""
        with self._transaction():
            self._db.execute("DELETE FROM captures WHERE file = ? AND offset = ?", (ref.file, ref.offset))

    def offsets(self) -> dict[str, set[int]]:
        """Return the offsets of all captures by file."""
        offsets: dict[str, set[int]] = {}
        for file, offset in self._db.execute("SELECT file, offset FROM captures"):
            offsets.setdefault(file, set()).add(offset)
        return offsets

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def _insert(self, rows: Iterable[_Row]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _mark(self, file: str, size: int, last: int) -> None:
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?) ON CONFLICT (file) DO UPDATE"
            " SET size = max(size, excluded.size), last = max(last, excluded.last)",
            (file, size, last),
        )

    def files_before(self, moment: datetime) -> list[str]:
        """Return the files whose captures are all older than a moment, by name; files without captures are left out."""
        rows = self._db.execute(
            "SELECT file FROM captures GROUP BY file HAVING max(fetched_at) < ? ORDER BY file",
            (int(moment.timestamp()),),
        )
        return [file for (file,) in rows]

    def forget(self, file: str) -> None:
        """Remove a deleted file from the index."""
        with self._transaction():
            for table in ("captures", "damage", "files"):
                self._db.execute(f"DELETE FROM {table} WHERE file = ?", (file,))  # noqa: S608 - names of our own

    def latest(self, urls: Collection[str]) -> dict[str, Indexed]:
        """Return the latest capture of each address that has captures."""
        rows = self._db.execute(
            "SELECT file, offset, url, digest, max(fetched_at), kind FROM captures"
            " WHERE url IN (SELECT value FROM json_each(?)) GROUP BY url",
            (json.dumps(sorted(urls)),),
        )
        return {capture.url: capture for capture in map(_indexed, rows)}

    def after(self, cursor: Mapping[str, int], most: int) -> list[Indexed]:
        """Return the captures after the offset that ``cursor`` has for their file, and those in files that it lacks.

        At most ``most`` captures are returned, ordered by file name and offset.
        """
        captures: list[Indexed] = []
        for file, last in self._db.execute("SELECT file, last FROM files ORDER BY file").fetchall():
            if len(captures) >= most:
                break
            if last > cursor.get(file, -1):
                rows = self._db.execute(
                    "SELECT file, offset, url, digest, fetched_at, kind FROM captures"
                    " WHERE file = ? AND offset > ? ORDER BY offset LIMIT ?",
                    (file, cursor.get(file, -1), most - len(captures)),
                )
                captures += map(_indexed, rows)
        return captures

    def span(
        self, start: datetime | None = None, end: datetime | None = None, source: str | None = None
    ) -> Iterator[Indexed]:
        """Yield the captures of a span of time (``start`` inclusive, ``end`` exclusive), ordered by time and position.

        ``source`` limits them to a host and its subdomains, the address of a feed, or the name of an outlet.
        """
        name = source.casefold().strip() if source else None
        rows = self._db.execute(
            "SELECT file, offset, url, digest, fetched_at, kind FROM captures"
            " WHERE fetched_at >= :start AND fetched_at < :end"
            " AND (:name IS NULL OR host = :name OR host LIKE :below ESCAPE '!' OR feed = :source OR source = :name)"
            " ORDER BY fetched_at, file, offset",
            {
                "start": int(start.timestamp()) if start else 0,
                "end": int(end.timestamp()) if end else 2**62,
                "name": name,
                "below": "%." + re.sub(r"([!%_])", r"!\1", name or ""),
                "source": source,
            },
        )
        return map(_indexed, rows)


_Row = tuple[str, int, str, str, int, str, str | None, str | None, str | None]


def _row(ref: CaptureRef, capture: Capture) -> _Row:
    digest = payload_digest(capture.body)
    return (
        ref.file,
        ref.offset,
        capture.url,
        digest,
        int(capture.fetched_at.timestamp()),
        capture.kind.value,
        _host(capture.url),
        capture.entry.feed_url if capture.entry else None,
        capture.entry.source.casefold() if capture.entry and capture.entry.source else None,
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _indexed(row: tuple[str, int, str, str, int, str]) -> Indexed:
    file, offset, url, digest, fetched_at, kind = row
    return Indexed(
        ref=CaptureRef(file=file, offset=offset),
        url=url,
        digest=digest,
        fetched_at=datetime.fromtimestamp(fetched_at, UTC),
        kind=MediaKind(kind),
    )
