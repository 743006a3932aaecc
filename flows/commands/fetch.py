"""``wirepicket fetch``: take feeds and seeds into the archive, for a stream to process."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.options import ConfigOption, DeadlineOption, FeedsOption, SeedsOption, StoreOption
from flows.feed_lists import listed_feeds, warn_list_faults
from flows.input_warnings import warn_left_out, warn_postponed, warn_quarantined
from flows.inputs import Inputs
from flows.progress import Reporter
from flows.shipped import RULES, shipped
from pipelines.beam.runners import INPROCESS
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError


def fetch(
    feeds: FeedsOption = None,
    seeds: SeedsOption = None,
    due: Annotated[
        bool, typer.Option("--due/--all", help="Fetch only the feeds that are due by their own rhythm, or all.")
    ] = True,
    remote: Annotated[
        str | None,
        typer.Option("--to", help="Also copy WARC files to this folder or object store (s3://…).", metavar="PLACE"),
    ] = None,
    deadline: DeadlineOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Take feeds and seeds into the archive only: `wirepicket stream` watches it and processes the captures.

    With `--to` the stream may run on another machine and copy the files from there.
    """
    from flows.run import fetch_pass  # noqa: PLC0415 - half a second, which --help and errors need not wait for

    settings = load_settings(config, store=store, archive_remote=remote, deadline=deadline)
    feed_list = feeds or (str(settings.feeds) if settings.feeds else None)
    if not feed_list and not seeds:
        raise ConfigurationError("--feeds or --seeds is missing: name the feeds or files to fetch")
    listed = listed_feeds(feed_list)
    inputs = Inputs.of(seeds or (), listed.sources, settings.rules or shipped(RULES), INPROCESS, settings, only_due=due)
    reporter = Reporter()
    warn_list_faults(listed, reporter)
    report = fetch_pass(inputs, settings, reporter)
    bad = (*report.collected.feeds.failed, *report.collected.quarantined)
    warn_quarantined(bad, reporter)
    warn_postponed(report.collected.feeds, reporter)
    warn_left_out(inputs, reporter)
    if bad or listed.left_out or report.collected.incomplete or report.sent.problems or inputs.nothing_read:
        raise typer.Exit(1)
