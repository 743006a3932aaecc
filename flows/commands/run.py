"""``wirepicket run``: one pass over feeds and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import (
    ConfigOption,
    DeadlineOption,
    FeedsOption,
    JsonOption,
    RulesOption,
    RunnerOption,
    SeedsOption,
    StoreOption,
)
from flows.feed_lists import listed_feeds, warn_list_faults
from flows.input_warnings import warn_left_out, warn_not_asked, warn_postponed, warn_quarantined
from flows.inputs import Inputs, store_of
from flows.orchestration import prefect_configured
from flows.pass_results import results_of
from flows.progress import Reporter
from flows.shipped import EXAMPLE, RULES, shipped
from flows.tables import print_json, print_next, print_pass
from pipelines.config import load_settings

if TYPE_CHECKING:
    from flows.run import PassReport
    from pipelines.config import Settings


def run(
    feeds: FeedsOption = None,
    seeds: SeedsOption = None,
    more_seeds: Annotated[
        list[Path] | None, typer.Argument(help="More seed files or folders, like --seeds.", metavar="[PATH]…")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Fetch only the feeds that are due by their own rhythm; for schedules.")
    ] = False,
    deadline: DeadlineOption = None,
    rules: RulesOption = None,
    store: StoreOption = None,
    runner: RunnerOption = "inprocess",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch, clean, group, store and alert: one pass over feeds and seeds. Without any: a shipped example."""
    settings = load_settings(config, store=store, rules=rules, deadline=deadline)
    given = [*(seeds or ()), *(more_seeds or ())]
    listed = listed_feeds(feeds or (str(settings.feeds) if settings.feeds and not given else None))
    example = feeds is None and not given and settings.feeds is None
    inputs = Inputs.of(
        [shipped(EXAMPLE)] if example else given,
        listed.sources,
        settings.rules or shipped(RULES),
        runner,
        settings,
        only_due=due,
    )
    reporter, usual = Reporter(), settings
    if example:
        from flows.example import example_settings  # noqa: PLC0415 - only for the example

        settings = example_settings(usual)
    warn_list_faults(listed, reporter)
    if example and not as_json:
        reporter.say("No --feeds and no --seeds: running over the shipped example.")
    if settings is not usual:
        reporter.say(
            f"{usual.store_url_shown} is not changed: the example uses a home folder of its own, {settings.home}, "
            "which may be deleted."
        )
    report = _pass(inputs, settings, reporter, as_json=as_json)
    if as_json:
        print_json(report.record)
    else:
        with store_of(settings) as opened_store:
            print_pass(report, results_of(report, opened_store), settings)
        if example:
            print_next(str(inputs.rule_file), settings.store_url_shown if settings is not usual else None)
    _warn(report, reporter)
    warn_left_out(inputs, reporter)
    if listed.left_out or not report.clean or inputs.nothing_read:
        raise typer.Exit(1)


def _pass(inputs: Inputs, settings: Settings, reporter: Reporter, *, as_json: bool) -> PassReport:
    if prefect_configured():
        from flows.prefect_flow import orchestrated_pass, server_answers  # noqa: PLC0415 - costs two seconds

        if server_answers():
            return orchestrated_pass(inputs, settings, reporter, as_json=as_json)
        reporter.say("wirepicket: the configured Prefect server does not answer; this run continues without it")
    from flows.run import run_pass  # noqa: PLC0415 - half a second, which --help and errors need not wait for

    return run_pass(inputs, settings, reporter, as_json=as_json)


def _warn(report: PassReport, reporter: Reporter) -> None:
    """Warn of failed inputs, feeds and channels."""
    bad = (*report.collected.feeds.failed, *report.collected.quarantined, *report.batch.quarantined)
    warn_quarantined(bad, reporter)
    warn_not_asked(report.collected.feeds, reporter)
    warn_postponed(report.collected.feeds, reporter)
    for problem in report.delivery.problems:
        reporter.say(f"wirepicket: {problem}")
