"""The watch of a stream over the archive, which hands out new captures until the store has them.

The cursor of a stream records how far each WARC file has been handed out. Captures that were handed out stand in a
journal of ``pending`` until they are taken. The journal is written before the cursor, so a crash between the two may
hand out a capture twice, which is harmless, but never loses it. Captures in the journals of dead runs and streams are
handed out first.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import Pending, waiting_refs
from schemas.records import MediaKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from pipelines.archive.index import Indexed
    from schemas.records import CaptureRef

FOLDER = "streams"
MOST_OUT = 4_096
"""Most captures that are handed out and not taken yet; further captures wait on disk instead of in memory."""


def handed_out(archive: Path) -> set[str]:
    """Return the names of the files of which any stream of an archive was handed captures."""
    return {file for cursor in (archive / FOLDER).glob("*.json") for file in json.loads(cursor.read_bytes())}


def still_needed(archive: Path, store: str, index: ArchiveIndex) -> list[CaptureRef]:
    """List the captures that the stream of a store has yet to hand out, and those that any store has yet to take."""
    ahead = index.after(_read_cursor(_cursor_file(archive, store)), sys.maxsize)
    return [*(capture.ref for capture in ahead), *waiting_refs(archive)]


def _cursor_file(archive: Path, store: str) -> Path:
    return archive / FOLDER / f"{hashlib.sha256(store.encode()).hexdigest()[:16]}.json"


def _read_cursor(file: Path) -> dict[str, int]:
    return dict(json.loads(file.read_bytes())) if file.exists() else {}


@dataclass(frozen=True, slots=True)
class Handed:
    """Captures handed out together."""

    id: str
    """The argument of ``Watch.taken``."""
    refs: tuple[CaptureRef, ...]


class Watch:
    """The watch of one stream over an archive folder, for one store. Safe for several threads.

    Args:
        archive: the folder of the WARC files.
        store: names the store without secrets; each store has a cursor of its own.
        unseen: a function that returns the captures which the store has not processed. Captures that other runs have
            stored in the meantime need not be processed again.
    """

    def __init__(
        self,
        archive: Path,
        store: str,
        unseen: Callable[[Sequence[Indexed]], Sequence[Indexed]] = lambda captures: captures,
    ) -> None:
        self._archive = archive
        self._store = store
        self._unseen = unseen
        self._cursor_file = _cursor_file(archive, store)
        self._cursor: dict[str, int] = {}
        self._out: dict[str, tuple[Handed, ExitStack, Pending]] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._again = False

    def __enter__(self) -> Self:
        self._cursor_file.parent.mkdir(parents=True, exist_ok=True)
        self._cursor = _read_cursor(self._cursor_file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, opened, _ in self._out.values():
            opened.close()  # their journals stay for the next stream or run
        self._out.clear()

    @property
    def out(self) -> int:
        """Captures handed out and not taken yet."""
        return sum(len(handed.refs) for handed, _, _ in self._out.values())

    def stop(self) -> None:
        """Stop handing out captures."""
        self._stopped = True

    def again(self) -> None:
        """Repeat all captures that are out at the next ``hand_out``: their receiver may have died."""
        self._again = True

    def hand_out(self, most: int) -> list[Handed]:
        """Return the new captures in portions of at most ``most``, and the portions to repeat."""
        with self._lock:
            handed = [portion for portion, _, _ in self._out.values()] if self._again else []
            self._again = False
            if self._stopped or self.out >= MOST_OUT:
                return handed
            with ArchiveIndex(self._archive) as index:
                captures = index.after(self._cursor, MOST_OUT)
            fresh = self._unseen([capture for capture in captures if capture.kind is not MediaKind.FEED])
            for start in range(0, max(len(fresh), 1), most):
                portion = self._journalled([capture.ref for capture in fresh[start : start + most]])
                if portion:
                    handed.append(portion)
            if captures:
                self._advance(captures)
            return handed

    def taken(self, handed_id: str) -> bool:
        """Remove a portion that the store has taken; return whether it was out."""
        with self._lock:
            entry = self._out.pop(handed_id, None)
            if entry:
                _, opened, pending = entry
                pending.done()
                opened.close()
            return entry is not None

    def _journalled(self, refs: list[CaptureRef]) -> Handed | None:
        """Record captures, and those left by dead owners, in a journal; return ``None`` if there are none."""
        opened = ExitStack()
        pending = opened.enter_context(Pending(self._archive, self._store))
        pending.add(refs)
        if not pending.refs:
            opened.close()
            return None
        handed = Handed(os.urandom(8).hex(), tuple(pending.refs))
        self._out[handed.id] = (handed, opened, pending)
        return handed

    def _advance(self, captures: Sequence[Indexed]) -> None:
        for capture in captures:
            self._cursor[capture.ref.file] = max(capture.ref.offset, self._cursor.get(capture.ref.file, -1))
        new = self._cursor_file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(self._cursor, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._cursor_file)
