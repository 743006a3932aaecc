"""``wirepicket rules``: checking and trying alert rules."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.ids import only_match
from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, RulesOption, StoreOption, opened
from flows.commands.queries import parsed_query
from flows.console import console, counted
from flows.inputs import Inputs
from flows.quote_tables import explained, quoted_terms
from flows.shipped import RULES, shipped
from pipelines.alerts.health import missing_channels
from pipelines.alerts.policy import AlertPolicy
from pipelines.alerts.preview import Preview, preview_query
from pipelines.beam.runners import INPROCESS
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError
from pipelines.grouping.backfill import backfill as run_backfill
from pipelines.notify.channels import STANDARD_OUTPUT
from pipelines.rules.checks import check_rules, load_rules, match_text
from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import Query, format_query
from pipelines.rules.matcher import Matcher
from pipelines.rules.rule_file import RULE_ID, read_rules
from schemas.records import AlertOrigin, now_utc
from schemas.serial import to_dict

app = typer.Typer(help="Check and try alert rules.", no_args_is_help=True)
FileArgument = Annotated[
    Path | None, typer.Argument(help="Rule file; default: the configured or the shipped one.", metavar="[FILE]")
]


def _rule_file(file: Path | None, config: Path | None) -> Path:
    settings = load_settings(config)  # first, since it also sets the gazetteer of the rules
    return file or settings.rules or shipped(RULES)


@app.command()
def check(
    file: FileArgument = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a rule file and run each rule's own examples. Every error is printed with its line; exit code 2."""
    del store  # every command takes it; rules need none
    settings = load_settings(config)  # first, since it also sets the gazetteer of the rules
    path = file or rules or settings.rules or shipped(RULES)
    loaded, errors = read_rules(path)
    checks = check_rules(loaded)
    failed = [result for result in checks if result.failed]
    for error in errors:
        print(f"wirepicket: {error}", file=sys.stderr)
    if as_json:
        wrong = [{"line": error.line, "column": error.column, "error": error.message} for error in errors]
        print(json.dumps([*map(to_dict, checks), *wrong], ensure_ascii=False))
    else:
        for result in checks:
            verdict = "FAILED" if result.failed else "ok"
            console.print(f"{verdict:7}{result.rule_id}: {result.examples} examples", markup=False)
            if result.reads_as:
                console.print(f"       read as {result.reads_as}", markup=False, style="dim")
            for example in result.failed:
                expected = "should match" if example.expected else "should not match"
                console.print(f"       {expected}: {example.text}", markup=False)
        for rule in loaded:
            for name in missing_channels(rule, {*settings.channels, STANDARD_OUTPUT}):
                console.print(f"{rule.id}: its channel '{name}' is not configured; messages will wait", markup=False)
        broken = f", {counted(len(errors), 'error')}" if errors else ""
        readable = f"{counted(len(checks), 'rule')}{' that can be read' if errors else ''} in {path}"
        console.print(f"{readable}, {len(failed)} with failing examples{broken}", markup=False)
    if errors:
        raise typer.Exit(2)
    if failed:
        raise typer.Exit(1)


@app.command("test")
def try_out(
    text: Annotated[
        str | None, typer.Argument(help="Text to match; '-' reads standard input. Default: the examples of the rules.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Headline of the text.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Outlet of the text, for rules with source:.")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="Language of the text, for rules with lang:.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Id of the only rule to test.", metavar="ID")] = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rules that match a text, with the matching sentences."""
    if text is None and title is None:
        check(rules, None, config, store, as_json)
        return
    loaded = load_rules(_rule_file(rules, config))
    named = only_match(rule, {candidate.id for candidate in loaded}) if rule else None
    wanted = [candidate for candidate in loaded if rule is None or candidate.id == named]
    if not wanted:
        raise ConfigurationError(
            f"--rule {rule}: no rule has this id; there are {', '.join(known.id for known in loaded)}"
        )
    body = sys.stdin.read() if text == "-" else text or ""
    hits = Matcher(wanted).match(TextFields(title=title, body=body, source=source, language=language))
    if as_json:
        print(json.dumps([to_dict(hit) for hit in hits], ensure_ascii=False))
        return
    for hit in hits:
        console.print(hit.rule_id, style="bold red", markup=False)
        console.print(*explained(hit.matches), sep="\n")
    if not hits:
        console.print("No rule matches.")
    matching = {hit.rule_id for hit in hits}
    if None in {title, source, language}:
        for candidate in wanted:
            if candidate.id not in matching and match_text(candidate, body) is not None:
                console.print(
                    f"{candidate.id} would match it as a headline, or with the outlet and language that it requires "
                    "(--title, --source, --lang)",
                    style="dim",
                    markup=False,
                )


@app.command("format")
def format_rule(
    query: Annotated[str, typer.Argument(help="A query in the rule language.")],
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Print a query as it is parsed, with as few brackets as possible."""
    load_settings(config, store=store)
    print(format_query(parsed_query(query)))


