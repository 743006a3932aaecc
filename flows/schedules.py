"""The deployments of ``wirepicket serve`` and their schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prefect import serve
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Interval
from prefect.types.entrypoint import EntrypointType

from flows import deployments
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prefect.flows import Flow

FIRST_AFTER = timedelta(seconds=15)
"""Time from the registration of a schedule to its first run: the server checks for new ones every five seconds."""
AT_ONCE = 2
"""Number of concurrent flow runs: one over the feeds, and a small one beside it."""


def intervals(every_minutes: int, *, streaming: bool) -> dict[str, timedelta]:
    """Return the schedules of ``serve`` by the names of their flows; the flow over the feeds is the first."""
    feeds = deployments.fetch if streaming else deployments.run
    return {
        feeds.name: timedelta(minutes=every_minutes),
        deployments.check_health.name: timedelta(hours=1),
        deployments.report.name: timedelta(days=1),
    }


def serve_deployments(schedules: Mapping[str, timedelta]) -> None:
    """Register the flows of some schedules and run them on their schedules, until interrupted."""
    flows = {
        flow.name: flow for flow in (deployments.fetch, deployments.run, deployments.check_health, deployments.report)
    }
    serve(
        *(_deployment(flows[name], every) for name, every in schedules.items()),
        limit=AT_ONCE,
        pause_on_shutdown=True,
        print_starting_message=False,
    )


def _deployment(flow: Flow[..., Any], every: timedelta) -> RunnerDeployment:
    # A run does nothing while the previous one is under way (``flows.schedule_state``). The first run is due at once,
    # except for the report, which would be empty.
    first = now_utc() + (every if every >= timedelta(days=1) else FIRST_AFTER)
    made = flow.to_deployment(
        name="wirepicket",
        schedule=Interval(every, anchor_date=first),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)
    return made
