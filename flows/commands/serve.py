"""``wirepicket serve``: all flows on one machine, on schedules of a Prefect server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, RulesOption, StoreOption
from flows.observing import answer_scrapes
from flows.orchestration import prefect_configured
from flows.progress import Reporter
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError


def serve(
    feeds: Annotated[
        Path | None, typer.Option("--feeds", help="Feed list; default: the setting `feeds`.", metavar="FILE")
    ] = None,
    every: Annotated[
        int, typer.Option("--every", help="Minutes between two runs over the feeds that are due.", min=1)
    ] = 10,
    streaming: Annotated[
        bool, typer.Option("--stream", help="Only fetch on the schedule, and process with a stream beside it.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            "--port", help="Port of the Prefect server that is started if none is configured.", metavar="PORT"
        ),
    ] = 4200,
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Run feeds, a daily report and an hourly health check on schedules, until interrupted (Ctrl-C).

    If no Prefect server is configured, one is started on this machine; its pages show every run.
    """
    settings = load_settings(config, store=store, rules=rules, feeds=feeds)
    if settings.feeds is None:
        raise ConfigurationError("--feeds is missing: a feed list, such as infra/feeds.opml")
    reporter = Reporter()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        os.environ.update(settings.environment())
        if "deadline" not in settings.model_fields_set:
            os.environ["WIREPICKET_DEADLINE"] = str(every / 2)
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # the server keeps its log
        companions: dict[str, subprocess.Popen[bytes]] = {}
        if not prefect_configured():
            from flows.prefect_server import prefect_server  # noqa: PLC0415 - httpx, only here

            reporter.say("wirepicket: starting a Prefect server …")
            server = stack.enter_context(prefect_server(settings.home / "prefect", port))
            os.environ["PREFECT_API_URL"] = server.url
            companions[f"the Prefect server (its log is {server.log})"] = server.process
            reporter.say(f"wirepicket: its pages are at http://127.0.0.1:{port}")
        if streaming:
            stream = companions["the stream"] = subprocess.Popen([sys.executable, "-m", "flows.cli", "stream"])
            stack.callback(stream.wait)
            stack.callback(stream.terminate)
        else:
            answer_scrapes(settings)
        from flows.schedule_watch import ScheduleWatch  # noqa: PLC0415 - these imports take two seconds
        from flows.schedules import intervals, serve_deployments  # noqa: PLC0415 - likewise

        schedules = intervals(every, streaming=streaming)
        with ScheduleWatch(settings, schedules, reporter, companions):
            serve_deployments(schedules)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
