"""The pipeline that never ends: what comes into the archive goes, in short windows, the way of a batch run.

On a runner that runs unbounded pipelines (``run_unbounded``) an impulse a fraction of a second asks the archive what
has come. What is found falls into fixed windows; a window is refined, regrouped when the watermark has passed its end,
and taken off the journals when it has been regrouped. No article is late: an element's time is that of the impulse that
found it, not that of the article. An article of yesterday that arrives today is in today's window,
and finds its story in the store.

Beam's in-process runner has no right watermark for that, so there (``run_in_rounds``) each window is a
pipeline of its own.
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
from pipelines.telemetry.counts import since
from pipelines.telemetry.tracing import here

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
"""Seconds between two looks into the archive: well below the second that an alert may take, and a look costs a
millisecond or two."""
WINDOW = 0.5
"""Seconds of a window on unbounded runners: half the latency aimed at, so that waiting and working both fit."""
LATENESS = 600.0
"""Seconds for which a window takes in what comes after its end, so that nothing is ever dropped. Only an engine that
restarts, or whose tasks side by side run apart, has anything late."""
FINGERPRINT, HANDED = "fingerprint", "handed"
BATCH = 64
"""Captures handed out together."""
COUNT = 30.0
"""Seconds between two looks at what an engine has counted."""
STOP_SECONDS = 60.0
"""How long a stop waits for what is under way. What is not done by then stays in the journals."""


def run_in_rounds(job: Job, store_key: str, stop: threading.Event, tell: Callable[[WindowReport], None]) -> None:
    """Run until ``stop`` is set, each window on the in-process runner, by the steps of an unbounded run.

    ``tell`` is given an empty report when the watch begins, and then one for each window.

    Raises what a batch run raises; the captures of its window are handed out again by the next stream.
    """
    with _watch(job, store_key) as watch:
        reports: list[WindowReport] = []
        _here[store_key] = (watch, reports.append)
        tell(WindowReport())
        while not stop.is_set():
            handed = watch.hand_out(batch.BATCH)
            if not handed:
                stop.wait(POLL)
                continue
            begin = time.monotonic()
            # Not by the files of a batch run: to plan and write them takes three times as long as a small window.
            with (
                here().span("window", {"captures": sum(len(each.refs) for each in handed)}, leading=True),
                beam.Pipeline(runner=FnApiRunner()) as pipeline,
            ):
                _ = pipeline | "Handed" >> beam.Create(handed) | "Window" >> ProcessWindow(job, store_key)
            seconds = round(time.monotonic() - begin, 3)
            tell(replace(reports.pop(), seconds=seconds, counters=counters_of(pipeline.result)))


def run_unbounded(
    job: Job,
    store_key: str,
    options: Sequence[str],
    stop: threading.Event,
    tell: Callable[[WindowReport], None],
    *,
    recovers: bool,
) -> None:
    """Run until ``stop`` is set, as one unbounded pipeline.

    ``tell`` is given an empty report when the runner has begun, one for each window, now and then what Beam counted.
    ``options`` name the runner; with ``recovers`` it goes on by itself after a death. Steps run in this process
    (environment type ``LOOPBACK``), where the watch and the workers live.

    Raises:
        RuntimeError: the pipeline has ended by itself.
    """
    with _watch(job, store_key) as watch:
        _here[store_key] = (watch, tell)
        pipeline = beam.Pipeline(options=PipelineOptions([*options, "--streaming"]))
        _ = pipeline | "Stream" >> StreamTransform(job, store_key, recovers=recovers)
        result = pipeline.run()
        counted, next_count = _Counted(result, tell), time.monotonic() + COUNT
        while not stop.wait(POLL):
            if PipelineState.is_terminal(result.state):
                raise RuntimeError(f"the pipeline has ended: {result.state}")
            if time.monotonic() >= next_count:
                counted.tell()
                next_count = time.monotonic() + COUNT
        watch.stop()
        end = time.monotonic() + STOP_SECONDS
        while watch.out and time.monotonic() < end and not PipelineState.is_terminal(result.state):
            time.sleep(POLL)
        counted.tell()
        result.cancel()


@contextmanager
def _watch(job: Job, store_key: str) -> Iterator[Watch]:
    with job.store.open() as store, Watch(job.archive, store_key, lambda found: _unseen(store, found)) as watch:
        yield watch


def _unseen(store: Store, found: Sequence[Indexed]) -> list[Indexed]:
    """Captures which are not the latest that the store has of their address: runs beside the stream store, too."""
    seen = store.seen({one.url for one in found}) if found else {}
    return [one for one in found if one.url not in seen or seen[one.url].archive_record != str(one.ref)]


class _Counted:
    """What a pipeline that goes on has counted, told as it grows."""

    def __init__(self, result: PipelineResult, tell: Callable[[WindowReport], None]) -> None:
        self._result = result
        self._tell = tell
        self._told: tuple[StepCount, ...] = ()

    def tell(self) -> None:
        """Tell what has come since the last time; an engine that starts again may count from nothing."""
        now = counters_of(self._result)
        more = since(self._told, now)
        self._told = now
        if more:
            self._tell(WindowReport(counters=more))


class StreamTransform(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """The whole of an unbounded run, from the archive to the outbox."""

    def __init__(self, job: Job, store_key: str, *, recovers: bool) -> None:
        super().__init__()
        self._job = job
        self._key = store_key
        self._recovers = recovers

    def expand(self, begin: beam.pvalue.PBegin) -> PCollection:
        """Wire it: hand out, and what is done to a window."""
        return (
            begin
            | "Impulses" >> PeriodicImpulse(fire_interval=POLL)
            | "HandOut" >> beam.ParDo(_HandOut(self._key, recovers=self._recovers))
            | "Windows" >> beam.WindowInto(FixedWindows(WINDOW), allowed_lateness=LATENESS)
            # Nothing slow may be fused with the impulses: on Prism 2.77 a bundle of theirs that takes seconds holds the
            # watermark for good. And a batch is the unit of parallel work.
            | "Spread" >> beam.Reshuffle()
            | "Window" >> ProcessWindow(self._job, self._key)
        )


class ProcessWindow(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """What is done to the captures handed out in one window."""

    def __init__(self, job: Job, store_key: str) -> None:
        super().__init__()
        self._job = job
        self._key = store_key

    def expand(self, handed: PCollection) -> PCollection:
        """Wire it: refine, regroup and take off the journals."""
        return (
            handed
            | "Refine" >> beam.ParDo(_RefineHanded(self._job))
            | "UnderOneKey" >> beam.GroupByKey()
            | "Regroup" >> beam.ParDo(_RegroupWindow(self._job, self._key))
        )


_here: dict[str, tuple[Watch, Callable[[WindowReport], None]]] = {}
"""The watch of this process and whom it tells, by the store's name: steps are pickled, these cannot be."""


