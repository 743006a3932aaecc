"""The one door into the archive: takes captures, keeps those which are new, remembers who still needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.warc import payload_digest
from pipelines.stores.rejected import storable
from schemas.records import Quarantined

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from pipelines.archive.index import ArchiveIndex, Indexed
    from pipelines.archive.pending import Pending
    from pipelines.archive.warc import ArchiveWriter
    from pipelines.stores.protocol import Store
    from schemas.records import Capture, CaptureRef, SeenCapture

WAITING_CAPTURES = 64
"""Captures gathered before they are taken in: one look-up and one flush to disk for all of them."""
WAITING_BYTES = 16 * 2**20


@dataclass(slots=True)
class Intake:
    """Takes captures into the archive.

    Without a store (it could not be reached) everything counts as not seen by it: what is fetched is kept, and
    waits.
    """

    index: ArchiveIndex
    writer: ArchiveWriter
    pending: Pending
    store: Store | None
    unchanged: list[SeenCapture] = field(default_factory=list)
    """Captures offered again which the store has already."""
    quarantined: list[Quarantined] = field(default_factory=list)
    """Inputs that could not even be captured."""
    _waiting: list[Capture] = field(default_factory=list)
    _waiting_bytes: int = 0

    def known(self, urls: Collection[str]) -> tuple[dict[str, SeenCapture], dict[str, Indexed]]:
        """What the store has processed of these addresses, and what the archive holds of them."""
        seen = self.store.seen(urls) if self.store else {}
        return seen, self.index.latest(urls)

    def offer(self, capture: Capture) -> None:
        """Take a capture in before long; ``settle`` does it at once."""
        self._waiting.append(capture)
        self._waiting_bytes += len(capture.body)
        if len(self._waiting) >= WAITING_CAPTURES or self._waiting_bytes >= WAITING_BYTES:
            self.settle()

    def settle(self) -> None:
        """Take in everything that was offered; safe on disk when this returns."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if waiting:
            self.take(waiting)

    def take(self, captures: Sequence[Capture]) -> None:
        """Archive what is new of captures and have it processed; safe on disk when this returns.

        A capture is new when the latest one of its address has other bytes. One which the archive has and the
        store has not is processed from where it lies.
        """
        seen, archived = self.known({capture.url for capture in captures})
        written: list[tuple[CaptureRef, Capture]] = []
        refs: list[CaptureRef] = []
        latest = {url: (one.digest, one.ref, one.fetched_at) for url, one in archived.items()}
        for capture in captures:
            digest = payload_digest(capture.body)
            processed = seen.get(capture.url)
            held = latest.get(capture.url)
            if held and held[0] == digest:
                self._revisit(capture, held[2])
                if processed and processed.payload_digest == digest:
                    self.unchanged.append(processed)
                else:
                    refs.append(held[1])
                continue
            if processed and processed.payload_digest == digest and not held:
                # Another machine's archive has it.
                self.unchanged.append(processed)
                continue
            try:
                ref = self.writer.write(capture)
            except (ValueError, TypeError) as error:  # a value that no record can hold
                self._refuse(capture, error)
                continue
            written.append((ref, capture))
            refs.append(ref)
            latest[capture.url] = (digest, ref, capture.fetched_at)
        self.writer.flush()
        # Before the index: what a crash here leaves unindexed is found in the file, but not who still needs it.
        self.pending.add(refs)
        self._index(written)

    def keep(self, capture: Capture) -> None:
        """Archive a capture which is no article (a feed document), unless its bytes are there already."""
        held = self.index.latest([capture.url]).get(capture.url)
        if held and held.digest == payload_digest(capture.body):
            self._revisit(capture, held.fetched_at)
            return
        ref = self.writer.write(capture)
        self.writer.flush()
        self._index([(ref, capture)])

    def _refuse(self, capture: Capture, error: Exception) -> None:
        """Put a capture into quarantine that cannot be written, so that it does not end the others."""
        detail = f"{type(error).__name__}: {error}"[:500]
        self.quarantined.append(
            Quarantined(url=storable(capture.url), stage="archive", reason="unexpected", detail=storable(detail))
        )

    def not_modified(self, url: str, fetched_at: datetime, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Record that a server said that what we have of an address still stands."""
        held = self.index.latest([url]).get(url)
        if held:
            self.writer.write_revisit(
                url, fetched_at, captured_at=held.fetched_at, status=status, headers=headers, body=None
            )

    def _revisit(self, capture: Capture, captured_at: datetime) -> None:
        if capture.status is not None:  # what was read from a file was not asked for again
            self.writer.write_revisit(
                capture.url,
                capture.fetched_at,
                captured_at=captured_at,
                status=capture.status,
                headers=capture.headers,
                body=capture.body,
            )

    def _index(self, written: Sequence[tuple[CaptureRef, Capture]]) -> None:
        # Everything in the file up to here has been indexed, this call's captures included.
        self.index.add(written, self.writer.position)
