"""``wirepicket stream``: process new captures of the archive continuously."""

from __future__ import annotations

import json
import signal
import threading
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, JsonOption, RulesOption, RunnerOption, StoreOption
from flows.inputs import Inputs
from flows.observing import answer_scrapes
from flows.progress import Reporter
from flows.shipped import RULES, shipped
from pipelines.config import load_settings


def stream(
    rules: RulesOption = None,
    store: StoreOption = None,
    runner: RunnerOption = "inprocess",
    remote: Annotated[
        str | None,
        typer.Option("--from", help="Copy WARC files from this folder or object store (s3://…).", metavar="PLACE"),
    ] = None,
    idle: Annotated[
        float | None,
        typer.Option(
            "--until-idle", help="End after this many seconds without a new capture.", metavar="SECONDS", min=0.1
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Clean, group and store new captures of the archive and raise alerts, until interrupted (Ctrl-C).

    `wirepicket fetch` adds captures on a schedule of its own; `--from` copies captures that were fetched elsewhere.
    On an interrupt the current window is finished; the next stream continues from there.
    """
    from flows.stream import StreamRun  # noqa: PLC0415 - half a second, which other commands need not wait for

    settings = load_settings(config, store=store, rules=rules, archive_remote=remote)
    inputs = Inputs.of([], [], settings.rules or shipped(RULES), runner, settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    reporter = Reporter()
    answer_scrapes(settings)
    reporter.say(f"wirepicket: watching {settings.archive} for {settings.store_url_shown}; Ctrl-C ends it")
    running = StreamRun(settings=settings, inputs=inputs, reporter=reporter, stop=stop, as_json=as_json, idle=idle)
    running.run()
    brought = running.brought
    if as_json:
        copied = {"brought_files": brought.files, "brought_bytes": brought.bytes} if settings.archive_remote else {}
        print(json.dumps(running.total.counts | copied))
    if brought.waiting or brought.problems:
        reporter.say(
            f"wirepicket: not everything could be copied from {settings.archive_remote}; the next stream continues"
        )
    if running.total.quarantined or brought.waiting or brought.problems:
        raise typer.Exit(1)
