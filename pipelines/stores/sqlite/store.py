"""The SQLite store: its groups of methods put together. ``pipelines.stores.protocol.Store`` says what each does."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pipelines.stores.searching import Searching
from pipelines.stores.sqlite.alerts import AlertTables
from pipelines.stores.sqlite.articles import ArticleTables
from pipelines.stores.sqlite.database import BUSY_SECONDS, Database
from pipelines.stores.sqlite.memory import MemoryTables
from pipelines.stores.sqlite.names import Names
from pipelines.stores.sqlite.operations import OperationTables
from pipelines.stores.sqlite.sources import SourceTables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_ANALYSED_ROWS = 1_000
"""Rows of each index that are looked at for the planner: to read all holds up writers the longer, the more is kept.
SQLite advises 100 to 1,000, and from 3.46 on sets a limit itself."""
PAGE_SIZE = 500
"""Records read at once where all are asked for: some 5 MB of articles."""


class SqliteStore(ArticleTables, MemoryTables, AlertTables, OperationTables, SourceTables, Names, Searching):
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
            pass  # the first use makes the file and its tables

    def outdated(self) -> tuple[str, ...]:
        """None: whoever opens an older file adds what it lacks."""
        return ()

    def migrate(self, tell: Callable[[str], None]) -> None:
        """Nothing to do: nothing is outdated."""

    def maintain(self) -> None:
        with self._database.writing() as connection:
            # What the planner knows of the tables, looked at again where they have changed much.
            # https://sqlite.org/lang_analyze.html
            connection.execute(f"PRAGMA analysis_limit = {_ANALYSED_ROWS}")
            connection.execute("PRAGMA optimize")

    def refresh(self) -> None:
        """Nothing to do: what is committed is visible."""
