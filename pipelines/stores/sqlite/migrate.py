"""Conversion of a file of an earlier form to the current form: columns that are added or dropped."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from schemas.store_forms import sqlite_tables


def update_columns(connection: sqlite3.Connection) -> None:
    """Add the columns that tables of an earlier form lack, and drop those that the current form no longer has.

    The statements of ``schemas/sqlite.sql`` themselves create new tables and indices. A new column must allow NULL or
    have a default there. May be run again.
    """
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(sqlite_tables())
        wanted = {table: _columns(model, table) for table in _tables(model)}
    connection.execute("BEGIN IMMEDIATE")  # another process may be about to do the same
    for table in _tables(connection):
        present = _columns(connection, table)
        current = wanted.get(table, present)
        for column in present.keys() - current.keys():
            _drop(connection, table, column)
        for column in current.keys() - present.keys():
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {current[column]}")
    connection.execute("COMMIT")


def _drop(connection: sqlite3.Connection, table: str, column: str) -> None:
    for _, index, *_ in connection.execute(f"PRAGMA index_list({table})").fetchall():
        if column in {name for _, _, name in connection.execute(f"PRAGMA index_info({index})")}:
            connection.execute(f"DROP INDEX {index}")
    connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _tables(connection: sqlite3.Connection) -> list[str]:
    # Virtual tables have no columns to add, and SQLite manages the tables behind them.
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%) STRICT%'")
    return [name for (name,) in rows]


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    return {
        name: f"{kind}{' NOT NULL' if not_null else ''}{f' DEFAULT {default}' if default is not None else ''}"
        for _, name, kind, not_null, default, _ in connection.execute(f"PRAGMA table_info({table})")
    }
