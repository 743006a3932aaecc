"""Telemetry of the steps of a run or stream: a log line for each, metrics, trace spans."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from flows.steps import Collected
from pipelines.archive.copying import Copied
from pipelines.archive.pending import waiting
from pipelines.beam.launch import BatchReport
from pipelines.errors import ConfigurationError
from pipelines.ingest.outcome import Outcome
from pipelines.notify.deliver import DeliveryReport
from pipelines.telemetry.step import LogForm, Step, line_of
from pipelines.telemetry.tracing import Tracer
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from flows.steps import StepRunner
    from pipelines.config import Settings
    from pipelines.telemetry.metrics import Metrics
    from schemas.records import StepCount

P = ParamSpec("P")
T = TypeVar("T")


class Observer:
    """A step runner that logs, measures and traces each step. As a context manager it writes the rest on exit.

    It costs nothing if the settings and the environment ask for no telemetry.
    """

    def __init__(self, settings: Settings, run: str, runner: StepRunner) -> None:
        """Prepare the telemetry of the run with the id ``run``.

        Raises:
            ConfigurationError: traces are requested, but their optional dependencies are not installed.
        """
        self._settings = settings
        self._run = run
        self._runner = runner
        self._tracer = Tracer()
        self._metrics = _metrics(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tracer.close()
        self.write()

    def __call__(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a step and return its result."""
        begin = time.monotonic()
        with self._tracer.span(step.__name__, {"wirepicket.run": self._run}):
            try:
                result = self._runner(step, *args, **kwargs)
            except Exception as error:
                self.report(step.__name__, begin, error=type(error).__name__)
                raise
        self.report(step.__name__, begin, counts_of(result))
        if isinstance(result, BatchReport):
            self.count(result.counters)
        if isinstance(result, Copied):
            self.count(result.counters(step.__name__))
        return result

    def count(self, counters: Iterable[StepCount]) -> None:
        """Add counters of Beam to the metrics."""
        if self._metrics:
            self._metrics.count(counters)

    def report(self, step: str, begin: float, counts: dict[str, int] | None = None, error: str | None = None) -> None:
        """Report a step that ends now; ``begin`` is its start on the monotonic clock, in seconds."""
        seconds = round(time.monotonic() - begin, 3)
        record = Step(at=now_utc(), run=self._run, step=step, seconds=seconds, error=error, counts=counts or {})
        if self._settings.log is not LogForm.NONE:
            print(line_of(record, self._settings.log), file=sys.stderr, flush=True)
        if self._metrics:
            self._metrics.add(record)

    def write(self) -> None:
        """Add the metrics to the metrics file, if the settings name one."""
        if self._metrics and (path := self._settings.metrics_path):
            self._metrics.add_to(path, waiting(self._settings.archive))


def counts_of(result: object) -> dict[str, int]:
    """Return the counts of a step's result by name; none for results without counts."""
    match result:
        case Collected():
            feeds = result.feeds
            return {"feeds": len(feeds.states), "failed": len(feeds.failed), "quarantined": len(result.quarantined)}
        case BatchReport():
            outcomes = [outcome for _, outcome in result.outcomes]
            counts = {str(outcome): outcomes.count(outcome) for outcome in Outcome}
            return counts | {"alerts": result.alerts, "quarantined": len(result.quarantined)}
        case Copied():
            return {"files": result.files, "bytes": result.bytes, "failed": len(result.problems)}
        case DeliveryReport():
            return {"sent": result.sent, "undelivered": result.failed, "waiting": result.waiting}
        case _:
            return {}


def _metrics(settings: Settings) -> Metrics | None:
    if settings.metrics_path is None:
        return None
    from pipelines.telemetry.metrics import Metrics  # noqa: PLC0415 - only if metrics are requested

    return Metrics()


def answer_scrapes(settings: Settings) -> None:
    """Serve the metrics of a long-running process to Prometheus, if the settings name a port.

    Short-lived processes add to the same metrics file and need no port.

    Raises:
        ConfigurationError: the port is taken.
    """
    if settings.metrics_port is None or settings.metrics_path is None:
        return
    from pipelines.telemetry.metrics import serve_metrics  # noqa: PLC0415 - likewise

    try:
        serve_metrics(settings.metrics_path, settings.metrics_port)
    except OSError as error:
        raise ConfigurationError(
            f"metrics_port {settings.metrics_port}: {error.strerror}; another `wirepicket stream` or `serve` may use it"
        ) from error
