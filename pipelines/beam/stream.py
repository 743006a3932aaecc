"""The endless pipeline: new captures in the archive are processed in short windows, by the steps of a batch run.

On a runner that supports unbounded pipelines (``run_unbounded``), impulses several times a second query the archive for
new captures. The captures fall into fixed windows. A window is refined, regrouped after the watermark has passed its
end, and then removed from the journals. No article is late: an element's time is that of the impulse that produced it,
not that of the article. An article of yesterday that arrives today is in today's window, and joins its story in the
store.

Beam's in-process runner has no correct watermark for this, so there (``run_in_rounds``) each window is a pipeline of
its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import FixedWindows

from pipelines.archive.watch import Handed, Watch
from pipelines.beam import batch
from pipelines.beam.counters import counters_of
from pipelines.beam.launch_stream import WindowReport
from pipelines.beam.transforms import OUTCOMES, QUARANTINED, RefineBatch, RegroupAll
from pipelines.ingest.outcome import Outcome
from pipelines.telemetry.counts import count_increases
from pipelines.telemetry.tracing import process_tracer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from apache_beam.pvalue import PCollection
    from apache_beam.runners.runner import PipelineResult

    from pipelines.archive.index import Indexed
    from pipelines.beam.transforms import Job
    from pipelines.stores.protocol import Store
    from schemas.records import StepCount

POLL = 0.2
"""Seconds between two queries of the archive: well below the second that an alert may take. A query takes a millisecond
or two."""
WINDOW = 0.5
"""Seconds of a window on unbounded runners: half of the intended latency, so that waiting and processing both fit."""
LATENESS = 600.0
"""Seconds for which a window accepts elements after its end, so that none is ever dropped. Elements are late only on an
engine that restarts, or with parallel tasks that differ in progress."""
FINGERPRINT, HANDED = "fingerprint", "handed"
BATCH = 64
"""Captures handed out together."""
COUNT = 30.0
"""Seconds between two queries of an engine's counts."""
STOP_SECONDS = 60.0
"""Seconds for which a stop waits for captures in progress. Captures that are not done by then stay in the journals."""


def run_in_rounds(job: Job, store_key: str, stop: threading.Event, report: Callable[[WindowReport], None]) -> None:
    """Run until ``stop`` is set, each window on the in-process runner, by the steps of an unbounded run.

    ``report`` gets an empty report when the watch begins, and then one for each window.

    Raises the errors of a batch run; the next stream hands out the captures of the failed window again.
    """
    with _watch(job, store_key) as watch:
        reports: list[WindowReport] = []
        _watches[store_key] = (watch, reports.append)
        report(WindowReport())
        while not stop.is_set():
            handed = watch.hand_out(batch.BATCH)
            if not handed:
                stop.wait(POLL)
                continue
            begin = time.monotonic()
            # Without the files of a batch run: planning and writing them takes three times as long as a small window.
            with (
                process_tracer().span("window", {"captures": sum(len(part.refs) for part in handed)}, leading=True),
                beam.Pipeline(runner=FnApiRunner()) as pipeline,
            ):
                _ = pipeline | "Handed" >> beam.Create(handed) | "Window" >> ProcessWindow(job, store_key)
            seconds = round(time.monotonic() - begin, 3)
            report(replace(reports.pop(), seconds=seconds, counters=counters_of(pipeline.result)))


def run_unbounded(
    job: Job,
    store_key: str,
    options: Sequence[str],
    stop: threading.Event,
    report: Callable[[WindowReport], None],
    *,
    recovers: bool,
) -> None:
    """Run until ``stop`` is set, as one unbounded pipeline.

    ``report`` gets an empty report when the runner has begun, one for each window, and periodically the counts of Beam.
    ``options`` name the runner; with ``recovers`` it continues by itself after a crash. Steps run in this process
    (environment type ``LOOPBACK``), which holds the watch and the workers.

    Raises:
        RuntimeError: the pipeline has ended by itself.
    """
    with _watch(job, store_key) as watch:
        _watches[store_key] = (watch, report)
        pipeline = beam.Pipeline(options=PipelineOptions([*options, "--streaming"]))
        _ = pipeline | "Stream" >> StreamTransform(job, store_key, recovers=recovers)
        result = pipeline.run()
        counts, next_count = _CountReporter(result, report), time.monotonic() + COUNT
        while not stop.wait(POLL):
            if PipelineState.is_terminal(result.state):
                raise RuntimeError(f"the pipeline has ended: {result.state}")
            if time.monotonic() >= next_count:
                counts.report_increase()
                next_count = time.monotonic() + COUNT
        watch.stop()
        end = time.monotonic() + STOP_SECONDS
        while watch.out and time.monotonic() < end and not PipelineState.is_terminal(result.state):
            time.sleep(POLL)
        counts.report_increase()
        result.cancel()


@contextmanager
def _watch(job: Job, store_key: str) -> Iterator[Watch]:
    with job.store.open() as store, Watch(job.archive, store_key, lambda captures: _unseen(store, captures)) as watch:
        yield watch


def _unseen(store: Store, captures: Sequence[Indexed]) -> list[Indexed]:
    """Return captures that are not the latest in the store for their address: concurrent runs store captures too."""
    seen = store.seen({capture.url for capture in captures}) if captures else {}
    return [
        capture
        for capture in captures
        if capture.url not in seen or seen[capture.url].archive_record != str(capture.ref)
    ]


