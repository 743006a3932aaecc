"""Copying of WARC files between an archive folder and a remote archive, in rounds.

A WARC file is only appended to, and its name contains a random number. So two files of the same name on the two sides
are prefixes of the same sequence of bytes, and the longer file replaces the shorter. No other assumption is made:
copies may come in any order, break off anywhere and be repeated; an object may be half uploaded, grow, or be
overwritten by a shorter one. Each missing byte is still copied, once. If neither file is a prefix of the other, the
copy is refused.
"""

from __future__ import annotations

import fcntl
import os
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from pipelines.archive.warc import SUFFIX
from pipelines.archive.watch import handed_out
from pipelines.backoff import doubled
from pipelines.errors import CopyError
from schemas.records import StepCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

OVERLAP = 64 * 2**10
"""Bytes at the end of the shorter copy that are compared with the longer one."""
CHUNK = 2**20
PROGRESS = 8 * CHUNK
"""Bytes between two reports on a file that is not complete."""
ROUND = 10.0
"""Seconds after which a round begins no further file, so that it is reported and new files have their turn."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a retry, doubled with each failure. The other files are copied while a failed file waits."""
AGAIN, SHARE = 5.0, 10.0
"""A growing file is sent whole each time: at the earliest after ``AGAIN`` seconds, and after ``SHARE`` times the
duration of the last transfer."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A WARC file of a remote archive."""

    size: int
    updated: float
    """Time of the last write, in seconds since 1970; 0 if unknown."""


