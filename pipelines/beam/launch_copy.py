"""Copying between the archive and a remote one, in a supervised process. Does not import Beam itself.

A filesystem's client may hang. So a process that is silent for a while is killed and restarted: copying continues where
it ended.
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

LIST_SECONDS = 5.0
"""Seconds between two listings of a remote archive: each is a request or more, for which providers charge."""
TRIES = 4
"""Rounds without a copied file after which sending ends, with pauses of one, two and four seconds between them."""
SILENT_SECONDS = 600.0
"""Seconds without a report after which a process counts as hanging. It reports after each round and every few
megabytes, which may take minutes on a slow line."""
RESTART_SECONDS = 10.0
"""Seconds before a process that has died or was killed is replaced."""
_POLL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """The job of the process; credentials come from the environment."""

    sends: bool
    """True for copying to the remote archive, False for copying from it."""
    archive: str
    """Path of the archive."""
    address: str
    """Address of the remote archive, in Beam's form."""
    options: tuple[str, ...]
    """Options of Beam."""
    days: int | None
    """Age in days from which on remote files are not fetched, by their last write; ``None`` for no limit."""


class Copying:
    """A process that copies. Use as a context manager: leaving it ends the process at once."""

    def __init__(self, settings: Settings, address: str, *, sends: bool) -> None:
        """Start the process. Its output is kept in ``logs/copy.log`` of the home folder."""
        self.log = settings.home / "logs" / "copy.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._folder = TemporaryDirectory(prefix="wirepicket-")
        job = CopyJob(
            sends=sends,
            archive=str(settings.archive.resolve()),
            address=address,
            options=settings.beam_options,
            days=settings.archive_days,
        )
        (Path(self._folder.name) / JOB_NAME).write_bytes(to_json(job))
        self._received: queue.SimpleQueue[Copied] = queue.SimpleQueue()
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
                # The end of its standard input ends the process, even if this process was killed.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )
        assert self._child.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
        self._reader.start()
        self._last_report = time.monotonic()
        self._ended_at: float | None = None

    def _read(self, output: BinaryIO) -> None:
        with output:
            for line in output:
                if line.startswith(b"{"):
                    self._received.put(from_json(Copied, line))

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()
        self._reader.join()
        assert self._child.stdin is not None
        self._child.stdin.close()

    def _receive(self) -> list[Copied]:
        reports = []
        while not self._received.empty():
            reports.append(self._received.get())
            self._last_report = time.monotonic()
        return reports

    @property
    def _silence(self) -> float:
        """Seconds since its last report."""
        return time.monotonic() - self._last_report

    def reports(self) -> list[Copied]:
        """Return the reports since the last call. A process that has died or hangs is reported too, and restarted."""
        reports = self._receive()
        if self._ended_at is not None:
            if time.monotonic() - self._ended_at > RESTART_SECONDS:
                self._begin()
        elif reason := self._end_reason():
            reports.append(self._failed(reason))
            self._end()
            self._ended_at = time.monotonic()
        return reports

    def _end_reason(self) -> str | None:
        """Return the reason for which the process has ended or must be ended; ``None`` while it works."""
        exit_code = self._child.poll()
        if exit_code is not None:
            return f"exit code {exit_code}"
        return f"silent for {self._silence:.0f} s" if self._silence > SILENT_SECONDS else None

    def finish(self) -> Copied:
        """Wait until a sending process has sent the remaining files and ended; return the sum of its reports."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._last_report = time.monotonic()
        total = Copied()
        while not (reason := self._end_reason()):
            total = sum(self._receive(), total)
            time.sleep(_POLL)
        self._end()
        total = sum(self._receive(), total)
        return total if self._child.returncode == 0 else total + self._failed(reason)

    def _failed(self, reason: str) -> Copied:
        return Copied(problems=(f"copying broke off: {reason}; its log is {self.log}",))
