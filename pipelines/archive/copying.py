"""Copying WARC files between an archive folder and a remote archive, in rounds, of what one side lacks.

A WARC file is only appended to, and its name holds a random number. So whatever is found under a name, here or there,
is a beginning of the same sequence of bytes, and a longer one takes the place of a shorter one. Nothing else is relied
on: copies may come in any order, break off anywhere and be repeated, an object may be half uploaded, grow or be
overwritten by a shorter one, and every byte comes where it is lacking, once. What is no beginning of the other is
refused.
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
"""Bytes before the end of the shorter copy which the longer one must have as well."""
CHUNK = 2**20
PROGRESS = 8 * CHUNK
"""Bytes after which word is given of a file that is not done."""
ROUND = 10.0
"""Seconds after which a round begins no further file, so that it is heard of and new files have their turn."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before what failed is tried again, doubled with each time; where it is a file, the rest goes on meanwhile."""
AGAIN, SHARE = 5.0, 10.0
"""A file that grows is sent whole each time: at the earliest after so many seconds, and so many times what the last
time took."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A WARC file of a remote archive."""

    size: int
    updated: float
    """When it was last written, in seconds since 1970; 0 where that is not told."""


class RemoteArchive(Protocol):
    """A remote archive. Its methods raise ``CopyError``."""

    def listed(self) -> dict[str, Listed]:
        """Its WARC files by name."""

    def read(self, name: str, start: int) -> Iterator[bytes]:
        """What a file holds from a byte on."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file, in place of one of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a round of copying came to, or a part of one."""

    files: int = 0
    """Files of which something was copied."""
    bytes: int = 0
    problems: tuple[str, ...] = ()
    """What failed in this round; it is tried again."""
    waiting: int = 0
    """Files which are still lacking something, as far as is known."""
    seconds: float = 0.0
    over: bool = True
    """Whether the round has ended."""

    def __add__(self, later: Copied) -> Copied:
        """Both together; what failed and waits is what the later one says."""
        return replace(
            later,
            files=self.files + later.files,
            bytes=self.bytes + later.bytes,
            seconds=self.seconds + later.seconds,
        )

    def counters(self, step: str) -> tuple[StepCount, ...]:
        """What was copied and failed, as counts of a step."""
        counts = {"bytes": self.bytes, "failures": len(self.problems), "files": self.files}
        return tuple(StepCount(step=step, element=name, count=count) for name, count in counts.items() if count)


def sizes(folder: Path) -> dict[str, int]:
    """The WARC files of an archive folder."""
    return {path.name: path.stat().st_size for path in folder.glob(f"*{SUFFIX}")}


def lacking(there: Mapping[str, int], here: Mapping[str, int]) -> list[str]:
    """What is missing or shorter here, by name."""
    return sorted(name for name, size in there.items() if size > here.get(name, 0))


def pause_after(failures: int) -> float:
    """Seconds before what has failed so many times in a row is tried again."""
    return doubled(FIRST_PAUSE, LONGEST_PAUSE, failures)


class Copier(ABC):
    """Copies in one direction. ``clock`` gives seconds."""

    def __init__(self, archive: Path, place: RemoteArchive, clock: Callable[[], float] = time.monotonic) -> None:
        self._archive = archive
        self._place = place
        self._clock = clock
        self._not_before: dict[str, float] = {}
        self._failed: dict[str, int] = {}

    def round(self, tell: Callable[[Copied], None] = lambda _: None, *, at_once: bool = False) -> Copied:
        """Copy what is lacking, the first by name first; what ``tell`` was not given of it yet.

        With ``at_once`` no file waits for its time.
        """
        begin = self._clock()
        try:
            there = self._place.listed()
        except CopyError as error:
            return Copied(problems=(str(error),), seconds=self._clock() - begin)
        names = self._behind(there)
        files, waiting, problems = 0, 0, []
        progress = _Progress(tell)
        for name in names:
            now = self._clock()
            if now - begin > ROUND or (not at_once and now < self._not_before.get(name, now)):
                waiting += 1
                continue
            before = progress.bytes
            try:
                self._copy(name, there.get(name, Listed(0, 0)).size, progress.add)
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
            bytes=progress.untold,
            problems=tuple(problems),
            waiting=waiting,
            seconds=round(self._clock() - begin, 3),
        )

    @abstractmethod
    def _behind(self, there: Mapping[str, Listed]) -> list[str]:
        """The files to be copied."""

    @abstractmethod
    def _copy(self, name: str, there: int, count: Callable[[int], None]) -> None:
        """Copy one, of which the remote archive has so many bytes."""

    def _rest(self, _took: float) -> float:
        """Seconds before a file that was copied may be copied again, given what copying took."""
        return 0.0


class Bringer(Copier):
    """Brings what an archive folder lacks, by appending to its files: what was cut off goes on where it ended.

    What streams of the archive have had, and is not there any more, was deleted for its age (``retention``) and is not
    brought again; neither is what was last written before ``oldest``, in seconds since 1970.
    """

    def __init__(
        self,
        archive: Path,
        place: RemoteArchive,
        oldest: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(archive, place, clock)
        self._oldest = oldest

    def _behind(self, there: Mapping[str, Listed]) -> list[str]:
        here = sizes(self._archive)
        names = lacking({name: one.size for name, one in there.items()}, here)
        if all(name in here for name in names):
            return names
        had, oldest = handed_out(self._archive), self._oldest()
        return [name for name in names if name in here or (name not in had and not 0 < there[name].updated < oldest)]

    def _copy(self, name: str, there: int, count: Callable[[int], None]) -> None:
        path = self._archive / name
        have = path.stat().st_size if path.exists() else 0
        start = max(0, have - OVERLAP)
        chunks = self._place.read(name, start)
        first = next(chunks, b"")  # before the file is made
        self._archive.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as copy:
            try:
                fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another stream of this archive is at it
            if copy.seek(0, os.SEEK_END) != have:
                return  # or was
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
        if have < there:
            raise CopyError(f"{name} broke off after {have} of {there} bytes")


class Sender(Copier):
    """Sends what a remote archive lacks. An object cannot be appended to, so a file that has grown is sent whole."""

    def _behind(self, there: Mapping[str, Listed]) -> list[str]:
        return lacking(sizes(self._archive), {name: one.size for name, one in there.items()})

    def _copy(self, name: str, there: int, count: Callable[[int], None]) -> None:
        path = self._archive / name
        if there:
            start = max(0, there - OVERLAP)
            with path.open("rb") as file:
                file.seek(start)
                known = file.read(there - start)
            for chunk in self._place.read(name, start):
                if chunk[: len(known)] != known[: len(chunk)]:
                    raise _other(name)
                known = known[len(chunk) :]
                if not known:
                    break
        self._place.write(name, _chunks(path, count))

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
    """Bytes copied, told now and then."""

    def __init__(self, tell: Callable[[Copied], None]) -> None:
        self._tell = tell
        self.bytes = self.untold = 0

    def add(self, count: int) -> None:
        self.bytes += count
        self.untold += count
        if self.untold >= PROGRESS:
            self._tell(Copied(bytes=self.untold, over=False))
            self.untold = 0
