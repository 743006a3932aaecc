"""The SQLite file: its connections and transactions, and its errors explained to the user."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.stores.sqlite.migrate import update_columns
from schemas.store_forms import SQLITE_VERSION, sqlite_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 120.0
"""Time for which a writer waits for another: a regrouping of many thousand articles holds the file for seconds."""
APPLICATION_ID = 0x57505354
"""The application id ("WPST") of our files, so that no other program's database is written into."""
_OLDEST_SQLITE = (3, 37, 0)
"""The first version with STRICT tables."""
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 16_384
"""Pages of the write-ahead log (64 MB) after which they are written to the file. A page of the look-up lists that
several commits change is then written once: a quarter to a third less than with SQLite's default of 1,000 (measured).
"""


class Database:
    """One file, with a connection for each thread that uses it. The file is created and set up at first use."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._guard = threading.Lock()
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._process = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection, for reading.

        Raises:
            StoreUnavailableError: the file cannot be used.
        """
        with self._errors():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection inside a write transaction; a nested call joins the outer transaction.

        Raises:
            StoreUnavailableError: the file cannot be used, or another writer held it for too long.
        """
        with self._errors():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            # IMMEDIATE takes the write lock before the first read, so that nobody writes in between.
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
            # A connection must not be used after a fork: the child opens connections of its own.
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
            isolation_level=None,  # this class begins and ends transactions
            check_same_thread=False,  # so that close() can close the connections of other threads
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
                f"{self.path} is an SQLite database of another program; it was left as it is. "
                "Name another file with --store sqlite:///PATH."
            )
        if version > SQLITE_VERSION:
            raise StoreUnavailableError(
                f"{self.path} was made by a newer wirepicket (form {version}, this one knows {SQLITE_VERSION}). "
                "Install that version or a later one."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        # With WAL, a crash of the program loses nothing. A power cut may lose the latest commits, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute("PRAGMA temp_store = MEMORY")
        if 0 < version < SQLITE_VERSION:
            update_columns(connection)
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
                f"The folder of {self.path} cannot be created: {error.strerror or error}. "
                "Name another file with --store sqlite:///PATH."
            ) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError):
                raise  # a fault of this program, not of the file
            raise StoreUnavailableError(_explain(self.path, error)) from error


def _explain(path: Path, error: sqlite3.DatabaseError) -> str:
    """Return a message for the user: the error and its remedy."""
    name = getattr(error, "sqlite_errorname", "") or ""
    advice = {
        "SQLITE_NOTADB": "It is not an SQLite database. Name another file, or move this one away.",
        "SQLITE_CORRUPT": "It is damaged. Move it away and run `wirepicket replay`: the archive holds everything.",
        "SQLITE_BUSY": "Another process has held it for too long. Try again when that process has ended.",
        "SQLITE_LOCKED": "Another process has held it for too long. Try again when that process has ended.",
        "SQLITE_FULL": "The disk is full. Make room and run again.",
        "SQLITE_READONLY": "It cannot be written. Check the permissions of the file and its folder.",
        "SQLITE_CANTOPEN": "It cannot be opened. Check that the folder exists and can be written.",
        "SQLITE_IOERR": "The disk reports an error. Check it, or move the file to another disk.",
        "SQLITE_ERROR": "",
    }
    remedy = next((words for code, words in advice.items() if name.startswith(code)), "")
    return f"The store {path} cannot be used: {error}. {remedy}".rstrip()
