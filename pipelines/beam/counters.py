"""Counts of the inputs and outputs of a pipeline's steps, by Beam's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apache_beam.metrics import MetricsFilter

from pipelines.telemetry.counts import add_counts
from schemas.records import StepCount

if TYPE_CHECKING:
    from apache_beam.runners.runner import PipelineResult

REFINE, REGROUP = "refine", "regroup"
"""Namespaces of the counters: the steps, whatever their names in a pipeline."""


def counters_of(result: PipelineResult) -> tuple[StepCount, ...]:
    """Return the counts so far; none if the runner does not report them."""
    try:
        counters = result.metrics().query(MetricsFilter().with_namespaces([REFINE, REGROUP]))["counters"]
    except NotImplementedError:
        return ()
    return add_counts(
        StepCount(step=counter.key.metric.namespace, element=counter.key.metric.name, count=counter.result or 0)
        for counter in counters
    )
