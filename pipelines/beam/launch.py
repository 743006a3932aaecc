"""Execution of the batch pipeline in a child process, and reading of its results. Does not import Beam itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.beam.runners import find_runner
from pipelines.child_process import ChildProcess
from pipelines.errors import StoreUnavailableError, WirepicketError
from pipelines.ingest.outcome import Outcome
from pipelines.telemetry.counts import add_counts
from schemas.records import AlertOrigin, CaptureRef, Quarantined, StepCount
from schemas.serial import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipelines.config import Settings

CRASHED, UNAVAILABLE = 1, 3
"""Exit codes of the child: the pipeline failed; the store could not be reached."""
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
        self._child: ChildProcess | None = None
        self._ended = False

    def started(self, child: ChildProcess) -> None:
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
                self._child.end()


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
    chosen = find_runner(runner, settings)
    job = BatchJob(
        refs=tuple(refs),
        rules=str(rules.resolve()),
        runner=chosen.name,
        origin=origin,
        options=chosen.options,
        notify=notify,
    )
    log = settings.home / "logs" / "beam.log"
    with ChildProcess(["pipelines.beam", "batch"], job, settings, log=log) as child:
        if launched:
            launched.started(child)
        for line in child.lines():
            if line.strip().isdigit():
                on_progress(int(line))
        exit_code = child.wait()
        if exit_code == 0:
            return read_report(child.folder)
        message = child.failure()
    if exit_code == UNAVAILABLE:
        raise StoreUnavailableError(message)
    raise PipelineError(f"the Beam pipeline failed: {message[-_TAIL:]}\nIts log is {log}; run again to continue.")


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
