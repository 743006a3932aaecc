"""``wirepicket gazetteer``: weapon systems and their names."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml

from flows.commands.options import ConfigOption, JsonOption, StoreOption
from flows.console import console
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError
from pipelines.rules.patterns.gazetteer import default_gazetteer, load_gazetteer

app = typer.Typer(help="Weapon systems and the names they go by.", no_args_is_help=True)


@app.command("look-up")
def look_up(
    name: Annotated[str, typer.Argument(help="A name or designator, such as M142.")],
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the systems that a name means, and the names that a rule with it matches."""
    load_settings(config, store=store)
    systems = default_gazetteer().look_up(name)
    if as_json:
        print(json.dumps([asdict(system) for system in systems], ensure_ascii=False))
    for system in systems if not as_json else ():
        console.print(system.name, style="bold", markup=False)
        console.print(f"    also       {', '.join(system.aliases)}", markup=False)
        if system.ambiguous:
            words = ", ".join(default_gazetteer().contexts[system.category])
            console.print(
                f"    ambiguous  {', '.join(system.ambiguous)}: with a capital, and near one of: {words}", markup=False
            )
        maker = f", {system.maker}" if system.maker else ""
        console.print(f"    {system.category}, {system.country}{maker}; source: {system.source}", markup=False)
    if len(systems) > 1 and not as_json:
        console.print("Several systems have this name: a rule with it matches only the name itself.")
    if not systems:
        console.print(f"'{name}' is in no gazetteer: a rule with it matches only the name itself.", markup=False)
        raise typer.Exit(1)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Your gazetteer; default: the configured one.")] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Read the shipped gazetteer and your additions, and report errors."""
    own = file or load_settings(config, store=store).gazetteer
    gazetteer = load_gazetteer(own=own)
    console.print(f"{len(gazetteer.systems)} systems in {len(gazetteer.contexts)} categories, no errors")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Usual name of the system.")],
    category: Annotated[str, typer.Option("--category", help="Category of the gazetteer, such as drone.")],
    country: Annotated[str, typer.Option("--country", help="Maker's country, ISO 3166: US, or FR/IT.")],
    source: Annotated[str, typer.Option("--source", help="Source of the names: a publication or an address.")],
    alias: Annotated[
        list[str] | None, typer.Option("--alias", help="Another name of the system; may be given several times.")
    ] = None,
    ambiguous: Annotated[
        list[str] | None,
        typer.Option("--ambiguous", help="A name that is also a common word; may be given several times."),
    ] = None,
    identifier: Annotated[
        str | None, typer.Option("--id", help="Id of the system; default: made from the name.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Your gazetteer; default: the configured one.")] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Add a system to your own gazetteer; nothing is written if the result would be invalid."""
    configured = load_settings(config, store=store).gazetteer
    own = file or configured
    if own is None:
        raise ConfigurationError("name your gazetteer with --file, or with gazetteer = 'FILE' in wirepicket.toml")
    made = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    entry = {
        "id": identifier or "-".join(part for part in made.split("-") if part),
        "name": name,
        "aliases": alias or [],
        "ambiguous": ambiguous or [],
        "category": category,
        "country": country,
        "source": source,
    }
    before = own.read_text(encoding="utf-8") if own.exists() else "systems:\n"
    line = yaml.safe_dump(entry, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6).strip()
    draft = own.with_name(f".{own.name}.new")
    draft.write_text(f"{before.rstrip()}\n  - {line}\n", encoding="utf-8")
    try:
        load_gazetteer(own=draft)
    except ConfigurationError as error:
        draft.unlink()
        raise ConfigurationError(str(error).replace(str(draft), str(own))) from error
    draft.replace(own)
    in_use = configured is not None and configured.absolute() == own.absolute()
    when = "from now on" if in_use else "once gazetteer in wirepicket.toml names that file"
    console.print(f"'{name}' is in {own}; rules use it {when}", markup=False)
