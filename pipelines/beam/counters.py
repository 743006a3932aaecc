"""What a pipeline's steps count of what goes in and out of them, by Beam's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apache_beam.metrics import MetricsFilter

from pipelines.telemetry.counts import together
from schemas.records import StepCount

if TYPE_CHECKING:
    from apache_beam.runners.runner import PipelineResult

REFINE, REGROUP = "refine", "regroup"
"""Namespaces of the counters: the steps, whatever a pipeline calls them."""


def counters_of(result: PipelineResult) -> tuple[StepCount, ...]:
    """What has been counted so far; nothing where the runner does not tell."""
    try:
        found = result.metrics().query(MetricsFilter().with_namespaces([REFINE, REGROUP]))["counters"]
    except NotImplementedError:
        return ()
    return together(
        StepCount(step=one.key.metric.namespace, element=one.key.metric.name, count=one.result or 0) for one in found
    )
