"""Execution of the stream in a child process, and its reports. Does not import Beam itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pipelines.beam.launch import UNAVAILABLE
from pipelines.beam.runners import find_runner
from pipelines.child_process import ChildProcess
from pipelines.telemetry.counts import add_counts
from schemas.records import StepCount  # noqa: TC001 - serial reads the types at run time
from schemas.serial import from_json

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

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
        chosen = find_runner(runner, settings)
        job = StreamJob(
            rules=str(rules.resolve()),
            runner=chosen.name,
            options=chosen.options,
            store_key=store_key,
            notify=notify,
        )
        self.log = settings.home / "logs" / "beam.log"
        self._child = ChildProcess(["pipelines.beam", "stream"], job, settings, log=self.log, append=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._child.close()

    def reports(self) -> list[WindowReport]:
        """Return the reports of windows since the last call."""
        return [from_json(WindowReport, line) for line in self._child.new_lines() if line.startswith(b"{")]

    @property
    def ended(self) -> bool:
        """True if the process has ended, by itself or stopped."""
        return self._child.exit_code is not None

    def failure(self) -> tuple[str, bool]:
        """Return the reason for which it ended by itself, and True if the store could not be reached."""
        return self._child.failure(), self._child.exit_code == UNAVAILABLE

    def stop(self) -> None:
        """Stop the process after the captures in progress."""
        self._child.stop(_KILL_AFTER)
