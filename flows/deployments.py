"""The flows that a Prefect server runs on schedules: fetch, run, replay, report, health.

They take no parameters that could hold secrets: their settings come from ``wirepicket.toml`` or the environment of the
process that runs them, as for the command line. ``wirepicket serve`` runs them on one machine,
``infra/prefect.yaml`` deploys them to work pools.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

# Prefect's own log goes to its server; see ``flows.prefect_flow``.
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.states import Completed

from flows.commands.moments import parse_since
from flows.feed_lists import listed_feeds
from flows.inputs import Inputs, store_of
from flows.prefect_flow import as_task
from flows.progress import Reporter
from flows.run import fetch_pass, run_pass
from flows.schedule_state import recorded_run
from flows.shipped import RULES, shipped
from pipelines.archive.pending import waiting
from pipelines.beam.runners import INPROCESS
from pipelines.config import Settings, load_settings
from pipelines.errors import ConfigurationError, CopyError, WirepicketError
from pipelines.fetch.health import health
from pipelines.notify.failure import send_failure
from pipelines.rules.checks import load_rules
from schemas.records import AlertOrigin, now_utc
from schemas.serial import to_dict

if TYPE_CHECKING:
    from prefect import Flow, State
    from prefect.client.schemas.objects import FlowRun

    from pipelines.archive.copying import Copied

RETRIES, RETRY_SECONDS = 2, 60
"""Retries of a run that could not reach its store, and seconds between them; nothing is lost meanwhile."""
REPORT_SINCE = "24h"


def report_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Report a flow run that failed or crashed to the channel that the setting ``failures`` names."""
    settings = load_settings()
    addresses = settings.channels.get(settings.failures or "", ())
    refused = send_failure(addresses, f"{flow.name} {state.name}".lower(), f"{flow_run.name}: {state.message}")
    if refused:
        Reporter().say(f"wirepicket: {refused} of {len(addresses)} targets of channel '{settings.failures}' refused")


_HOOKS: Any = {"persist_result": False, "on_failure": [report_failure], "on_crashed": [report_failure]}


def _skipped() -> State[None]:
    """Return the state of a flow run that does nothing because the previous one is still under way."""
    return Completed(name="Skipped", message="the previous run is still under way")


def _inputs(settings: Settings) -> Inputs:
    if settings.feeds is None:
        raise ConfigurationError("no feed list: name one with WIREPICKET_FEEDS or `feeds` in wirepicket.toml")
    return Inputs.of(
        [],
        listed_feeds(str(settings.feeds)).sources,
        settings.rules or shipped(RULES),
        INPROCESS,
        settings,
        only_due=True,
    )


@flow(name="wirepicket-run", retries=RETRIES, retry_delay_seconds=RETRY_SECONDS, **_HOOKS)
def run() -> State[None] | None:
    """Make one pass over the feeds that are due."""
    settings = load_settings()
    with recorded_run(settings.home, "wirepicket-run") as alone:
        if not alone:
            return _skipped()
        report = run_pass(_inputs(settings), settings, Reporter(), run=as_task)
        create_table_artifact(key="wirepicket-run", table=[to_dict(report.record)], description="Summary of the run")
        _check_sent(report.sent)
    return None


@flow(name="wirepicket-fetch", retries=RETRIES, retry_delay_seconds=RETRY_SECONDS, **_HOOKS)
def fetch() -> State[None] | None:
    """Take the feeds that are due into the archive, for a stream to process."""
    settings = load_settings()
    with recorded_run(settings.home, "wirepicket-fetch") as alone:
        if not alone:
            return _skipped()
        report = fetch_pass(_inputs(settings), settings, Reporter(), run=as_task)
        feeds = report.collected.feeds
        failed = [{"url": item.url, "reason": item.reason, "detail": item.detail} for item in feeds.failed]
        counts = {"feeds asked": len(feeds.states), "failed": len(failed)}
        create_table_artifact(key="wirepicket-fetch", table=failed or [counts], description="Feeds that failed")
        _check_sent(report.sent)
    return None


def _check_sent(sent: Copied) -> None:
    """Raise ``CopyError``, so that Prefect retries the flow run, if a file did not reach the remote archive."""
    if sent.problems:
        raise CopyError("; ".join(sent.problems))


@flow(name="wirepicket-replay", **_HOOKS)
def replay(since: str = "1d") -> None:
    """Process the archive again from a time on: a date, a time, or a span like ``7d``."""
    from flows import steps  # noqa: PLC0415 - half a second, which the other flows need not wait for
    from flows.replaying import damage_of, refs_of  # noqa: PLC0415 - likewise

    settings, started, clock = load_settings(), now_utc(), time.monotonic()
    inputs = Inputs.of([], [], settings.rules or shipped(RULES), INPROCESS, settings)
    refs = refs_of(settings.archive, parse_since(since, started), None, None)
    report = steps.process(refs, inputs, settings, Reporter(), origin=AlertOrigin.REPLAY, notify=False)
    collected = steps.Collected(quarantined=tuple(damage_of(settings.archive, refs)))
    with store_of(settings) as store:
        store.quarantine(collected.quarantined)
        record, _ = steps.summarise(store, collected, report, started, time.monotonic() - clock)
    create_table_artifact(key="wirepicket-replay", table=[to_dict(record)], description=f"Replay since {since}")


@flow(name="wirepicket-report", **_HOOKS)
def report(since: str = REPORT_SINCE) -> State[None] | None:
    """Write the report of a span to ``report.html`` in the home folder."""
    from pipelines.report import gather, render  # noqa: PLC0415 - likewise

    settings, now = load_settings(), now_utc()
    with recorded_run(settings.home, "wirepicket-report") as alone:
        if not alone:
            return _skipped()
        severities = {rule.id: rule.severity for rule in load_rules(settings.rules or shipped(RULES))}
        with store_of(settings) as store:
            data = gather(store, since=parse_since(since, now), until=now, severities=severities)
        target = settings.home / "report.html"
        target.write_text(render(data), encoding="utf-8")
        totals = data.totals
        create_markdown_artifact(
            key="wirepicket-report",
            markdown=f"{totals.articles} articles, {totals.stories} stories, {totals.alerts} alerts: {target}",
        )
    return None


@flow(name="wirepicket-health", **_HOOKS)
def check_health() -> State[None] | None:
    """Check the health of the feeds. The flow run fails if any feed is failing, so that Prefect shows and reports it.

    Captures that wait in the archive are no failure: the next run or the running stream processes them.
    """
    settings = load_settings()
    with recorded_run(settings.home, "wirepicket-health") as alone:
        if not alone:
            return _skipped()
        with store_of(settings) as store:
            states = store.feed_states()
        healths = [(state, *health(state, now_utc())) for state in states.values()]
        table = [
            {"feed": state.url, "health": word, "advice": advice, "failures": state.failures}
            for state, word, advice in healths
        ]
        create_table_artifact(key="wirepicket-feeds", table=table, description="Health of the feeds")
        failing = [state.url for state, word, _ in healths if word == "failing"]
        left = waiting(settings.archive)
        if failing:
            raise WirepicketError(
                f"{len(failing)} of {len(table)} feeds are failing; {left} captures wait in the archive"
            )
    return None
