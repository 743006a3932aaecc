"""What is told of the steps of a run or stream while they go: a log line each, metrics, spans."""

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
    """Runs steps by a step runner and tells of each. Use as a context manager: leaving it sends and writes the rest.

    Costs nothing where the settings and the environment ask for nothing.
    """

    def __init__(self, settings: Settings, run: str, runner: StepRunner) -> None:
        """``run`` is the id of the run.

        Raises:
            ConfigurationError: traces are asked for without their extra.
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
        """What the step returns."""
        begin = time.monotonic()
        with self._tracer.span(step.__name__, {"wirepicket.run": self._run}):
            try:
                result = self._runner(step, *args, **kwargs)
            except Exception as error:
                self.tell(step.__name__, begin, error=type(error).__name__)
                raise
        self.tell(step.__name__, begin, counts_of(result))
        if isinstance(result, BatchReport):
            self.count(result.counters)
        if isinstance(result, Copied):
            self.count(result.counters(step.__name__))
        return result

    def count(self, counters: Iterable[StepCount]) -> None:
        """Take up what Beam has counted."""
        if self._metrics:
            self._metrics.count(counters)

    def tell(self, step: str, begin: float, counts: dict[str, int] | None = None, error: str | None = None) -> None:
        """Tell of a step that began at a time of the monotonic clock and has ended now."""
        seconds = round(time.monotonic() - begin, 3)
        told = Step(at=now_utc(), run=self._run, step=step, seconds=seconds, error=error, counts=counts or {})
        if self._settings.log is not LogForm.NONE:
            print(line_of(told, self._settings.log), file=sys.stderr, flush=True)
        if self._metrics:
            self._metrics.add(told)

    def write(self) -> None:
        """Add to the metrics file, where metrics are asked for."""
        if self._metrics and (path := self._settings.metrics_path):
            self._metrics.add_to(path, waiting(self._settings.archive))


def counts_of(result: object) -> dict[str, int]:
    """What the result of a step came to, in numbers."""
    match result:
        case Collected():
            feeds = result.feeds
            return {"feeds": len(feeds.states), "failed": len(feeds.failed), "quarantined": len(result.quarantined)}
        case BatchReport():
            outcomes = [outcome for _, outcome in result.outcomes]
            told = {str(outcome): outcomes.count(outcome) for outcome in Outcome}
            return told | {"alerts": result.alerts, "quarantined": len(result.quarantined)}
        case Copied():
            return {"files": result.files, "bytes": result.bytes, "failed": len(result.problems)}
        case DeliveryReport():
            return {"sent": result.sent, "undelivered": result.failed, "waiting": result.waiting}
        case _:
            return {}


def _metrics(settings: Settings) -> Metrics | None:
    if settings.metrics_path is None:
        return None
    from pipelines.telemetry.metrics import Metrics  # noqa: PLC0415 - only where they are asked for

    return Metrics()


def answer_scrapes(settings: Settings) -> None:
    """Have this process, which is to run for long, answer Prometheus on the port of the settings, if they name one.

    Short processes beside it add to the same file and need no port.

    Raises ``ConfigurationError`` where the port is taken.
    """
    if settings.metrics_port is None or settings.metrics_path is None:
        return
    from pipelines.telemetry.metrics import serve_metrics  # noqa: PLC0415 - likewise

    try:
        serve_metrics(settings.metrics_path, settings.metrics_port)
    except OSError as error:
        raise ConfigurationError(
            f"metrics_port {settings.metrics_port}: {error.strerror}; another stream or serve may have it"
        ) from error
