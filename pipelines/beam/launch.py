"""Execution of the batch pipeline in a child process, and reading of its results. Does not import Beam itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.beam.runners import find_runner
from pipelines.errors import StoreUnavailableError, WirepicketError
from pipelines.ingest.outcome import Outcome
from pipelines.telemetry.counts import add_counts
from pipelines.telemetry.tracing import child_environment
from schemas.records import AlertOrigin, CaptureRef, Quarantined, StepCount
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.config import Settings

CRASHED, UNAVAILABLE = 1, 3
"""Exit codes of the child: the pipeline failed; the store could not be reached."""
JOB_NAME = "job.json"
ERROR_NAME = "error"
_TAIL = 2_000


class PipelineError(WirepicketError):
    """Error of a pipeline that failed. The captures wait in the archive for the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """The job of the child process; its settings come from the environment."""

    refs: tuple[CaptureRef, ...]
    rules: str
    """Path of the rule file."""
    runner: str
    options: tuple[str, ...]
    """Options of the runner."""
    origin: AlertOrigin
    """Mark of the alerts raised."""
    notify: bool
    """True if alerts raised are to be delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """The results of a batch run."""

    outcomes: tuple[tuple[str, Outcome], ...] = ()
    """Article id and outcome, for each capture that is an article."""
    quarantined: tuple[Quarantined, ...] = ()
    alerts: int = 0
    """Number of alerts raised."""
    counters: tuple[StepCount, ...] = ()
    """Counts of Beam."""

    def __add__(self, other: BatchReport) -> BatchReport:
        """Return the sum of both reports, with the outcomes of ``self`` first."""
        return BatchReport(
            outcomes=self.outcomes + other.outcomes,
            quarantined=self.quarantined + other.quarantined,
            alerts=self.alerts + other.alerts,
            counters=add_counts(self.counters, other.counters),
        )


class Launched:
    """A handle of the child process of a launch, with which another thread can end it at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._ended = False

    def started(self, child: subprocess.Popen[str]) -> None:
        """Set the child; end it at once if its end has already been requested."""
        with self._lock:
            self._child = child
        if self._ended:
            self.end()

    def end(self) -> None:
        """End the child and the launch, which then raises ``PipelineError``."""
        with self._lock:
            self._ended = True
            if self._child:
                end_family(self._child)


def launch(
    refs: Sequence[CaptureRef],
    *,
    settings: Settings,
    rules: Path,
    runner: str,
    origin: AlertOrigin,
    notify: bool,
    on_progress: Callable[[int], None],
    launched: Launched | None = None,
) -> BatchReport:
    """Process captures of the archive and wait for the end.

    ``on_progress`` gets the number of captures done since its last call, ``launched`` the child process. The child's
    output is kept in ``logs/beam.log`` of the home folder.

    Raises:
        StoreUnavailableError: the store could not be reached.
        PipelineError: the pipeline failed.
    """
    log = settings.home / "logs" / "beam.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="wirepicket-") as name, log.open("wb") as output:
        folder = Path(name)
        chosen = find_runner(runner, settings)
        job = BatchJob(
            refs=tuple(refs),
            rules=str(rules.resolve()),
            runner=chosen.name,
            origin=origin,
            options=chosen.options,
            notify=notify,
        )
        (folder / JOB_NAME).write_bytes(to_json(job))
        with subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            [sys.executable, "-m", "pipelines.beam", "batch", name],
            env=os.environ | settings.environment() | child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            process_group=0,
        ) as child:
            assert child.stdout is not None
            try:
                if launched:
                    launched.started(child)
                for line in child.stdout:
                    if line.strip().isdigit():
                        on_progress(int(line))
                child.wait()
            finally:
                end_family(child)
        if child.returncode == 0:
            return read_report(folder)
        error = folder / ERROR_NAME
        message = error.read_text(encoding="utf-8") if error.exists() else f"exit code {child.returncode}"
    if child.returncode == UNAVAILABLE:
        raise StoreUnavailableError(message)
    raise PipelineError(f"the Beam pipeline failed: {message[-_TAIL:]}\nIts log is {log}; run again to continue.")


def end_family(child: subprocess.Popen[Any]) -> None:
    """End a child process and its own child processes: servers of a runner would outlive a killed client.

    The child must lead a process group of its own.
    """
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)


def read_report(folder: Path) -> BatchReport:
    """Read the results that a run wrote into its folder (``pipelines.beam.batch.Results``)."""
    outcomes = [line.split() for line in _lines(folder / "outcomes")]
    return BatchReport(
        outcomes=tuple((article_id, Outcome(outcome)) for article_id, outcome in outcomes),
        quarantined=tuple(from_json(Quarantined, line) for line in _lines(folder / "quarantined")),
        alerts=sum(int(line) for line in _lines(folder / "alerts")),
        counters=tuple(from_json(StepCount, line) for line in _lines(folder / "counters")),
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
