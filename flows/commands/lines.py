"""``wirepicket lines``: lines which sources print with their articles, learned across them."""

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
    """Look through the store for further lines. What is processed from then on (a replay, too) goes without them."""
    now = now_utc()
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        articles = opened_store.iter_articles(parse_since(since, now))
        found = learn_lines(articles, opened_store.learned_lines(), now)
        opened_store.put_learned_lines(found)
    _tell(found, as_json=as_json)


@app.command("list")
def list_lines(store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The lines learned, and those refused."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        found = opened_store.learned_lines()
    _tell(found, as_json=as_json)


@app.command()
def refuse(
    source: SourceArgument,
    line: LineArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave a line in the stories, and never learn it again. A replay brings it back where it was dropped."""
    _decide(source, line, store, config, refused=True, as_json=as_json)


@app.command()
def restore(
    source: SourceArgument,
    line: LineArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop a line again that was refused."""
    _decide(source, line, store, config, refused=False, as_json=as_json)


def _decide(source: str, line: str, store: str | None, config: Path | None, *, refused: bool, as_json: bool) -> None:
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        wanted = (source, comparable(line))
        known = {(one.source, one.line): one for one in opened_store.learned_lines()}
        if wanted not in known:
            raise ConfigurationError(
                f"{source}: {line!r} is not among its learned lines; wirepicket lines list has them"
            )
        changed = replace(known[wanted], refused_at=now_utc() if refused else None)
        opened_store.put_learned_lines([changed])
    _tell([changed], as_json=as_json)


def _tell(lines: list[LearnedLine], *, as_json: bool) -> None:
    for one in lines:
        if as_json:
            print(json.dumps(to_dict(one), ensure_ascii=False))
        else:
            state = "refused" if one.refused_at else "dropped"
            said = f"{state}  {one.source}  ({one.articles} articles)  {one.line}"
            console.print(said, markup=False, soft_wrap=True)
    if not lines and not as_json:
        console.print("No line.")
