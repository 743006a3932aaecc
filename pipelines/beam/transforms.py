"""``Refine`` and ``Regroup``: the processing between the archive and the outbox, as two composites.

This shape measured fastest: one fused step processes a batch of captures, and only packed fingerprints are shuffled, to
few partition keys, but no text. Regrouping is stateful and uses one key.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta  # noqa: TC003 - Beam pickles the class with its annotations
from typing import TYPE_CHECKING

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from pipelines.alerts.policy import AlertPolicy
from pipelines.archive.captures import read_captures
from pipelines.beam.counters import REFINE, REGROUP
from pipelines.clean.learning import in_use
from pipelines.errors import InputError
from pipelines.grouping.apply import apply_regroup
from pipelines.ingest.batch import store_batch
from pipelines.ingest.pool import RefinePool
from pipelines.ingest.shared import shared_pool
from pipelines.stores import StoreConfig  # noqa: TC001 - Beam pickles the class with its annotations
from pipelines.telemetry.tracing import process_tracer
from schemas.records import AlertOrigin, CaptureRef, Fingerprint, Quarantined, Rule
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sized
    from pathlib import Path

    from apache_beam.pvalue import PCollection

    from pipelines.stores.protocol import Store
    from schemas.records import Capture

PARTITIONS = 32
"""Keys of the shuffle. 32 to 64 measured best: enough for every core, few enough that each key has a bundle."""
PORTION = 64
"""Captures refined and stored together: half a second of work, and one round of store requests."""
QUARANTINED = "quarantined"
OUTCOMES = "outcomes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The parameters of a run, pickled with the transforms."""

    archive: Path
    store: StoreConfig
    rules: tuple[Rule, ...]
    horizon: timedelta
    workers: int | None = None
    origin: AlertOrigin = AlertOrigin.LIVE
    """Mark of the alerts raised."""
    notify: bool = True
    """True if alerts raised are to be delivered."""
    progress: bool = False
    """True if a line is written to standard output after each batch."""
    endless: bool = False
    """True for a stream: one pool of workers serves every window and every thread of the process."""


class Refine(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """The transform of batches of archived captures: it writes articles to the store and yields packed fingerprints.

    Outputs: the main output has ``(partition, fingerprint as bytes)``, ``OUTCOMES`` has ``(article id, outcome)``, and
    ``QUARANTINED`` the failed items, which are already in the store.
    """

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, batches: PCollection) -> beam.pvalue.DoOutputsTuple:
        """Wire the fused step."""
        return batches | "RefineBatch" >> beam.ParDo(RefineBatch(self._job)).with_outputs(
            OUTCOMES, QUARANTINED, main="fingerprints"
        )


class Regroup(beam.PTransform):  # type: ignore[misc] # apache_beam is untyped
    """The transform of packed fingerprints: it writes copy groups, stories and alerts, and yields an alert count."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, fingerprints: PCollection) -> PCollection:
        """Group by partition, then under one key: the memory has one writer at a time."""
        return (
            fingerprints
            | "ByPartition" >> beam.GroupByKey()
            | "Gather" >> beam.MapTuple(lambda _, packed: (0, sorted(set(packed))))
            | "UnderOneKey" >> beam.GroupByKey()
            | "Regroup" >> beam.ParDo(RegroupAll(self._job))
        )


class _WithStore(beam.DoFn):  # type: ignore[misc] # apache_beam is untyped
    """A step that writes to the store."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._store: Store | None = None

    def setup(self) -> None:
        self._store = self._job.store.open()

    def teardown(self) -> None:
        if self._store:
            self._store.__exit__(None, None, None)
            self._store = None


class RefineBatch(_WithStore):
    """The fused step of ``Refine``."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._pool: RefinePool | None = None
        self._counters = {
            name: Metrics.counter(REFINE, name) for name in ("captures", "articles", "fingerprints", "quarantined")
        }

    def setup(self) -> None:
        """Open the store and start the workers."""
        super().setup()
        assert self._store is not None
        make = shared_pool if self._job.endless else RefinePool
        self._pool = make(self._job.rules, self._job.workers, learned=in_use(self._store.learned_lines()))

    def teardown(self) -> None:
        """Close the store, and end the workers unless they are a stream's."""
        if self._pool and not self._job.endless:
            self._pool.close()
        self._pool = None
        super().teardown()

    def process(self, batch: list[CaptureRef]) -> Iterator[object]:
        """Refine and store a batch in portions."""
        assert self._store is not None
        assert self._pool is not None
        lost: list[Quarantined] = []
        portions = (
            _read(self._job.archive, batch[start : start + PORTION], lost) for start in range(0, len(batch), PORTION)
        )
        for captures, results in self._pool.refine_ahead(portions):
            with process_tracer().span("store", {"captures": len(captures)}):
                stored = store_batch(captures, results, self._store, again=self._job.origin is AlertOrigin.REPLAY)
            self._count(captures, stored.outcomes, stored.fingerprints, stored.quarantined)
            if self._job.progress:
                print(len(captures), file=sys.stdout, flush=True)
            for outcome in stored.outcomes:
                yield TaggedOutput(OUTCOMES, outcome)
            for item in stored.quarantined:
                yield TaggedOutput(QUARANTINED, item)
            for fingerprint in stored.fingerprints:
                yield int(fingerprint.article_id[:8], 16) % PARTITIONS, to_json(fingerprint)
        self._store.quarantine(lost)
        self._count(lost, (), (), lost)
        for item in lost:
            yield TaggedOutput(QUARANTINED, item)

    def _count(self, *elements: Sized) -> None:
        """Count inputs and outputs, in the order of the counters."""
        for counter, group in zip(self._counters.values(), elements, strict=True):
            counter.inc(len(group))


def _read(archive: Path, refs: list[CaptureRef], lost: list[Quarantined]) -> list[tuple[CaptureRef, Capture]]:
    """Read captures from the archive; add an item to ``lost`` for each that cannot be read."""
    captures: list[tuple[CaptureRef, Capture]] = []
    for ref in refs:
        try:
            captures += read_captures(archive, [ref])
        except InputError as error:
            lost.append(
                Quarantined(
                    url=str(ref),
                    stage="archive",
                    reason=error.reason,
                    detail=error.detail,
                    archive_record=str(ref),
                )
            )
    return captures


class RegroupAll(_WithStore):
    """The stateful step of ``Regroup``."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._taken = Metrics.counter(REGROUP, "fingerprints")
        self._raised = Metrics.counter(REGROUP, "alerts")

    def process(self, gathered: tuple[int, Iterable[list[bytes]]]) -> Iterator[int]:
        """Regroup all fingerprints; yield the number of alerts raised."""
        assert self._store is not None
        _, blocks = gathered
        # Sorted, since runners pass the blocks in any order: the result would be the same, but not the writes.
        packed = sorted(item for block in blocks for item in block)
        fingerprints = (from_json(Fingerprint, item) for item in packed)
        policy = AlertPolicy.of(self._job.rules, origin=self._job.origin, sends_messages=self._job.notify)
        with process_tracer().span("regroup", {"fingerprints": len(packed)}):
            raised = apply_regroup(fingerprints, self._store, self._job.horizon, policy)
        self._taken.inc(len(packed))
        self._raised.inc(raised)
        yield raised
