"""Journals of the captures that a store still lacks, with a file per run.

The journal is written before the captures are processed and removed when the store has them. A run that dies, or that
cannot reach its store, leaves its journal behind; the next run for the same store takes it over. A running owner holds
a lock on its journal, so that no other run takes it over.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from schemas.records import CaptureRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

FOLDER = "pending"
_SUFFIX = ".jsonl"


def store_key(url: str, index_prefix: str) -> str:
    """Return the name of a store in journals and cursors; ``url`` must contain no secrets."""
    return f"{url} {index_prefix}"


class Pending:
    """The captures that wait for a store: those of this run and those that earlier runs left."""

    def __init__(self, archive: Path, store: str) -> None:
        """Set the store, by a name without secrets; journals for other stores stay untouched."""
        self._folder = archive / FOLDER
        self._store = store
        self._own: TextIO | None = None
        self._taken: list[tuple[Path, TextIO]] = []
        self.refs: list[CaptureRef] = []
        """All captures that wait, each once, in the order of their recording."""

    def __enter__(self) -> Self:
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            self._take_up(path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, file in self._taken:
            file.close()
        if self._own:
            self._own.close()

    def _take_up(self, path: Path) -> None:
        try:
            file = path.open(encoding="utf-8")
        except FileNotFoundError:
            return  # its owner has just finished
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return
        lines = [_parse(line) for line in file]
        if not lines or lines[0] != {"store": self._store} or not path.exists():
            file.close()
            return
        self._taken.append((path, file))
        self._extend(_refs(lines))

    def _extend(self, refs: Iterable[CaptureRef]) -> list[CaptureRef]:
        known = set(self.refs)
        fresh = [ref for ref in dict.fromkeys(refs) if ref not in known]
        self.refs += fresh
        return fresh

    def add(self, refs: Iterable[CaptureRef]) -> None:
        """Record captures that are safe in the archive. The journal is on disk when this returns."""
        fresh = self._extend(refs)
        if not fresh:
            return
        if self._own is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{uuid4().hex}{_SUFFIX}"
            self._own = path.open("x", encoding="utf-8")
            fcntl.flock(self._own, fcntl.LOCK_EX)
            self._own.write(json.dumps({"store": self._store}) + "\n")
            self._taken.append((path, self._own))
        self._own.writelines(json.dumps({"file": ref.file, "offset": ref.offset}) + "\n" for ref in fresh)
        self._own.flush()
        os.fsync(self._own.fileno())

    def done(self) -> None:
        """Remove the journals, after the store has taken all captures."""
        for path, file in self._taken:
            path.unlink(missing_ok=True)
            file.close()
        self._taken.clear()
        self._own = None
        self.refs = []


def waiting(archive: Path) -> int:
    """Count the captures that wait for any store, including those of running runs."""
    return sum(1 for _ in waiting_refs(archive))


def waiting_refs(archive: Path) -> Iterator[CaptureRef]:
    """Yield the captures that wait for any store."""
    for path in (archive / FOLDER).glob(f"*{_SUFFIX}"):
        with suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
            yield from _refs(map(_parse, file))


def _refs(lines: Iterable[dict[str, str | int]]) -> Iterator[CaptureRef]:
    return (CaptureRef(file=str(line["file"]), offset=int(line["offset"])) for line in lines if "file" in line)


def _parse(line: str) -> dict[str, str | int]:
    # The last line of a journal may be torn if its writer was killed; its capture is offered again.
    with suppress(json.JSONDecodeError):
        value = json.loads(line)
        if isinstance(value, dict):
            return value
    return {}
