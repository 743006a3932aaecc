"""``wirepicket lines``: lines that sources print with many articles, learned across them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.console import console
from pipelines.clean.learning import learn as learn_lines
from pipelines.errors import ConfigurationError
from pipelines.text.lines import comparable
from schemas.records import now_utc
from schemas.serial import to_dict

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.records import LearnedLine

app = typer.Typer(help="Lines which sources print with their articles, learned across them.", no_args_is_help=True)
SourceArgument = Annotated[str, typer.Argument(help="Name of the outlet, as `lines list` shows it.", metavar="SOURCE")]
LineArgument = Annotated[str, typer.Argument(help="The line, as `lines list` shows it.", metavar="LINE")]


@app.command()
def learn(
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="Only articles first seen at this time or later: a date, a time, or a span like 7d.",
            metavar="TIME",
        ),
    ] = "30d",
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn further lines from the articles of the store. Later processing, a replay too, drops them."""
    now = now_utc()
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        articles = opened_store.iter_articles(parse_since(since, now))
        lines = learn_lines(articles, opened_store.learned_lines(), now)
        opened_store.put_learned_lines(lines)
    _print_lines(lines, as_json=as_json)


@app.command("list")
def list_lines(store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the learned lines, and the refused ones."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        lines = opened_store.learned_lines()
    _print_lines(lines, as_json=as_json)


@app.command()
def refuse(
    source: SourceArgument,
    line: LineArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a line in the articles, and never learn it again. A replay restores it where it was dropped."""
    _decide(source, line, store, config, refused=True, as_json=as_json)


@app.command()
def restore(
    source: SourceArgument,
    line: LineArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop a refused line again."""
    _decide(source, line, store, config, refused=False, as_json=as_json)


def _decide(source: str, line: str, store: str | None, config: Path | None, *, refused: bool, as_json: bool) -> None:
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        wanted = (source, comparable(line))
        known = {(learned.source, learned.line): learned for learned in opened_store.learned_lines()}
        if wanted not in known:
            raise ConfigurationError(f"{source}: {line!r} is not among its learned lines; see wirepicket lines list")
        changed = replace(known[wanted], refused_at=now_utc() if refused else None)
        opened_store.put_learned_lines([changed])
    _print_lines([changed], as_json=as_json)


def _print_lines(lines: list[LearnedLine], *, as_json: bool) -> None:
    for line in lines:
        if as_json:
            print(json.dumps(to_dict(line), ensure_ascii=False))
        else:
            state = "refused" if line.refused_at else "dropped"
            row = f"{state}  {line.source}  ({line.articles} articles)  {line.line}"
            console.print(row, markup=False, soft_wrap=True)
    if not lines and not as_json:
        console.print("No learned lines.")
