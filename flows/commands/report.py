"""``wirepicket report``: an HTML page on alerts and stories."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, RulesOption, StoreOption, opened
from flows.shipped import RULES, shipped
from pipelines.errors import ConfigurationError
from pipelines.rules.checks import load_rules
from schemas.records import now_utc


def report(
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="Only articles first seen at this time or later: a date, a time, or a span like 24h.",
            metavar="TIME",
        ),
    ] = "7d",
    until: Annotated[
        str | None,
        typer.Option("--until", help="Only articles first seen before this time; default: now.", metavar="TIME"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file; default: standard output.", metavar="FILE"),
    ] = None,
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a self-contained HTML page on a span of time: alerts, stories, first outlets, health.

    An article belongs to the time at which it was first seen. On a terminal the page goes to ``report.html`` in the
    home folder.
    """
    from pipelines.report import gather, render  # noqa: PLC0415 - Jinja2, which other commands need not wait for

    now = now_utc()
    start, end = parse_since(since, now), parse_since(until, now, "--until") if until else now
    if start >= end:
        raise ConfigurationError(f"--since {since} is not before --until {until or 'now'}")
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        severities = {rule.id: rule.severity for rule in load_rules(rules or settings.rules or shipped(RULES))}
        page = render(gather(opened_store, since=start, until=end, severities=severities))
        if output is None and not sys.stdout.isatty():
            sys.stdout.buffer.write(page.encode())
            return
        target = output or settings.home / "report.html"
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--output {target}: {error.strerror or error}") from error
    print(f"The report is in {target}", file=sys.stderr)
