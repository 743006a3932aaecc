"""Extraction health and learned lines of sources, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.merging import with_samples
from pipelines.stores.sqlite.part import SqlitePart
from pipelines.stores.sqlite.rows import Table
from schemas.records import ExtractionDay, LearnedLine

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

DRIFT = Table("drift", ExtractionDay)
LINES = Table("lines", LearnedLine)


class SourceTables(SqlitePart):
    """The tables ``drift`` and ``lines``."""

    def add_extraction_days(self, days: Sequence[ExtractionDay]) -> None:
        upsert = DRIFT.upsert("source", "day")

        def write(connection: sqlite3.Connection, day: ExtractionDay) -> None:
            row = connection.execute(
                f"SELECT {DRIFT.selected} FROM drift WHERE (source, day) = (?, ?)",  # noqa: S608 - our own table
                (day.source, day.day),
            ).fetchone()
            connection.execute(upsert, DRIFT.row(with_samples(DRIFT.record(row) if row else None, day)))

        self._write(days, lambda day: day.source, write)

    def extraction_days(self, since: str) -> list[ExtractionDay]:
        return list(self._iterate(DRIFT, "source", "day", where="day >= ?", values=(since,)))

    def learned_lines(self) -> list[LearnedLine]:
        return list(self._iterate(LINES, "source", "line"))

    def put_learned_lines(self, lines: Sequence[LearnedLine]) -> None:
        upsert = LINES.upsert("source", "line")
        self._write(
            lines, lambda line: line.source, lambda connection, line: connection.execute(upsert, LINES.row(line))
        )
