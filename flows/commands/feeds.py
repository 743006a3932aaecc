"""``wirepicket feeds``: the feed list and the health of its feeds."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.console import console
from flows.feed_lists import listed_feeds, warn_list_faults
from flows.progress import Reporter
from flows.shipped import FEEDS, shipped
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError, FetchError
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.sources import feed_source, format_feed_list
from schemas.records import FeedState, now_utc
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.fetch.feed_list import FeedList

app = typer.Typer(help="The feed list, and the health of its feeds.", no_args_is_help=True)
FileArgument = Annotated[
    Path | None, typer.Argument(help="Feed list; default: the configured or the shipped one.", metavar="[FILE]")
]
_WELL = frozenset({"ok", "new", "moved", "moving", "silent", "empty"})
"""States of health that are no error."""
_EVENTS = 3


class FeedListForm(StrEnum):
    """Forms of a feed list."""

    OPML = "opml"
    TOML = "toml"
    YAML = "yaml"
    TXT = "txt"


def _read(path: Path) -> FeedList:
    listed = listed_feeds(str(path))
    warn_list_faults(listed, Reporter())
    return listed


def _listed(file: Path | None, settings: Settings) -> FeedList:
    return _read(file or settings.feeds or shipped(FEEDS))


@app.command()
def check(
    file: FileArgument = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Send no requests: show the results of earlier runs.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the health of each feed, with advice. Asks every feed once; changes nothing."""
    from pipelines.collect.check import check_feeds  # noqa: PLC0415 - httpx and feedparser, only here
    from pipelines.fetch.health import health  # noqa: PLC0415 - likewise

    with opened(store, config) as (opened_store, settings):
        listed = _listed(file, settings)
        sources = listed.sources
        remembered = opened_store.feed_states([source.url for source in sources])
    if offline:
        states = [remembered.get(source.url, FeedState(url=source.url)) for source in sources]
    else:
        with Reporter().bar("Asking feeds", len(sources)) as advance:
            states = check_feeds(sources, remembered, FetchPolicy.of(settings), advance)
    now = now_utc()
    rows = [(state, *health(state, now)) for state in states]
    if as_json:
        print(json.dumps([to_dict(state) | {"health": word, "advice": advice} for state, word, advice in rows]))
    else:
        console.print(_table(rows))
        _print_events(states)
        bad = sum(word not in _WELL for _, word, _ in rows)
        console.print(f"{len(rows)} feeds, {len(rows) - bad} well")
    if listed.left_out or any(word not in _WELL for _, word, _ in rows):
        raise typer.Exit(1)


