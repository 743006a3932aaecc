"""A lock that several processes share, in a document: taken by compare-and-set, renewed while it is held.

Clocks of different machines need not agree. A waiting process watches the document. If it has not been renewed for
``EXPIRY_SECONDS`` by the watcher's own clock, the holder counts as dead and the lease may be taken.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.documents import LEASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.indices import Indices

EXPIRY_SECONDS = 30.0
"""Seconds without renewal after which a holder counts as dead. A holder renews three times in that time."""
WAIT_SECONDS = 900.0
"""Seconds to wait for a living holder: far longer than any regrouping, so that a stuck holder is noticed."""
_SHORTEST_POLL = 0.02
_LONGEST_POLL = 0.5


@dataclass(frozen=True, slots=True)
class _Version:
    """The version of the lease document at one moment."""

    seq_no: int
    primary_term: int


class Lease:
    """One lock. ``with lease.held():`` waits for it and holds it."""

    def __init__(
        self, connection: Connection, indices: Indices, name: str, expiry_seconds: float = EXPIRY_SECONDS
    ) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._name = name
        self._expiry = expiry_seconds
        self._threads = threading.Lock()
        self._owner: int | None = None
        self._lost = threading.Event()
        self._renewed: float | None = None
        """Monotonic time at which the lease was last known to be ours; ``None`` while it is not held."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease. It is not reentrant.

        Raises:
            StoreUnavailableError: another process holds it for too long; or it was lost while held, since the process
                stood still for longer than the expiry or the server was unreachable.
        """
        if self._owner == threading.get_ident():
            raise RuntimeError("the lease is held by this thread already")
        with self._threads:
            self._owner = threading.get_ident()
            try:
                holding = _Holding(self, self._take())
                with holding.renewed():
                    yield
                self.check()
            finally:
                self._owner = None
                self._renewed = None
                self._lost.clear()

    def check(self) -> None:
        """Stop a writer whose lease has been lost meanwhile.

        Raises:
            StoreUnavailableError: the lease has been lost.
        """
        stale = self._renewed is not None and time.monotonic() - self._renewed > self._expiry
        if stale or self._lost.is_set():
            self._lost.set()
            raise StoreUnavailableError(
                "The lease on the memory was lost: this process stood still for too long, or Elasticsearch was "
                "unreachable. Run again; no data is lost."
            )

    def _take(self) -> _Version:
        """Take the lease as soon as it is free or its holder is dead."""
        end = time.monotonic() + WAIT_SECONDS
        watched: _Version | None = None
        since = 0.0
        poll = _SHORTEST_POLL
        while time.monotonic() < end:
            current = self._read()
            if current is None:
                taken = self._write(None)
                if taken:
                    return taken
                continue
            if current != watched:
                watched, since = current, time.monotonic()
            elif time.monotonic() - since > self._expiry:
                taken = self._write(current)
                if taken:
                    return taken
            time.sleep(poll * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            poll = min(_LONGEST_POLL, poll * 1.5)
        raise StoreUnavailableError(
            f"Another process has held the memory at {self._connection.url} for {WAIT_SECONDS:.0f} s. "
            "End that process or wait for it, then run again."
        )

    def _read(self) -> _Version | None:
        try:
            answer = self._connection.call(
                lambda: self._client.get(index=self._indices.alias(LEASES), id=self._name, source=False)
            )
        except elasticsearch.NotFoundError as error:
            if "found" in error.body:
                return None
            raise self._indices.missing(LEASES) from error
        return _Version(answer["_seq_no"], answer["_primary_term"])

    def _write(self, over: _Version | None) -> _Version | None:
        """Write the document over a version of it, or create it if ``over`` is ``None``.

        Returns ``None`` if the document has changed meanwhile.
        """
        condition: dict[str, Any] = {"op_type": "create"}
        if over:
            condition = {"if_seq_no": over.seq_no, "if_primary_term": over.primary_term}
        token = uuid.uuid4().hex
        requested_at = time.monotonic()
        try:
            answer = self._connection.call(
                lambda: self._client.index(
                    index=self._indices.alias(LEASES),
                    id=self._name,
                    document={"holder": token},
                    require_alias=True,
                    **condition,
                )
            )
        except elasticsearch.ConflictError:
            ours = self._ours(token)
            if ours:
                self._renewed = requested_at
            return ours
        except elasticsearch.NotFoundError as error:
            raise self._indices.missing(LEASES) from error
        self._renewed = requested_at
        return _Version(answer["_seq_no"], answer["_primary_term"])

    def _ours(self, token: str) -> _Version | None:
        """Return the document's version if a conflict was with our own write, whose response was lost."""
        try:
            answer = self._connection.call(lambda: self._client.get(index=self._indices.alias(LEASES), id=self._name))
        except elasticsearch.NotFoundError:
            return None
        if answer["_source"]["holder"] != token:
            return None
        return _Version(answer["_seq_no"], answer["_primary_term"])

    def _remove(self, version: _Version) -> None:
        # After a conflict, another process holds the lease by now, or the document is gone.
        with suppress(elasticsearch.ConflictError, elasticsearch.NotFoundError):
            self._connection.call(
                lambda: self._client.delete(
                    index=self._indices.alias(LEASES),
                    id=self._name,
                    if_seq_no=version.seq_no,
                    if_primary_term=version.primary_term,
                )
            )


class _Holding:
    """The lease while it is held: a thread renews it."""

    def __init__(self, lease: Lease, version: _Version) -> None:
        self._lease = lease
        self._version = version
        self._done = threading.Event()

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease in the background; release it at the end."""
        thread = threading.Thread(target=self._renew, name="wirepicket-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()
            if not self._lease._lost.is_set():  # noqa: SLF001 - the two classes are one unit
                self._lease._remove(self._version)  # noqa: SLF001 - likewise

    def _renew(self) -> None:
        lease = self._lease
        while not self._done.wait(lease._expiry / 3):  # noqa: SLF001 - the two classes are one unit
            try:
                version = lease._write(self._version)  # noqa: SLF001 - likewise
            except StoreUnavailableError:
                # The server is unreachable. Lease.check() measures for how long.
                continue
            if version is None:
                lease._lost.set()  # noqa: SLF001 - likewise
                return
            self._version = version
