"""The only entry into the archive: it keeps new captures and records the stores that still need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.captures import read_captures
from pipelines.archive.reporting import as_quarantined
from pipelines.archive.warc import check_capture, payload_digest
from pipelines.errors import CaptureError, InputError
from pipelines.printable import printable
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
"""Captures gathered before they are archived together, with one look-up and one flush to disk."""
WAITING_BYTES = 16 * 2**20


@dataclass(slots=True)
class Intake:
    """The intake of captures into the archive.

    Without a store (it could not be reached), every capture counts as unprocessed: it is archived, and waits.
    """

    index: ArchiveIndex
    writer: ArchiveWriter
    pending: Pending
    store: Store | None
    unchanged: list[SeenCapture] = field(default_factory=list)
    """Captures offered again that the store already has."""
    quarantined: list[Quarantined] = field(default_factory=list)
    """Inputs that could not be captured, and damage in the archive."""
    _waiting: list[Capture] = field(default_factory=list)
    _waiting_bytes: int = 0

    def __post_init__(self) -> None:
        """Quarantine the damage that the index found in files of other processes."""
        self.quarantined += [as_quarantined(*damage) for damage in self.index.take_damage()]

    def known(self, urls: Collection[str]) -> tuple[dict[str, SeenCapture], dict[str, Indexed]]:
        """Return the captures of these addresses that the store has processed, and those in the archive."""
        seen = self.store.seen(urls) if self.store else {}
        return seen, self.index.latest(urls)

    def offer(self, capture: Capture) -> None:
        """Queue a capture, which is archived soon; ``settle`` archives all queued captures at once."""
        self._waiting.append(capture)
        self._waiting_bytes += len(capture.body)
        if len(self._waiting) >= WAITING_CAPTURES or self._waiting_bytes >= WAITING_BYTES:
            self.settle()

    def settle(self) -> None:
        """Archive all queued captures; they are safe on disk when this returns."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if waiting:
            self.take(waiting)

    def take(self, captures: Sequence[Capture]) -> None:
        """Archive the new captures and schedule them for processing; they are safe on disk when this returns.

        A capture is new if the latest capture of its address has other bytes. A capture that the archive has but the
        store does not is processed from its existing record. A capture that no record can hold is quarantined.
        """
        captures = [capture for capture in captures if self._can_keep(capture)]
        seen, archived = self.known({capture.url for capture in captures})
        written: list[tuple[CaptureRef, Capture]] = []
        refs: list[CaptureRef] = []
        latest = {url: (known.digest, known.ref, known.fetched_at) for url, known in archived.items()}
        for capture in captures:
            digest = payload_digest(capture.body)
            processed = seen.get(capture.url)
            held = latest.get(capture.url)
            is_processed = processed is not None and processed.payload_digest == digest
            if held and held[0] == digest and (is_processed or held[1] in refs or self._is_whole(held[1])):
                self._revisit(capture, held[2])
                if processed and is_processed:
                    self.unchanged.append(processed)
                else:
                    refs.append(held[1])
                continue
            if processed and is_processed and not held:
                # The archive of another machine has it.
                self.unchanged.append(processed)
                continue
            ref = self.writer.write(capture)
            written.append((ref, capture))
            refs.append(ref)
            latest[capture.url] = (digest, ref, capture.fetched_at)
        self.writer.flush()
        # Before the index: after a crash here, the index is completed from the file, but the journal cannot be.
        self.pending.add(refs)
        self._index(written)

    def keep(self, capture: Capture) -> None:
        """Archive a capture that is not an article (a feed document), unless the latest one has the same bytes."""
        if not self._can_keep(capture):
            return
        held = self.index.latest([capture.url]).get(capture.url)
        if held and held.digest == payload_digest(capture.body):
            self._revisit(capture, held.fetched_at)
            return
        ref = self.writer.write(capture)
        self.writer.flush()
        self._index([(ref, capture)])

    def not_modified(self, url: str, fetched_at: datetime, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Record a server's response that the capture of an address is still current."""
        held = self.index.latest([url]).get(url)
        if held:
            self.writer.write_revisit(
                url, fetched_at, captured_at=held.fetched_at, status=status, headers=headers, body=None
            )

    def _can_keep(self, capture: Capture) -> bool:
        """Return whether a record can hold a capture; if not, quarantine it with the reason."""
        try:
            check_capture(capture)
        except CaptureError as error:
            refused = error
        except Exception as error:  # noqa: BLE001 - one capture must not end the others
            refused = CaptureError("unexpected", f"{type(error).__name__}: {error}"[:500])
        else:
            return True
        self.quarantined.append(
            Quarantined(
                url=printable(capture.url), stage=refused.stage, reason=refused.reason, detail=printable(refused.detail)
            )
        )
        return False

    def _is_whole(self, ref: CaptureRef) -> bool:
        """Return whether the archive still holds a capture; if not, remove it from the index."""
        try:
            for _ in read_captures(self.writer.folder, [ref]):
                return True
        except InputError:
            self.index.drop(ref)
        return False

    def _revisit(self, capture: Capture, captured_at: datetime) -> None:
        if capture.status is not None:  # a capture read from a file was not requested again
            self.writer.write_revisit(
                capture.url,
                capture.fetched_at,
                captured_at=captured_at,
                status=capture.status,
                headers=capture.headers,
                body=capture.body,
            )

    def _index(self, written: Sequence[tuple[CaptureRef, Capture]]) -> None:
        # All records in the file up to here are indexed, including those of this call.
        self.index.add(written, self.writer.position)