class _CountReporter:
    """A reporter of the growing counts of a running pipeline."""

    def __init__(self, result: PipelineResult, report: Callable[[WindowReport], None]) -> None:
        self._result = result
        self._report = report
        self._reported: tuple[StepCount, ...] = ()

    def report_increase(self) -> None:
        """Report the increase since the last call. An engine that restarts may count from zero."""
        now = counters_of(self._result)
        increase = count_increases(self._reported, now)
        self._reported = now
        if increase:
            self._report(WindowReport(counters=increase))


class StreamTransform(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """The transform of an unbounded run, from the archive to the outbox."""

    def __init__(self, job: Job, store_key: str, *, recovers: bool) -> None:
        super().__init__()
        self._job = job
        self._key = store_key
        self._recovers = recovers

    def expand(self, begin: beam.pvalue.PBegin) -> PCollection:
        """Wire the steps: hand captures out, and process each window."""
        return (
            begin
            | "Impulses" >> PeriodicImpulse(fire_interval=POLL)
            | "HandOut" >> beam.ParDo(_HandOut(self._key, recovers=self._recovers))
            | "Windows" >> beam.WindowInto(FixedWindows(WINDOW), allowed_lateness=LATENESS)
            # No slow step may be fused with the impulses: on Prism 2.77 an impulse bundle that takes seconds blocks the
            # watermark forever. Besides, a batch is the unit of parallel work.
            | "Spread" >> beam.Reshuffle()
            | "Window" >> ProcessWindow(self._job, self._key)
        )


class ProcessWindow(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """The transform of the captures handed out in one window."""

    def __init__(self, job: Job, store_key: str) -> None:
        super().__init__()
        self._job = job
        self._key = store_key

    def expand(self, handed: PCollection) -> PCollection:
        """Wire the steps: refine, regroup, and remove from the journals."""
        return (
            handed
            | "Refine" >> beam.ParDo(_RefineHanded(self._job))
            | "UnderOneKey" >> beam.GroupByKey()
            | "Regroup" >> beam.ParDo(_RegroupWindow(self._job, self._key))
        )


_watches: dict[str, tuple[Watch, Callable[[WindowReport], None]]] = {}
"""The watch of this process and its report function, by the store's name. Steps are pickled, these cannot be."""


class _HandOut(beam.DoFn):  # type: ignore[misc] # apache_beam is untyped
    """A step that turns an impulse into the new captures of the archive."""

    def __init__(self, store_key: str, *, recovers: bool) -> None:
        self._key = store_key
        self._recovers = recovers

    def setup(self) -> None:
        # A runner that recovers from a crash sets its steps up again: the captures in progress since the last
        # checkpoint are then lost to it, and are handed out again. If it only sets up another thread, as on slow
        # machines, some are processed twice. A runner that does not recover ends the pipeline, and the next stream
        # begins with the captures in the journals.
        watch, report = _watches[self._key]
        if self._recovers:
            watch.again()
        report(WindowReport())

    def process(self, _impulse: object) -> Iterator[Handed]:
        watch, _ = _watches[self._key]
        yield from watch.hand_out(BATCH)


class _RefineHanded(RefineBatch):
    """The step ``Refine`` with all outputs under one key, followed by an end marker (``HANDED``).

    One collection keeps its order, so that the fingerprints are in the same pane as the marker or in an earlier one.
    With a collection for each output and a second grouping, Flink with two parallel tasks let the marker overtake the
    fingerprints, and dropped late elements.
    """

    def process(  # type: ignore[override] # its elements have another type
        self, handed: Handed
    ) -> Iterator[tuple[int, tuple[str, object]]]:
        for given in super().process(list(handed.refs)):
            if isinstance(given, TaggedOutput):
                yield 0, (given.tag, str(given.value[1]) if given.tag == OUTCOMES else None)
            else:
                assert isinstance(given, tuple)
                yield 0, (FINGERPRINT, given[1])
        yield 0, (HANDED, (handed.id, len(handed.refs)))


class _RegroupWindow(RegroupAll):
    """The step ``Regroup`` for a window; it then removes the window's captures from the journals."""

    def __init__(self, job: Job, store_key: str) -> None:
        super().__init__(job)
        self._key = store_key

    def process(  # type: ignore[override] # its elements have another type
        self, gathered: tuple[int, Iterable[tuple[str, object]]]
    ) -> None:
        outputs: defaultdict[str, list[Any]] = defaultdict(list)
        for kind, value in gathered[1]:
            outputs[kind].append(value)
        begin = time.monotonic()
        (alerts,) = super().process((0, [sorted(set(outputs[FINGERPRINT]))]))
        watch, report = _watches[self._key]
        captures = sum(count for handed_id, count in outputs[HANDED] if watch.taken(handed_id))
        report(
            WindowReport(
                captures=captures,
                new=outputs[OUTCOMES].count(Outcome.NEW.value),
                revised=outputs[OUTCOMES].count(Outcome.REVISED.value),
                alerts=alerts,
                quarantined=len(outputs[QUARANTINED]),
                seconds=round(time.monotonic() - begin, 3),
            )
        )
