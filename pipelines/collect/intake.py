"""The one door into the archive: takes captures, keeps those which are new, remembers who still needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.warc import payload_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipelines.archive.index import ArchiveIndex, Indexed
    from pipelines.archive.pending import Pending
    from pipelines.archive.warc import ArchiveWriter
    from pipelines.stores.protocol import Store
    from schemas.records import Capture, Quarantined, SeenCapture


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

    def known(self, urls: Collection[str]) -> tuple[dict[str, SeenCapture], dict[str, Indexed]]:
        """What the store has processed of these addresses, and what the archive holds of them."""
        seen = self.store.seen(urls) if self.store else {}
        return seen, self.index.latest(urls)

    def take(self, captures: Sequence[Capture]) -> None:
        """Archive what is new of captures and have it processed; safe on disk when this returns.

        A capture is new when the latest one of its address has other bytes. One which the archive has and the
        store has not is processed from where it lies.
        """
        seen, archived = self.known({capture.url for capture in captures})
        written = []
        refs = []
        latest = {url: (one.digest, one.ref) for url, one in archived.items()}
        for capture in captures:
            digest = payload_digest(capture.body)
            processed = seen.get(capture.url)
            held = latest.get(capture.url)
            if held and held[0] == digest:
                if processed and processed.payload_digest == digest:
                    self.unchanged.append(processed)
                else:
                    refs.append(held[1])
                continue
            if processed and processed.payload_digest == digest and not held:
                # Another machine's archive has it.
                self.unchanged.append(processed)
                continue
            ref = self.writer.write(capture)
            written.append((ref, capture))
            refs.append(ref)
            latest[capture.url] = (digest, ref)
        self.writer.flush()
        self.index.add(written)
        self.pending.add(refs)

    def keep(self, capture: Capture) -> None:
        """Archive a capture which is no article (a feed document), unless its bytes are there already."""
        held = self.index.latest([capture.url]).get(capture.url)
        if held is None or held.digest != payload_digest(capture.body):
            ref = self.writer.write(capture)
            self.writer.flush()
            self.index.add([(ref, capture)])
