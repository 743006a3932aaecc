"""The SQLite file: connections, transactions, and what its errors mean to a user."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.stores.sqlite.migrate import bring_columns_up_to_date
from schemas.store_forms import SQLITE_VERSION, sqlite_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 120.0
"""How long a writer waits for another: a regrouping of many thousand articles holds the file for seconds."""
APPLICATION_ID = 0x57505354
"""Marks a file as ours ("WPST"), so that nobody else's database is written into."""
_OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 16_384
"""Pages of the write-ahead log, 64 MB, after which they go into the file: a page of the look-up lists that several
commits change is then written there once. A quarter to a third less is written than with SQLite's 1,000 (measured)."""


class Database:
    """One file, with a connection for each thread that uses it; made and set up at first use."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._guard = threading.Lock()
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._process = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, to read with.

        Raises:
            StoreUnavailableError: the file cannot be used.
        """
        with self._errors():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection inside a write transaction; one within another joins it.

        Raises:
            StoreUnavailableError: the file cannot be used, or another writer held it for too long.
        """
        with self._errors():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            # IMMEDIATE takes the write lock before anything is read, so that nobody writes in between.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close every connection of this process."""
        with self._guard:
            for _, connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        if self._process != os.getpid():
            # A connection must not be carried over a fork: the child leaves its parent's alone and opens its own.
            self._process = os.getpid()
            self._guard = threading.Lock()
            self._local = threading.local()
            self._open = []
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._guard:
                connection = self._connect()
                for thread, forgotten in self._open:
                    if not thread.is_alive():
                        forgotten.close()
                self._open = [(thread, kept) for thread, kept in self._open if thread.is_alive()]
                self._open.append((threading.current_thread(), connection))
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise ConfigurationError(
                f"This Python comes with SQLite {sqlite3.sqlite_version}; 3.37 or later is needed."
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_seconds,
            isolation_level=None,  # transactions are begun and ended by us
            check_same_thread=False,  # so that close() can close those of other threads
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != APPLICATION_ID:
            raise StoreUnavailableError(
                f"{self.path} is an SQLite database, but not one of wirepicket's; it was left as it is. "
                "Name another file with --store sqlite:///PATH."
            )
        if version > SQLITE_VERSION:
            raise StoreUnavailableError(
                f"{self.path} was made by a newer wirepicket (form {version}, this one knows {SQLITE_VERSION}). "
                "Update wirepicket."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        # With WAL a crash of the program loses nothing; a power cut may lose the latest commits, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute("PRAGMA temp_store = MEMORY")
        if 0 < version < SQLITE_VERSION:
            bring_columns_up_to_date(connection)
        if version < SQLITE_VERSION:
            connection.executescript(
                f"BEGIN IMMEDIATE; {sqlite_tables()} PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {SQLITE_VERSION}; COMMIT;"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailableError(
                f"The folder of {self.path} cannot be made: {error.strerror or error}."
            ) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError):
                raise  # a mistake of ours, not of the file
            raise StoreUnavailableError(_explain(self.path, error)) from error


def _explain(path: Path, error: sqlite3.DatabaseError) -> str:
    """What happened, and what can be done, in words for a user."""
    name = getattr(error, "sqlite_errorname", "") or ""
    advice = {
        "SQLITE_NOTADB": "It is not an SQLite database. Name another file, or move this one away.",
        "SQLITE_CORRUPT": "It is damaged. Move it away and run `wirepicket replay`: the archive holds everything.",
        "SQLITE_BUSY": "Another process has held it for too long. Try again when that has ended.",
        "SQLITE_LOCKED": "Another process has held it for too long. Try again when that has ended.",
        "SQLITE_FULL": "The disk is full. Make room and run again.",
        "SQLITE_READONLY": "It cannot be written. Check the rights on the file and its folder.",
        "SQLITE_CANTOPEN": "It cannot be opened. Check that the folder exists and may be written.",
        "SQLITE_IOERR": "The disk reports an error.",
        "SQLITE_ERROR": "",
    }
    remedy = next((words for code, words in advice.items() if name.startswith(code)), "")
    return f"The store {path} cannot be used: {error}. {remedy}".rstrip()
