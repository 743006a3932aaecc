"""Copying between the archive and a remote one, in a process that is watched. Does not import Beam itself.

A filesystem's client may hang in a way of its own. So a process that has not been heard of for a while is killed and
begun anew: copying goes on wherever it ended.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from pipelines.archive.copying import Copied
from pipelines.beam.launch import JOB_NAME
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

    from pipelines.config import Settings

LOOK = 5.0
"""Seconds between two looks at a remote archive: each is a request or more, which providers charge for."""
TRIES = 4
"""Rounds in which nothing gets through after which sending ends, with a second, two and four between them."""
SILENT = 600.0
"""Seconds without a word after which a process is taken to hang. It speaks up after each round, and within one every
few megabytes; a slow line may take minutes for those."""
ANEW = 10.0
"""Seconds before a process that has died or was killed is followed by another."""
_GLANCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """What the process is to do; credentials it takes from the environment."""

    sends: bool
    """To the remote archive; else from there."""
    archive: str
    place: str
    """Address of the remote archive, as Beam takes it."""
    options: tuple[str, ...]
    """Beam's."""
    days: int | None
    """What was last written there longer ago is not brought."""


class Copying:
    """A process that copies. Use as a context manager: leaving it ends the process, whatever is under way."""

    def __init__(self, settings: Settings, place: str, *, sends: bool) -> None:
        """Its own output is kept in ``logs/copy.log`` of the home folder."""
        self.log = settings.home / "logs" / "copy.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._folder = TemporaryDirectory(prefix="wirepicket-")
        job = CopyJob(
            sends=sends,
            archive=str(settings.archive.resolve()),
            place=place,
            options=settings.beam_options,
            days=settings.archive_days,
        )
        (Path(self._folder.name) / JOB_NAME).write_bytes(to_json(job))
        self._told: queue.SimpleQueue[Copied] = queue.SimpleQueue()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()

    def _begin(self) -> None:
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                [sys.executable, "-m", "pipelines.beam", "copy", self._folder.name],
                env=os.environ | self._settings.environment(),
                # Its end tells the process to end: also where this one was killed.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )
        assert self._child.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
        self._reader.start()
        self._heard = time.monotonic()
        self._ended_at: float | None = None

    def _read(self, output: BinaryIO) -> None:
        with output:
            for line in output:
                if line.startswith(b"{"):
                    self._told.put(from_json(Copied, line))

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()
        self._reader.join()
        assert self._child.stdin is not None
        self._child.stdin.close()

    def _hear(self) -> list[Copied]:
        told = []
        while not self._told.empty():
            told.append(self._told.get())
            self._heard = time.monotonic()
        return told

    @property
    def _silent(self) -> float:
        """Seconds since it was last heard of."""
        return time.monotonic() - self._heard

    def reports(self) -> list[Copied]:
        """What it has told since the last time. Where it has died or hangs, that is told, and it is begun anew."""
        told = self._hear()
        if self._ended_at is not None:
            if time.monotonic() - self._ended_at > ANEW:
                self._begin()
        elif why := self._why():
            told.append(self._failed(why))
            self._end()
            self._ended_at = time.monotonic()
        return told

    def _why(self) -> str | None:
        """Why it is no use any more; ``None`` as long as it is."""
        ended = self._child.poll()
        if ended is not None:
            return f"exit code {ended}"
        return f"not heard of for {self._silent:.0f} s" if self._silent > SILENT else None

    def finish(self) -> Copied:
        """Have what sends do the rest, and wait for that: what all of it came to."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._heard = time.monotonic()
        total = Copied()
        while not (why := self._why()):
            total = sum(self._hear(), total)
            time.sleep(_GLANCE)
        self._end()
        total = sum(self._hear(), total)
        return total if self._child.returncode == 0 else total + self._failed(why)

    def _failed(self, what: str) -> Copied:
        return Copied(problems=(f"copying broke off: {what}; its log is {self.log}",))
