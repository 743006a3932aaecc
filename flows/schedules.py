"""The deployments of ``wirepicket serve`` and their schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from prefect import serve
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from flows import deployments

if TYPE_CHECKING:
    from prefect.flows import Flow

AT_ONCE = 2
"""Flow runs at once: one over the feeds, one of the small ones beside it."""


def serve_deployments(*, every_minutes: int, streaming: bool) -> None:
    """Register the deployments and run what their schedules start, until interrupted."""
    feeds = _deployment(deployments.fetch if streaming else deployments.run, timedelta(minutes=every_minutes))
    serve(
        feeds,
        _deployment(deployments.check_health, timedelta(hours=1)),
        _deployment(deployments.report, timedelta(days=1)),
        limit=AT_ONCE,
        pause_on_shutdown=True,
        print_starting_message=False,
    )


def _deployment(flow: Flow[[], None], interval: timedelta) -> RunnerDeployment:
    # One at a time: the next begins when the one before has ended, however long it takes.
    made = flow.to_deployment(
        name="wirepicket", interval=interval, concurrency_limit=1, entrypoint_type=EntrypointType.MODULE_PATH
    )
    assert isinstance(made, RunnerDeployment)
    return made