def _table(rows: list[tuple[FeedState, str, str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("health", "entries", "newest", "every"):
        table.add_column(name, header_style="dim", justify="right" if name == "entries" else "left")
    table.add_column("feed and advice", header_style="dim", overflow="fold")
    for state, word, advice in sorted(rows, key=lambda row: (row[1] in _WELL, row[1] == "ok", row[0].url)):
        cell = Text(state.url)
        if state.last_error:
            cell.append(f"\n{state.last_error}", style="red")
        if advice:
            cell.append(f"\n{advice}", style="dim")
        table.add_row(
            Text(word, style="green" if word == "ok" else "yellow" if word in _WELL else "red"),
            str(state.entries or ""),
            state.newest.date().isoformat() if state.newest else "",
            _span(state.poll_seconds),
            cell,
        )
    return table


def _span(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes = seconds // 60
    return f"{minutes}m" if minutes < 120 else f"{minutes // 60}h"  # noqa: PLR2004 - two hours


def _print_events(states: list[FeedState]) -> None:
    for state in states:
        for event in state.events[-_EVENTS:]:
            line = f"{time_to_text(event.at)}  {event.change}  {state.url}: {event.detail}"
            console.print(line, markup=False, style="dim", soft_wrap=True)


@app.command()
def revive(
    file: FileArgument = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the retired feeds; those that answer again are asked by runs from now on."""
    from pipelines.collect.check import check_feeds  # noqa: PLC0415 - httpx and feedparser, only here
    from pipelines.fetch.feed_state import revived  # noqa: PLC0415 - likewise

    with opened(store, config) as (opened_store, settings):
        listed = _listed(file, settings)
        sources = listed.sources
        remembered = opened_store.feed_states([source.url for source in sources])
        retired = [source for source in sources if (state := remembered.get(source.url)) and state.retired_at]
        with Reporter().bar("Asking feeds", len(retired)) as advance:
            answers = check_feeds(retired, remembered, FetchPolicy.of(settings), advance)
        back = [state.url for state in answers if not state.failures]
        opened_store.put_feed_states([revived(remembered[url], now_utc()) for url in back])
    if as_json:
        print(json.dumps({"retired": len(retired), "revived": back}))
    else:
        for url in back:
            console.print(f"revived  {url}", markup=False, soft_wrap=True)
        console.print(f"{len(back)} of {len(retired)} retired feeds answer again")
    if listed.left_out:
        raise typer.Exit(1)


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="Feed list whose feeds are added: OPML, TOML, YAML or addresses.")],
    to: Annotated[Path, typer.Option("--to", help="Your list (.toml, .yaml, .opml, .txt); created if missing.")] = Path(
        "feeds.toml"
    ),
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the feeds of a list to your own. Feeds that yours has already stay unchanged."""
    del store, config  # every command takes them; a list needs neither
    form = _form_of(to)
    kept = _read(to) if to.exists() else None
    if kept and kept.left_out:
        raise ConfigurationError(
            f"{to}: it has entries that cannot be read, so it is not overwritten; correct them by hand first"
        )
    own = kept.sources if kept else ()
    known = {source.url for source in own}
    given = _read(file)
    fresh = [source for source in given.sources if source.url not in known]
    hidden = [source.url for source in (*own, *fresh) if source.credentials]
    if hidden:
        raise ConfigurationError(f"{hidden[0]}: a list with passwords is not rewritten; add the feeds by hand")
    to.write_text(format_feed_list([*own, *fresh], form), encoding="utf-8")
    if as_json:
        print(json.dumps({"added": len(fresh), "feeds": len(own) + len(fresh)}))
    else:
        console.print(f"{len(fresh)} feeds added, {len(own) + len(fresh)} in {to}", markup=False)
    if given.left_out:
        raise typer.Exit(1)


def _form_of(path: Path) -> FeedListForm:
    forms = {
        ".opml": FeedListForm.OPML,
        ".xml": FeedListForm.OPML,
        ".toml": FeedListForm.TOML,
        ".yaml": FeedListForm.YAML,
        ".yml": FeedListForm.YAML,
    }
    form = (forms | {".txt": FeedListForm.TXT}).get(path.suffix.lower())
    if form is None:
        raise ConfigurationError(f"--to {path}: its name must end in .toml, .yaml, .opml or .txt")
    return form


@app.command("export")
def export_list(
    file: FileArgument = None,
    form: Annotated[
        FeedListForm, typer.Option("--form", help="Format of the list; OPML cannot hold options of single feeds.")
    ] = FeedListForm.OPML,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the feed list in another format, for other programs."""
    del store
    listed = _listed(file, load_settings(config))
    sources = listed.sources
    if as_json:
        entries = [{"url": source.url, "title": source.title, "tags": source.tags} for source in sources]
        print(json.dumps(entries, ensure_ascii=False))
    else:
        print(format_feed_list(sources, form), end="")
    if listed.left_out:
        raise typer.Exit(1)


@app.command("discover")
def discover_feeds(
    url: Annotated[str, typer.Argument(help="Address of a site or of one of its pages.", metavar="URL")],
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the feeds of a site."""
    from pipelines.collect.check import feeds_of_site  # noqa: PLC0415 - httpx and feedparser, only here

    del store
    settings = load_settings(config)
    try:
        site = feed_source(url if "://" in url else f"https://{url}").url
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    try:
        feeds = feeds_of_site(site, FetchPolicy.of(settings))
    except FetchError as error:
        Reporter().say(f"wirepicket: {site}: {error}")
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps([to_dict(feed) for feed in feeds], ensure_ascii=False))
    else:
        for feed in feeds:
            console.print(
                f"{feed.url}\n    {feed.title or '(no title)'}, {feed.entries} entries, by {feed.found_by}",
                markup=False,
            )
    if not feeds:
        Reporter().say(f"wirepicket: {site}: no feed found")
        raise typer.Exit(1)
