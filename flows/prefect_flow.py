"""The pass as a Prefect flow, with a task for each step.

It is used if a Prefect server is configured. Without one Prefect would start a server of its own for every run,
which takes some 15 seconds (``python -m benchmarks.prefect_start``); the same steps then run directly.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ParamSpec, TypeVar

# Prefect's own log goes to its server; on the terminal it would hide the messages of the run, which reports its own
# errors.
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")

import httpx
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.settings import get_current_settings

from flows.run import PassReport, run_pass
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from pipelines.config import Settings

P = ParamSpec("P")
T = TypeVar("T")
_PATIENCE = 5.0
"""Seconds to wait for the server's health page, so that a run does not hang on its orchestrator."""


def as_task(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a step as a Prefect task: see ``flows.steps.StepRunner``."""
    # Results are not persisted: they hold open stores and secrets, and the archive and the store are the record.
    wrap = task(name=step.__name__, cache_policy=NO_CACHE, persist_result=False)
    return wrap(step)(*args, **kwargs)


def server_answers() -> bool:
    """Return whether the configured Prefect server can be reached."""
    url = get_current_settings().api.url
    try:
        return httpx.get(f"{url}/health", timeout=_PATIENCE).is_success
    except httpx.HTTPError:
        return False


def orchestrated_pass(inputs: Inputs, settings: Settings, reporter: Reporter, *, as_json: bool) -> PassReport:
    """Make one pass as a flow run, with a task run for each step and the summary as an artifact.

    See ``flows.run.run_pass``.
    """

    @flow(name="wirepicket", persist_result=False)
    def wirepicket() -> PassReport:
        # No parameters, since Prefect would send them to its server, and settings hold secrets.
        report = run_pass(inputs, settings, reporter, as_json=as_json, run=as_task)
        create_table_artifact(key="wirepicket-run", table=[to_dict(report.record)], description="Summary of the run")
        return report

    return wirepicket()