class RemoteArchive(Protocol):
    """A remote archive. Its methods raise ``CopyError``."""

    def listed(self) -> dict[str, Listed]:
        """Return its WARC files by name."""

    def read(self, name: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a file from an offset on."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file, in place of any file of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The result of a round of copying, or of a part of a round."""

    files: int = 0
    """Files of which at least a part was copied."""
    bytes: int = 0
    problems: tuple[str, ...] = ()
    """The failures of this round; each is retried."""
    waiting: int = 0
    """Known files that are still incomplete on the other side."""
    seconds: float = 0.0
    over: bool = True
    """True if the round has ended."""

    def __add__(self, later: Copied) -> Copied:
        """Return the sum of two results, with the problems and waiting files of the later one."""
        return replace(
            later,
            files=self.files + later.files,
            bytes=self.bytes + later.bytes,
            seconds=self.seconds + later.seconds,
        )

    def counters(self, step: str) -> tuple[StepCount, ...]:
        """Return the numbers of copied bytes, copied files and failures as counts of a step."""
        counts = {"bytes": self.bytes, "failures": len(self.problems), "files": self.files}
        return tuple(StepCount(step=step, element=name, count=count) for name, count in counts.items() if count)


def sizes(folder: Path) -> dict[str, int]:
    """Return the sizes in bytes of the WARC files of an archive folder, by name."""
    return {path.name: path.stat().st_size for path in folder.glob(f"*{SUFFIX}")}


def lacking(source: Mapping[str, int], target: Mapping[str, int]) -> list[str]:
    """Return the names of the files that are missing or shorter in the target, sorted."""
    return sorted(name for name, size in source.items() if size > target.get(name, 0))


def pause_after(failures: int) -> float:
    """Return the seconds before a retry after a number of failures in a row."""
    return doubled(FIRST_PAUSE, LONGEST_PAUSE, failures)


class Copier(ABC):
    """Base class for copying in one direction. ``clock`` returns seconds."""

    def __init__(self, archive: Path, remote: RemoteArchive, clock: Callable[[], float] = time.monotonic) -> None:
        self._archive = archive
        self._remote = remote
        self._clock = clock
        self._not_before: dict[str, float] = {}
        self._failed: dict[str, int] = {}

    def round(self, report: Callable[[Copied], None] = lambda _: None, *, at_once: bool = False) -> Copied:
        """Copy the missing bytes, file by file in the order of names.

        ``report`` is called with intermediate results. The returned result holds only the bytes that were not reported
        yet. With ``at_once``, files are copied without regard to their pauses.
        """
        begin = self._clock()
        try:
            remote_files = self._remote.listed()
        except CopyError as error:
            return Copied(problems=(str(error),), seconds=self._clock() - begin)
        names = self._incomplete(remote_files)
        files, waiting, problems = 0, 0, []
        progress = _Progress(report)
        for name in names:
            now = self._clock()
            if now - begin > ROUND or (not at_once and now < self._not_before.get(name, now)):
                waiting += 1
                continue
            before = progress.bytes
            try:
                self._copy(name, remote_files.get(name, Listed(0, 0)).size, progress.add)
            except (CopyError, OSError) as error:
                self._failed[name] = self._failed.get(name, 0) + 1
                pause = pause_after(self._failed[name])
                problems.append(str(error) if isinstance(error, CopyError) else f"{name}: {error}")
                waiting += 1
            else:
                self._failed.pop(name, None)
                pause = self._rest(self._clock() - now)
            files += progress.bytes > before
            self._not_before[name] = self._clock() + pause
        return Copied(
            files=files,
            bytes=progress.unreported,
            problems=tuple(problems),
            waiting=waiting,
            seconds=round(self._clock() - begin, 3),
        )

    @abstractmethod
    def _incomplete(self, remote_files: Mapping[str, Listed]) -> list[str]:
        """Return the names of the files to copy."""

    @abstractmethod
    def _copy(self, name: str, remote_size: int, count: Callable[[int], None]) -> None:
        """Copy a file that has ``remote_size`` bytes in the remote archive, and count the copied bytes."""

    def _rest(self, _took: float) -> float:
        """Return the seconds before a file may be copied again, given the duration of its last copy in seconds."""
        return 0.0


class Bringer(Copier):
    """Copying from a remote archive to an archive folder, by appending: an interrupted file goes on where it ended.

    A file that was handed to a stream of the archive and is missing now was deleted for its age (``retention``); it is
    not fetched again. Nor is a file that was last written before ``oldest``, in seconds since 1970.
    """

    def __init__(
        self,
        archive: Path,
        remote: RemoteArchive,
        oldest: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(archive, remote, clock)
        self._oldest = oldest

    def _incomplete(self, remote_files: Mapping[str, Listed]) -> list[str]:
        local = sizes(self._archive)
        names = lacking({name: file.size for name, file in remote_files.items()}, local)
        if all(name in local for name in names):
            return names
        had, oldest = handed_out(self._archive), self._oldest()
        return [
            name for name in names if name in local or (name not in had and not 0 < remote_files[name].updated < oldest)
        ]

    def _copy(self, name: str, remote_size: int, count: Callable[[int], None]) -> None:
        path = self._archive / name
        have = path.stat().st_size if path.exists() else 0
        start = max(0, have - OVERLAP)
        chunks = self._remote.read(name, start)
        first = next(chunks, b"")  # before the file is created
        self._archive.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as copy:
            try:
                fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another stream of this archive is copying the file
            if copy.seek(0, os.SEEK_END) != have:
                return  # another stream has copied a part
            copy.seek(start)
            known = copy.read()
            for chunk in chain([first], chunks):
                if chunk[: len(known)] != known[: len(chunk)]:
                    raise _other(name)
                more = chunk[len(known) :]
                known = known[len(chunk) :]
                copy.write(more)
                have += len(more)
                count(len(more))
            copy.flush()
            os.fsync(copy.fileno())
        if have < remote_size:
            raise CopyError(f"{name} broke off after {have} of {remote_size} bytes")


class Sender(Copier):
    """Copying to a remote archive. Nothing can be appended to an object, so a file that has grown is sent whole."""

    def _incomplete(self, remote_files: Mapping[str, Listed]) -> list[str]:
        return lacking(sizes(self._archive), {name: file.size for name, file in remote_files.items()})

    def _copy(self, name: str, remote_size: int, count: Callable[[int], None]) -> None:
        path = self._archive / name
        if remote_size:
            start = max(0, remote_size - OVERLAP)
            with path.open("rb") as file:
                file.seek(start)
                known = file.read(remote_size - start)
            for chunk in self._remote.read(name, start):
                if chunk[: len(known)] != known[: len(chunk)]:
                    raise _other(name)
                known = known[len(chunk) :]
                if not known:
                    break
        self._remote.write(name, _chunks(path, count))

    def _rest(self, took: float) -> float:
        return max(AGAIN, SHARE * took)


def _other(name: str) -> CopyError:
    return CopyError(f"here and there are two different files of the name {name}; rename one of them")


def _chunks(path: Path, count: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            count(len(chunk))


class _Progress:
    """The count of copied bytes, reported at intervals."""

    def __init__(self, report: Callable[[Copied], None]) -> None:
        self._report = report
        self.bytes = self.unreported = 0

    def add(self, count: int) -> None:
        self.bytes += count
        self.unreported += count
        if self.unreported >= PROGRESS:
            self._report(Copied(bytes=self.unreported, over=False))
            self.unreported = 0
