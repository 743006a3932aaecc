"""``wirepicket quarantine``: captures that could not be processed: list, retry, drop."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import (
    ConfigOption,
    JsonOption,
    RulesOption,
    RunnerOption,
    StoreOption,
    opened,
)
from flows.console import console, counted
from flows.inputs import Inputs
from flows.progress import Reporter
from flows.quarantine_tables import item_block
from flows.quarantined import Wanted, drop_items, find_items
from flows.shipped import RULES, shipped
from pipelines.errors import ConfigurationError
from schemas.export import export_quarantine
from schemas.serial import to_dict

if TYPE_CHECKING:
    from flows.quarantined import Retried

app = typer.Typer(help="Captures that could not be processed: list, retry, drop.", no_args_is_help=True)
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Only these entries, by id.", metavar="[ID]…")]
StageOption = Annotated[
    str | None,
    typer.Option("--stage", help="Only failures of this step, such as fetch, feed or extract.", metavar="STAGE"),
]
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", help="Only failures with this reason, such as http_404 or no_text.", metavar="REASON"),
]
UrlOption = Annotated[str | None, typer.Option("--url", help="Only addresses that begin like this.", metavar="URL")]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Only a host, an outlet's name or a feed's address.", metavar="SOURCE"),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="Only failures last met at this time or later: a date, a time, or a span like 7d.",
        metavar="TIME",
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Include closed entries: failures that have succeeded since.")]


@app.command("list")
def list_items(
    ids: IdsArgument = None,
    stage: StageOption = None,
    reason: ReasonOption = None,
    url: UrlOption = None,
    source: SourceOption = None,
    since: SinceOption = None,
    closed: AllOption = False,
    limit: Annotated[
        int, typer.Option("--limit", help="Largest number of entries shown; --json shows all.", min=1)
    ] = 50,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the captures that could not be processed and have not succeeded since, the latest first."""
    wanted = Wanted.of(ids, stage=stage, reason=reason, url=url, source=source, since=since, closed=closed)
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        items = find_items(opened_store, settings, wanted)
    if as_json:
        for item in items:
            print(json.dumps(to_dict(export_quarantine(item)), ensure_ascii=False))
        return
    for item in items[:limit]:
        console.print(item_block(item))
    if len(items) > limit:
        console.print(f"… and {len(items) - limit} more: --limit", style="dim", markup=False)
    opened_now = sum(item.is_open for item in items)
    counts = [f"{opened_now} open", *([f"{len(items) - opened_now} closed"] if closed or ids else [])]
    console.print(
        ", ".join(counts) if items else "Nothing is in quarantine." if wanted.everything else "No such entry."
    )


@app.command()
def retry(
    ids: IdsArgument = None,
    stage: StageOption = None,
    reason: ReasonOption = None,
    url: UrlOption = None,
    source: SourceOption = None,
    since: SinceOption = None,
    closed: AllOption = False,
    rules: RulesOption = None,
    runner: RunnerOption = "inprocess",
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Process the captures of entries again; feeds and pages to fetch again are due in the next run.

    New alerts are sent. Without ids and filters: all open entries.
    """
    from flows.quarantined import retry_items  # noqa: PLC0415 - half a second, which other commands need not wait for

    wanted = Wanted.of(ids, stage=stage, reason=reason, url=url, source=source, since=since, closed=closed)
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        inputs = Inputs.of([], [], rules or settings.rules or shipped(RULES), runner, settings)
        items = find_items(opened_store, settings, wanted)
        done = retry_items(opened_store, items, inputs, settings, Reporter(), as_json=as_json)
    for problem in done.problems:
        print(f"wirepicket: {problem}", file=sys.stderr)
    for item, why in (*done.failed, *done.left):
        print(f"wirepicket: {item.url}: {item.stage}: {item.reason}: {why}", file=sys.stderr)
    if as_json:
        counts = {"entries": len(items), "closed": done.closed, "due": len(done.due)}
        print(json.dumps(counts | {"failed": len(done.failed), "left": len(done.left)}))
    else:
        _print_retried(len(items), done)
    if done.failed or done.left:
        raise typer.Exit(1)


@app.command()
def drop(
    ids: IdsArgument = None,
    stage: StageOption = None,
    reason: ReasonOption = None,
    url: UrlOption = None,
    source: SourceOption = None,
    since: SinceOption = None,
    closed: AllOption = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove entries from the store. The archive keeps their captures; a capture that fails again gets a new entry."""
    wanted = Wanted.of(ids, stage=stage, reason=reason, url=url, source=source, since=since, closed=closed)
    if wanted.everything and not closed:
        raise ConfigurationError(
            "drop needs ids or a filter (--stage, --reason, --url, --source, --since), or --all for every entry"
        )
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        dropped = drop_items(opened_store, find_items(opened_store, settings, wanted))
    if as_json:
        print(json.dumps({"dropped": dropped}))
    else:
        console.print(f"{_entries(dropped)} dropped")


def _print_retried(entries: int, done: Retried) -> None:
    parts = [
        (done.closed, "closed"),
        (len(done.due), "due in the next run"),
        (len(done.failed), "failed again"),
        (len(done.left), "left unchanged"),
    ]
    summary = ", ".join(f"{count} {outcome}" for count, outcome in parts if count)
    console.print(f"{_entries(entries)}: {summary}" if entries else "No such entry.", markup=False)
    if done.alerts:
        console.print(f"{counted(done.alerts, 'new alert')}; wirepicket alerts shows them", markup=False)


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"
