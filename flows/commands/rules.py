"""``wirepicket rules``: checking and trying alert rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, JsonOption, RulesOption, StoreOption
from flows.shipped import RULES, shipped
from flows.tables import console, quoted
from pipelines.alerts.matcher import Matcher
from pipelines.alerts.rules import check_rules, load_rules
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError
from schemas.serial import to_dict

app = typer.Typer(help="Check and try alert rules.", no_args_is_help=True)
FileArgument = Annotated[
    Path | None, typer.Argument(help="Rule file; default: the configured or the shipped one.", metavar="[FILE]")
]


def _rule_file(file: Path | None, config: Path | None) -> Path:
    return file or load_settings(config).rules or shipped(RULES)


@app.command()
def check(
    file: FileArgument = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a rule file and run each rule's own examples."""
    del store  # every command takes it; rules need none
    path = _rule_file(file or rules, config)
    checks = check_rules(load_rules(path))
    failed = [one for one in checks if one.failed]
    if as_json:
        print(json.dumps([to_dict(one) for one in checks], ensure_ascii=False))
    else:
        for one in checks:
            verdict = "FAILED" if one.failed else "ok"
            console.print(f"{verdict:7}{one.rule_id}: {one.examples} examples", markup=False)
            if one.reads_as:
                console.print(f"       read as {one.reads_as}", markup=False, style="dim")
            for wrong in one.failed:
                wish = "should match" if wrong.expected else "should not match"
                console.print(f"       {wish}: {wrong.text}", markup=False)
        console.print(f"{len(checks)} rules in {path}, {len(failed)} with failing examples", markup=False)
    if failed:
        raise typer.Exit(1)


@app.command("test")
def try_out(
    text: Annotated[
        str | None, typer.Argument(help="Text to try the rules on; '-' reads standard input. Without: their examples.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Headline to go with the text.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Outlet, for rules with source:.")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="Language, for rules with lang:.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only this rule.", metavar="ID")] = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which rules match a text, where and why."""
    if text is None and title is None:
        check(rules, None, config, store, as_json)
        return
    loaded = load_rules(_rule_file(rules, config))
    wanted = [one for one in loaded if rule in {None, one.id}]
    if not wanted:
        raise ConfigurationError(f"--rule {rule}: no rule has this id; there are {', '.join(one.id for one in loaded)}")
    body = sys.stdin.read() if text == "-" else text or ""
    hits = Matcher(wanted).match(title=title, body=body, source=source, language=language)
    if as_json:
        print(json.dumps([to_dict(hit) for hit in hits], ensure_ascii=False))
        return
    for hit in hits:
        console.print(hit.rule_id, style="bold red", markup=False)
        for match in hit.matches:
            console.print(quoted(match))
            console.print(f"    {match.form!r} stands for {match.term!r}", style="dim", markup=False)
    if not hits:
        console.print("No rule matches.")
