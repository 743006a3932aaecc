"""Execution of the stream in a child process, and its reports. Does not import Beam itself."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from pipelines.beam.launch import ERROR_NAME, JOB_NAME, UNAVAILABLE, end_family
from pipelines.beam.runners import find_runner
from pipelines.telemetry.counts import add_counts
from pipelines.telemetry.tracing import child_environment
from schemas.records import StepCount  # noqa: TC001 - serial reads the types at run time
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

    from pipelines.config import Settings

_KILL_AFTER = 90.0
"""Seconds after which a child that does not end is killed: longer than a stop waits for captures in progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamJob:
    """The job of the child process; its settings come from the environment."""

    rules: str
    """Path of the rule file."""
    runner: str
    options: tuple[str, ...]
    """Options of the runner."""
    store_key: str
    """Name of the store without secrets."""
    notify: bool
    """True if alerts raised are to be delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """The results of a window."""

    captures: int = 0
    new: int = 0
    revised: int = 0
    alerts: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    """Seconds of work; on an engine, of the last step."""
    counters: tuple[StepCount, ...] = ()
    """Counts of Beam since the report before; on an engine they come in separate reports."""

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of the window, by name."""
        return {
            "captures": self.captures,
            "new": self.new,
            "revised": self.revised,
            "alerts": self.alerts,
            "quarantined": self.quarantined,
        }

    def __add__(self, other: WindowReport) -> WindowReport:
        """Return the sum of both windows."""
        return WindowReport(
            captures=self.captures + other.captures,
            new=self.new + other.new,
            revised=self.revised + other.revised,
            alerts=self.alerts + other.alerts,
            quarantined=self.quarantined + other.quarantined,
            seconds=self.seconds + other.seconds,
            counters=add_counts(self.counters, other.counters),
        )


class StreamProcess:
    """The child process of a stream. Use as a context manager: leaving it ends the process."""

    def __init__(self, settings: Settings, *, rules: Path, runner: str, store_key: str, notify: bool) -> None:
        """Start the process. Its output is kept in ``logs/beam.log`` of the home folder."""
        self.log = settings.home / "logs" / "beam.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._folder = TemporaryDirectory(prefix="wirepicket-")
        chosen = find_runner(runner, settings)
        job = StreamJob(
            rules=str(rules.resolve()),
            runner=chosen.name,
            options=chosen.options,
            store_key=store_key,
            notify=notify,
        )
        (Path(self._folder.name) / JOB_NAME).write_bytes(to_json(job))
        self._reports: queue.SimpleQueue[WindowReport] = queue.SimpleQueue()
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                [sys.executable, "-m", "pipelines.beam", "stream", self._folder.name],
                env=os.environ | settings.environment() | child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                process_group=0,
            )
        assert self._child.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def _read(self, output: BinaryIO) -> None:
        with output:
            for line in output:
                if line.startswith(b"{"):
                    self._reports.put(from_json(WindowReport, line))

    def reports(self) -> list[WindowReport]:
        """Return the reports since the last call."""
        reports = []
        while not self._reports.empty():
            reports.append(self._reports.get())
        return reports

    @property
    def ended(self) -> bool:
        """True if the process has ended, by itself or by a stop."""
        return self._child.poll() is not None

    def failure(self) -> tuple[str, bool]:
        """Return the reason for which it ended by itself, and True if the store could not be reached."""
        error = Path(self._folder.name) / ERROR_NAME
        message = error.read_text(encoding="utf-8") if error.exists() else f"exit code {self._child.returncode}"
        return message, self._child.returncode == UNAVAILABLE

    def stop(self) -> None:
        """Stop the process after the captures in progress."""
        if not self.ended:
            self._child.terminate()
            try:
                self._child.wait(_KILL_AFTER)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._child.wait()
        end_family(self._child)
        self._reader.join()
        assert self._child.stdout is not None
        self._child.stdout.close()
