"""``wirepicket replay``: process the archive again."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, RulesOption, RunnerOption, StoreOption, opened
from flows.console import console
from flows.input_warnings import warn_quarantined
from flows.inputs import Inputs
from flows.progress import Reporter
from flows.shipped import RULES, shipped
from flows.tables import print_json, print_summary
from schemas.records import AlertOrigin, now_utc


def replay(
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Only captures of this time or later: a date, a time, or a span like 7d.", metavar="TIME"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only captures before this time.", metavar="TIME")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Only a host, an outlet's name or a feed's address.", metavar="SOURCE"),
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Send the alerts that arise; otherwise they are only kept.")
    ] = False,
    rules: RulesOption = None,
    store: StoreOption = None,
    runner: RunnerOption = "inprocess",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Process the captures of the archive again. New alerts are marked, and sent only with --notify."""
    from flows import steps  # noqa: PLC0415 - half a second, which other commands need not wait for
    from flows.replaying import damage_of, refs_of  # noqa: PLC0415 - likewise

    started, clock = now_utc(), time.monotonic()
    start = parse_since(since, started) if since else None
    end = parse_since(until, started, "--until") if until else None
    with opened(store, config) as (opened_store, settings):
        inputs = Inputs.of([], [], rules or settings.rules or shipped(RULES), runner, settings)
        refs = refs_of(settings.archive, start, end, source)
        damaged = damage_of(settings.archive, refs if start or end or source else None)
        opened_store.quarantine(damaged)
        report = steps.process(refs, inputs, settings, Reporter(), origin=AlertOrigin.REPLAY, notify=notify)
        problems = steps.notify(opened_store, inputs, settings, as_json=as_json).problems if notify else ()
        collected = steps.Collected(quarantined=tuple(damaged))
        record, _ = steps.summarise(opened_store, collected, report, started, time.monotonic() - clock)
    warn_quarantined((*damaged, *report.quarantined), Reporter())
    for problem in problems:
        print(f"wirepicket: {problem}", file=sys.stderr)
    if as_json:
        print_json(record)
    else:
        if not (record.new or record.revised or record.alerts or record.quarantined):
            console.print("Nothing new.")
        print_summary(record)
    if record.quarantined:
        raise typer.Exit(1)
