"""The SQLite store, composed of its groups of methods. ``pipelines.stores.protocol.Store`` documents each method."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pipelines.stores.searching import Searching
from pipelines.stores.sqlite.alerts import AlertTables
from pipelines.stores.sqlite.articles import ArticleTables
from pipelines.stores.sqlite.database import BUSY_SECONDS, Database
from pipelines.stores.sqlite.memory import MemoryTables
from pipelines.stores.sqlite.names import IdLookup
from pipelines.stores.sqlite.operations import OperationTables
from pipelines.stores.sqlite.sources import SourceTables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_ANALYSED_ROWS = 1_000
"""Rows of each index that ANALYZE reads for the planner. Reading all rows would delay writers in proportion to the size
of the store. SQLite advises 100 to 1,000, and sets a limit itself from version 3.46 on."""
PAGE_SIZE = 500
"""Records in one page when all are read: some 5 MB of articles."""


class SqliteStore(ArticleTables, MemoryTables, AlertTables, OperationTables, SourceTables, IdLookup, Searching):
    """One file. Safe for several threads and several processes at once; writers take turns."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS, page_size: int = PAGE_SIZE) -> None:
        super().__init__(Database(path, busy_seconds), page_size)

    @property
    def url(self) -> str:
        return f"sqlite:///{self._database.path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._database.close()

    def setup(self) -> None:
        with self._database.reading():
            pass  # the first use creates the file and its tables

    def outdated(self) -> tuple[str, ...]:
        """Return nothing: opening an older file adds the columns that it lacks."""
        return ()

    def migrate(self, report: Callable[[str], None]) -> None:
        """Return at once: nothing is outdated."""

    def maintain(self) -> None:
        with self._database.writing() as connection:
            # Renew the planner's statistics of tables that have changed much: https://sqlite.org/lang_analyze.html
            connection.execute(f"PRAGMA analysis_limit = {_ANALYSED_ROWS}")
            connection.execute("PRAGMA optimize")

    def refresh(self) -> None:
        """Return at once: committed writes are visible."""