class _HandOut(beam.DoFn):  # type: ignore[misc] # apache_beam is untyped
    """An impulse in, what has come into the archive out."""

    def __init__(self, store_key: str, *, recovers: bool) -> None:
        self._key = store_key
        self._recovers = recovers

    def setup(self) -> None:
        # A runner that goes on after a death sets its steps up once more: what was under way between two checkpoints
        # is known to nobody then. Where it only sets up another thread, which slow machines make it do, something is
        # done twice. One that does not go on ends the pipeline, and the next stream begins with what the journals hold.
        watch, tell = _here[self._key]
        if self._recovers:
            watch.again()
        tell(WindowReport())

    def process(self, _impulse: object) -> Iterator[Handed]:
        watch, _ = _here[self._key]
        yield from watch.hand_out(BATCH)


class _RefineHanded(RefineBatch):
    """What ``Refine`` does, with all that came of it under one key, and the word that it was all at the end.

    One collection keeps its order, so whoever meets that word has met the fingerprints, in this pane or one before.
    With a collection for each, and a second grouping behind, Flink with two tasks side by side let the word overtake
    them, and dropped what was late.
    """

    def process(  # type: ignore[override] # its elements are others
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
    """What ``Regroup`` does, of a window; then its captures are taken off the journals."""

    def __init__(self, job: Job, store_key: str) -> None:
        super().__init__(job)
        self._key = store_key

    def process(  # type: ignore[override] # its elements are others
        self, gathered: tuple[int, Iterable[tuple[str, object]]]
    ) -> None:
        told: defaultdict[str, list[Any]] = defaultdict(list)
        for kind, value in gathered[1]:
            told[kind].append(value)
        begin = time.monotonic()
        (alerts,) = super().process((0, [sorted(set(told[FINGERPRINT]))]))
        watch, tell = _here[self._key]
        captures = sum(count for handed_id, count in told[HANDED] if watch.taken(handed_id))
        tell(
            WindowReport(
                captures=captures,
                new=told[OUTCOMES].count(Outcome.NEW.value),
                revised=told[OUTCOMES].count(Outcome.REVISED.value),
                alerts=alerts,
                quarantined=len(told[QUARANTINED]),
                seconds=round(time.monotonic() - begin, 3),
            )
        )
