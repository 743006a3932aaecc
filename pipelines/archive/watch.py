"""What has come into the archive since a stream last looked, each capture handed out until the store has it.

A stream's cursor says how far each WARC file has been handed out, and what was handed out stands in a journal of
``pending`` until it is taken. The journal is written before the cursor, so a crash between the two hands something out
twice, which changes nothing, and never not at all. What a dead run or stream left in journals is handed out first.
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
"""Captures handed out and not taken yet, at most: what is not handed out waits on disk instead of in memory."""


def handed_out(archive: Path) -> set[str]:
    """Names of the files of which any stream of an archive has been handed something."""
    return {file for cursor in (archive / FOLDER).glob("*.json") for file in json.loads(cursor.read_bytes())}


def still_needed(archive: Path, store: str, index: ArchiveIndex) -> list[CaptureRef]:
    """Captures that the stream of a store has still to hand out, and those that any store has still to take."""
    ahead = index.after(_read_cursor(_cursor_file(archive, store)), sys.maxsize)
    return [*(one.ref for one in ahead), *waiting_refs(archive)]


def _cursor_file(archive: Path, store: str) -> Path:
    return archive / FOLDER / f"{hashlib.sha256(store.encode()).hexdigest()[:16]}.json"


def _read_cursor(file: Path) -> dict[str, int]:
    return dict(json.loads(file.read_bytes())) if file.exists() else {}


@dataclass(frozen=True, slots=True)
class Handed:
    """Captures handed out together."""

    id: str
    """To say that they are taken."""
    refs: tuple[CaptureRef, ...]


class Watch:
    """The watch of one stream over an archive folder, for one store. Safe for several threads.

    Args:
        archive: the folder of the WARC files.
        store: names the store without secrets; each store has a cursor of its own.
        unseen: given captures, those which the store has not processed. What runs beside the stream have stored
            need not be processed again.
    """

    def __init__(
        self, archive: Path, store: str, unseen: Callable[[Sequence[Indexed]], Sequence[Indexed]] = lambda found: found
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
            opened.close()  # their journals stay, for whoever comes next
        self._out.clear()

    @property
    def out(self) -> int:
        """Captures handed out and not taken yet."""
        return sum(len(handed.refs) for handed, _, _ in self._out.values())

    def stop(self) -> None:
        """Hand nothing out any more."""
        self._stopped = True

    def again(self) -> None:
        """Hand everything out once more that is out: whoever was given it may have died with it."""
        self._again = True

    def hand_out(self, most: int) -> list[Handed]:
        """What has come since the last time, in portions of at most ``most`` captures, and what goes out again."""
        with self._lock:
            handed = [one for one, _, _ in self._out.values()] if self._again else []
            self._again = False
            if self._stopped or self.out >= MOST_OUT:
                return handed
            with ArchiveIndex(self._archive) as index:
                found = index.after(self._cursor, MOST_OUT)
            fresh = self._unseen([one for one in found if one.kind is not MediaKind.FEED])
            for start in range(0, max(len(fresh), 1), most):
                portion = self._journalled([one.ref for one in fresh[start : start + most]])
                if portion:
                    handed.append(portion)
            if found:
                self._advance(found)
            return handed

    def taken(self, handed_id: str) -> bool:
        """The store has what was handed out under this id; whether it was out."""
        with self._lock:
            told = self._out.pop(handed_id, None)
            if told:
                _, opened, pending = told
                pending.done()
                opened.close()
            return told is not None

    def _journalled(self, refs: list[CaptureRef]) -> Handed | None:
        """Captures with what dead owners have left, in a journal; ``None`` where there are neither."""
        opened = ExitStack()
        pending = opened.enter_context(Pending(self._archive, self._store))
        pending.add(refs)
        if not pending.refs:
            opened.close()
            return None
        handed = Handed(os.urandom(8).hex(), tuple(pending.refs))
        self._out[handed.id] = (handed, opened, pending)
        return handed

    def _advance(self, found: Sequence[Indexed]) -> None:
        for one in found:
            self._cursor[one.ref.file] = max(one.ref.offset, self._cursor.get(one.ref.file, -1))
        new = self._cursor_file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(self._cursor, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._cursor_file)
