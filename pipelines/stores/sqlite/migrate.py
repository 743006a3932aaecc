"""Bringing a file of an earlier form up to this one's, as far as that takes columns."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from schemas.store_forms import sqlite_tables


def bring_columns_up_to_date(connection: sqlite3.Connection) -> None:
    """Add the columns which tables of an earlier form lack, and drop those which they no longer have.

    New tables and indices are made by the statements themselves. A new column must allow NULL or have a default in
    ``schemas/sqlite.sql``. It may be run again.
    """
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(sqlite_tables())
        wanted = {table: _columns(model, table) for table in _tables(model)}
    connection.execute("BEGIN IMMEDIATE")  # another process may be about to do the same
    for table in _tables(connection):
        there = _columns(connection, table)
        now = wanted.get(table, there)
        for column in there.keys() - now.keys():
            _drop(connection, table, column)
        for column in now.keys() - there.keys():
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {now[column]}")
    connection.execute("COMMIT")


def _drop(connection: sqlite3.Connection, table: str, column: str) -> None:
    for _, index, *_ in connection.execute(f"PRAGMA index_list({table})").fetchall():
        if column in {name for _, _, name in connection.execute(f"PRAGMA index_info({index})")}:
            connection.execute(f"DROP INDEX {index}")
    connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _tables(connection: sqlite3.Connection) -> list[str]:
    # Virtual tables have no columns to add, and the tables behind them are their own.
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%) STRICT%'")
    return [name for (name,) in rows]


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    return {
        name: f"{kind}{' NOT NULL' if not_null else ''}{f' DEFAULT {default}' if default is not None else ''}"
        for _, name, kind, not_null, default, _ in connection.execute(f"PRAGMA table_info({table})")
    }
