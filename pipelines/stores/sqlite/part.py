"""The base of the SQLite store's groups of methods."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.stores.rejected import merged, rejection, storable_item
from pipelines.stores.sqlite.rows import Table
from schemas.records import Quarantined, now_utc

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pipelines.stores.sqlite.database import Database

Record = TypeVar("Record")

QUARANTINE = Table("quarantine", Quarantined)


class SqlitePart:
    """A group of methods over the database."""

    def __init__(self, database: Database, page_size: int) -> None:
        self._database = database
        self._page_size = page_size

    def _select(self, table: Table[Record], column: str, values: Collection[object]) -> list[Record]:
        """Return the records with one of ``values`` in ``column``, in the order of that column.

        The values are one JSON parameter, so that their number has no limit.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {table.selected} FROM {table.name} "  # noqa: S608 - names of our own tables
                f"WHERE {column} IN (SELECT value FROM json_each(?)) ORDER BY {column}",
                (json.dumps(list(values)),),
            ).fetchall()
        return [table.record(row) for row in rows]

    def _iterate(
        self, table: Table[Record], *key: str, where: str = "TRUE", values: tuple[Any, ...] = ()
    ) -> Iterator[Record]:
        """Yield the records of a table in the order of its key, read page by page; no cursor stays open in between."""
        columns = ", ".join(key)
        positions = [table.names.index(column) for column in key]
        after: tuple[Any, ...] | None = None
        while True:
            further = f"AND ({columns}) > ({', '.join('?' * len(key))})" if after else ""
            with self._database.reading() as connection:
                rows = connection.execute(
                    f"SELECT {table.selected} FROM {table.name} WHERE {where} {further} "  # noqa: S608 - as above
                    f"ORDER BY {columns} LIMIT ?",
                    (*values, *(after or ()), self._page_size),
                ).fetchall()
            for row in rows:
                yield table.record(row)
            if len(rows) < self._page_size:
                return
            after = tuple(rows[-1][position] for position in positions)

    def _write(
        self,
        records: Sequence[Record],
        key: Callable[[Record], str],
        write: Callable[[sqlite3.Connection, Record], object],
    ) -> list[Record]:
        """Write records in one transaction and return those written; quarantine those that SQLite cannot hold.

        SQLite cannot hold halves of surrogate pairs in a text, or numbers of 64 bits and more.
        """
        if not records:
            return []
        written, refused = [], []
        with self._database.writing() as connection:
            for record in records:
                try:
                    write(connection, record)
                except (UnicodeEncodeError, OverflowError) as error:
                    refused.append(rejection(record, key(record), str(error)))
                else:
                    written.append(record)
            self._quarantine(connection, refused)
        return written

    def _quarantine(self, connection: sqlite3.Connection, items: Sequence[Quarantined]) -> None:
        now = now_utc()
        for item in items:
            fresh = storable_item(item, now)
            row = connection.execute(
                f"SELECT {QUARANTINE.selected} FROM quarantine "  # noqa: S608 - names of our own table
                "WHERE (url, stage, reason) = (?, ?, ?)",
                fresh.key,
            ).fetchone()
            kept = merged(QUARANTINE.record(row) if row else None, fresh)
            connection.execute(QUARANTINE.upsert("url", "stage", "reason"), QUARANTINE.row(kept))
