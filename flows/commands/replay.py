"""``wirepicket replay``: process the archive again."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, JsonOption, RulesOption, RunnerOption, StoreOption, opened
from flows.inputs import Inputs
from flows.progress import Reporter
from flows.shipped import RULES, shipped
from flows.tables import print_json, print_summary
from pipelines.errors import ConfigurationError
from schemas.records import MediaKind, now_utc

_SPAN = re.compile(r"(\d{1,5})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def replay(
    since: Annotated[
        str | None,
        typer.Option("--since", help="Only captures from then on: a date, a time, or a span like 7d.", metavar="TIME"),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Only captures before then.", metavar="TIME")] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Only a host, an outlet's name or a feed's address.", metavar="SOURCE"),
    ] = None,
    rules: RulesOption = None,
    store: StoreOption = None,
    runner: RunnerOption = "inprocess",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Process what the archive holds once more. The result is the same; alerts that arise are not sent."""
    from flows import steps  # noqa: PLC0415 - half a second, which other commands need not wait
    from pipelines.archive.index import ArchiveIndex  # noqa: PLC0415 - likewise

    started, clock = now_utc(), time.monotonic()
    start = parse_since(since, started) if since else None
    end = parse_since(until, started, "--until") if until else None
    with opened(store, config) as (opened_store, settings):
        inputs = Inputs.of([], [], rules or settings.rules or shipped(RULES), runner)
        with ArchiveIndex(settings.archive) as index:
            refs = [found.ref for found in index.span(start, end, source) if found.kind is not MediaKind.FEED]
        report = steps.process(refs, inputs, settings, Reporter(), notify=False)
        record, _ = steps.summarise(opened_store, steps.Collected(), report, started, time.monotonic() - clock)
    if as_json:
        print_json(record)
    else:
        print_summary(record)
    if record.quarantined:
        raise typer.Exit(1)


def parse_since(text: str, now: datetime, option: str = "--since") -> datetime:
    """A moment from ``2026-06-01``, ``2026-06-01T12:00Z`` (UTC without a zone) or a span before ``now`` (``36h``)."""
    span = _SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"{option} {text!r}: expected a date (2026-06-01), a time (2026-06-01T12:00Z) or a span (90m, 36h, 7d, 2w)"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
