"""The pipeline of one run: places in the archive in, everything in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.beam.counters import counters_of
from pipelines.beam.transforms import OUTCOMES, QUARANTINED, Job, Refine, Regroup
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from schemas.records import CaptureRef

BATCH = 512
"""Captures an element: enough that its portions overlap in extraction and storing, few enough to spread."""


@dataclass(frozen=True, slots=True)
class Results:
    """Files (one JSON value or line each) into which a run writes what it did."""

    folder: Path

    @property
    def outcomes(self) -> Path:
        """Lines ``article id``, blank, ``outcome``."""
        return self.folder / "outcomes"

    @property
    def quarantined(self) -> Path:
        """Lines of JSON: ``Quarantined``."""
        return self.folder / "quarantined"

    @property
    def alerts(self) -> Path:
        """A line with the number of new alerts."""
        return self.folder / "alerts"

    @property
    def counters(self) -> Path:
        """Lines of JSON: ``StepCount``, what Beam has counted."""
        return self.folder / "counters"


def run_batch(
    refs: Sequence[CaptureRef],
    job: Job,
    results: Results,
    runner: str = "inprocess",
    options: Sequence[str] = (),
) -> None:
    """Run the pipeline over captures of the archive and wait for its end."""
    batches = [list(refs[start : start + BATCH]) for start in range(0, len(refs), BATCH)]
    with beam.Pipeline(runner=_runner(runner), options=PipelineOptions(list(options))) as pipeline:
        refined = (
            pipeline
            | "Batches" >> beam.Create(batches)
            # A batch is the unit of parallel work; without this they would all be fused into one.
            | "Spread" >> beam.Reshuffle()
            | "Refine" >> Refine(job)
        )
        raised = refined.fingerprints | "Regroup" >> Regroup(job)
        lines = {
            results.outcomes: refined[OUTCOMES] | "OutcomeLine" >> beam.MapTuple("{} {}".format),
            results.quarantined: refined[QUARANTINED]
            | "QuarantineLine" >> beam.Map(lambda item: to_json(item).decode()),
            results.alerts: raised | "AlertsLine" >> beam.Map(str),
        }
        for path, collection in lines.items():
            _ = collection | f"Write {path.name}" >> beam.io.WriteToText(
                str(path), num_shards=1, shard_name_template=""
            )
    results.counters.write_bytes(b"\n".join(map(to_json, counters_of(pipeline.result))))


def _runner(name: str) -> object:
    # By its class, since Beam's "DirectRunner" first tries to download another runner.
    return FnApiRunner() if name == "inprocess" else name
