"""The memory of grouping, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.stores.memory import GROUP_FIELDS, Space
from pipelines.stores.sqlite.part import SqlitePart
from pipelines.stores.sqlite.rows import Table
from schemas.records import MemoryEntry
from schemas.serial import load, time_to_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

MEMORY = Table("memory", MemoryEntry)
_UPSERT = MEMORY.upsert("article_id") + " RETURNING row"
_SPACES = ("copy", "story")


class MemoryTables(SqlitePart):
    """The tables ``memory``, ``copy_postings``, ``story_postings``, ``common_keys`` and ``unfinished``."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold a write transaction open: either all writes inside take effect or, after an error, none.

        Only the thread that holds it can write meanwhile; others wait.
        """
        with self._database.writing():
            yield

    def unfinished(self) -> frozenset[str]:
        with self._database.reading() as connection:
            return frozenset(story_id for (story_id,) in connection.execute("SELECT story_id FROM unfinished"))

    def write_unfinished(self, story_ids: Collection[str]) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM unfinished")
            connection.executemany("INSERT INTO unfinished VALUES (?)", [(story_id,) for story_id in story_ids])

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        return {entry.fingerprint.article_id: entry for entry in self._select(MEMORY, "article_id", ids)}

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        # A file written by an earlier version also has postings of copies.
        canonical = "canonical_id = article_id AND" if space is Space.STORY else ""
        with self._database.reading() as connection:
            rows = connection.execute(
                # A join in the order of the keys, which CROSS JOIN preserves, is cheaper than IN.
                f"SELECT {MEMORY.selected} FROM memory WHERE {canonical} row IN (SELECT posting.entry "  # noqa: S608 - our tables
                f"FROM json_each(?) AS wanted CROSS JOIN {space.value}_postings AS posting "
                "ON posting.key = wanted.value) ORDER BY article_id",
                (json.dumps(sorted(keys)),),
            ).fetchall()
        return [MEMORY.record(row) for row in rows]

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        entries = self._select(MEMORY, GROUP_FIELDS[space], groups)
        return sorted(entries, key=lambda entry: entry.fingerprint.article_id)

    def common_keys(self, keys: Collection[int]) -> set[int]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT key FROM common_keys WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(list(keys)),),
            ).fetchall()
        return {key for (key,) in rows}

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT wanted.value, (SELECT count(*) FROM (SELECT 1 FROM "  # noqa: S608 - our own tables
                f"{space.value}_postings WHERE key = wanted.value LIMIT ?)) FROM json_each(?) AS wanted",
                (most, json.dumps(sorted(keys))),
            ).fetchall()
        return {key: count for key, count in rows if count}

    def remember(
        self, entries: Sequence[MemoryEntry], *, common: Collection[int] = (), rare: Collection[int] = ()
    ) -> None:
        if not (entries or common or rare):
            return
        postings = _Postings()
        with self._database.writing() as connection:
            self._write(entries, lambda entry: entry.fingerprint.article_id, postings.write_entry)
            postings.write(connection)
            connection.executemany("DELETE FROM common_keys WHERE key = ?", [(key,) for key in rare])
            connection.executemany("INSERT OR IGNORE INTO common_keys VALUES (?)", [(key,) for key in common])

    def stale(self, before: datetime) -> Iterator[MemoryEntry]:
        return self._iterate(MEMORY, "article_id", where="first_seen < ?", values=(time_to_text(before),))

    def forget(self, ids: Collection[str]) -> None:
        with self._database.writing() as connection:
            rows = connection.execute(
                "SELECT row, copy_keys, story_keys FROM memory WHERE article_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            ).fetchall()
            postings = _Postings()
            for row, *keys in rows:
                postings.drop(row, map(load, keys))
            postings.write(connection)
            connection.executemany("DELETE FROM memory WHERE row = ?", [(row,) for row, _, _ in rows])


class _Postings:
    """Postings of many entries, written in the order of their keys.

    Keys are hashes, and the lists of a large memory do not fit into SQLite's cache. In the order of the keys, each page
    is read and written once; in the order of the entries it would be read and written again for every key.
    """

    def __init__(self) -> None:
        self._added: dict[str, set[tuple[int, int]]] = {space: set() for space in _SPACES}
        self._gone: dict[str, set[tuple[int, int]]] = {space: set() for space in _SPACES}

    def write_entry(self, connection: sqlite3.Connection, entry: MemoryEntry) -> None:
        """Write an entry's row; ``write`` writes its postings later."""
        fingerprint = entry.fingerprint
        old = connection.execute(
            "SELECT copy_keys, story_keys FROM memory WHERE article_id = ?", (fingerprint.article_id,)
        ).fetchone()
        (row,) = connection.execute(_UPSERT, MEMORY.row(entry)).fetchone()
        if old:
            self.drop(row, map(load, old))
        for space, keys in zip(_SPACES, (fingerprint.copy_keys, entry.story_keys), strict=True):
            now = {(key, row) for key in keys}
            self._added[space] |= now
            self._gone[space] -= now

    def drop(self, row: int, keys: Iterable[Collection[int]]) -> None:
        """Remove an entry from the lists of its copy keys and story keys."""
        for space, gone in zip(_SPACES, keys, strict=True):
            postings = {(key, row) for key in gone}
            self._gone[space] |= postings
            self._added[space] -= postings

    def write(self, connection: sqlite3.Connection) -> None:
        """Write all collected postings."""
        for space in _SPACES:
            connection.executemany(
                f"DELETE FROM {space}_postings WHERE key = ? AND entry = ?",  # noqa: S608 - our own tables
                sorted(self._gone[space]),
            )
            connection.executemany(
                f"INSERT OR IGNORE INTO {space}_postings VALUES (?, ?)",  # noqa: S608 - our own tables
                sorted(self._added[space]),
            )