@app.command()
def preview(
    rule: Annotated[str, typer.Argument(help="Id of a rule of the file, or a query in the rule language.")],
    since: Annotated[
        str, typer.Option("--since", help="Only articles of this time or later: a span like 30d, or a date.")
    ] = "30d",
    limit: Annotated[int, typer.Option("--limit", help="Largest number of example stories shown.", min=1)] = 5,
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count the stories that a rule would have alerted on, with examples; nothing is saved or sent."""
    now = now_utc()
    start = parse_since(since, now)
    query = _query_of(rule, rules, config)
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        result = preview_query(query, opened_store, since=start, examples=limit)
    if as_json:
        print(json.dumps(to_dict(result), ensure_ascii=False))
    else:
        _print_preview(result, since)


@app.command()
def backfill(
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", help="Id of a rule to apply; may be given several times. Default: all rules.", metavar="ID"
        ),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Only articles of this time or later: a span like 30d, or a date.")
    ] = "30d",
    notify: Annotated[
        bool, typer.Option("--notify", help="Send the alerts that arise; otherwise they are only kept.")
    ] = False,
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Apply rules to the articles of the store. New alerts are marked, and sent only with --notify."""
    from flows import steps  # noqa: PLC0415 - half a second, which other commands need not wait for

    start = parse_since(since, now_utc())
    path = _rule_file(rules, config)
    loaded = load_rules(path)
    meant = {given: only_match(given, {known.id for known in loaded}) for given in rule or ()}
    unknown = sorted(given for given, known in meant.items() if known is None)
    if unknown:
        raise ConfigurationError(f"--rule {unknown[0]}: no rule of {path} has this id")
    wanted = [candidate for candidate in loaded if not rule or candidate.id in meant.values()]
    with opened(store, config) as (opened_store, settings):
        policy = AlertPolicy.of(wanted, origin=AlertOrigin.BACKFILL, sends_messages=notify)
        done = run_backfill(opened_store, policy, since=start)
        if notify:
            inputs = Inputs.of([], [], path, INPROCESS, settings)
            for problem in steps.notify(opened_store, inputs, settings, as_json=as_json).problems:
                print(f"wirepicket: {problem}", file=sys.stderr)
    if as_json:
        print(json.dumps(to_dict(done)))
    else:
        unsent = "" if notify or not done.alerts else "; not sent (--notify sends)"
        articles, alerts = counted(done.articles, "article"), counted(done.alerts, "new alert")
        console.print(f"{articles}, {done.matching} of them matching; {alerts}{unsent}")


def _query_of(rule: str, rules: Path | None, config: Path | None) -> Query:
    path = _rule_file(rules, config)
    named = {candidate.id: candidate.query for candidate in load_rules(path)}
    known = only_match(rule, named)
    if known is None and re.fullmatch(RULE_ID, rule):
        print(f"wirepicket: no rule of {path} has the id '{rule}': it is read as a query", file=sys.stderr)
    elif known != rule and known:
        print(f"wirepicket: '{rule}' means the rule '{known}'", file=sys.stderr)
    return parsed_query(named[known] if known else rule)


def _print_preview(result: Preview, since: str) -> None:
    stories = f"{result.stories} stor{'y' if result.stories == 1 else 'ies'} since {since}"
    console.print(
        f"{stories}, with {counted(result.articles, 'matching article')}: an alert for each story", markup=False
    )
    for example in result.examples:
        console.print(example.title or "(no title)", style="bold", markup=False)
        articles = counted(len(example.article_ids), "article")
        console.print(f"    story {example.story_id}, {articles}", style="dim", markup=False)
        for quote in quoted_terms(example.matches, len(example.matches)):
            console.print(quote)
