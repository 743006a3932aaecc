"""The pipeline of one run: from captures in the archive to results in the store."""

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
"""Captures in an element: enough that extraction and storing of its portions overlap, few enough that the elements
spread over workers."""


@dataclass(frozen=True, slots=True)
class Results:
    """The files, with one value on each line, into which a run writes its results."""

    folder: Path

    @property
    def outcomes(self) -> Path:
        """File with lines of ``article id``, a blank and ``outcome``."""
        return self.folder / "outcomes"

    @property
    def quarantined(self) -> Path:
        """File with lines of JSON: ``Quarantined``."""
        return self.folder / "quarantined"

    @property
    def alerts(self) -> Path:
        """File with a line that holds the number of new alerts."""
        return self.folder / "alerts"

    @property
    def counters(self) -> Path:
        """File with lines of JSON: ``StepCount``, the counts of Beam."""
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
            # A batch is the unit of parallel work; without this step all batches would be fused into one.
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
    # The class, since Beam's "DirectRunner" first tries to download another runner.
    return FnApiRunner() if name == "inprocess" else name
