"""``wirepicket alerts``: the alerts raised, with their sentences; acknowledging and muting."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flows.alert_tables import Background, alert_block, alert_view, from_source
from flows.commands.ids import find_alerts, only_match
from flows.commands.look import LimitOption
from flows.commands.moments import parse_since
from flows.commands.options import ConfigOption, JsonOption, RulesOption, StoreOption, opened
from flows.console import console, counted
from flows.inputs import Inputs
from flows.shipped import RULES, shipped
from pipelines.beam.runners import INPROCESS
from pipelines.errors import ConfigurationError
from schemas.export import export_alert
from schemas.records import AlertState, now_utc
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.stores.protocol import Store
    from schemas.records import Alert


class Severity(StrEnum):
    """Severities of rules and their alerts."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


app = typer.Typer(help="Alerts: list, show, acknowledge, mute. Without a command: list.", invoke_without_command=True)
IdsArgument = Annotated[list[str], typer.Argument(help="Ids of alerts, or how they begin.", metavar="ID…")]
StateOption = Annotated[AlertState | None, typer.Option("--state", help="Only alerts in this state.")]
RuleOption = Annotated[str | None, typer.Option("--rule", help="Only alerts of this rule.", metavar="ID")]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", help="Only alerts raised at this time or later: a date, a time, or a span like 7d.", metavar="TIME"
    ),
]
SeverityOption = Annotated[
    list[Severity] | None, typer.Option("--severity", help="Only alerts of this severity; may be given several times.")
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Only alerts with a matching article of this outlet or host.", metavar="NAME"),
]


@app.callback()
def alerts(
    context: typer.Context,
    limit: LimitOption = 20,
    state: StateOption = None,
    rule: RuleOption = None,
    severity: SeverityOption = None,
    source: SourceOption = None,
    since: SinceOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List, show, acknowledge or mute alerts. Without a command: list the latest, with the sentences that matched."""
    if context.invoked_subcommand is None:
        list_alerts(limit, state, rule, severity, source, since, store, config, as_json)


@app.command("list")
def list_alerts(
    limit: LimitOption = 20,
    state: StateOption = None,
    rule: RuleOption = None,
    severity: SeverityOption = None,
    source: SourceOption = None,
    since: SinceOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the latest alerts, each with the sentences that matched."""
    start = parse_since(since, now_utc()) if since else None
    severities = frozenset(severity or ())
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        wanted = [
            alert
            for alert in opened_store.iter_alerts()
            if state in {None, alert.state}
            and (not severities or alert.severity in severities)
            and (start is None or alert.matched_at >= start)
        ]
        if rule is not None:
            named = only_match(rule, {alert.rule_id for alert in wanted})
            wanted = [alert for alert in wanted if alert.rule_id == named]
        if source is not None:
            wanted = from_source(wanted, source, opened_store)
        latest = sorted(wanted, key=lambda alert: (alert.matched_at, alert.id), reverse=True)
        if as_json:
            _print_json(latest[:limit])
            return
        background = Background.of(latest[:limit], opened_store)
        for alert in latest[:limit]:
            console.print(alert_block(alert, background))
        if len(latest) > limit:
            console.print(f"… and {len(latest) - limit} more: --limit", style="dim", markup=False)
        if not latest:
            filtered = any(option is not None for option in (state, rule, severity, source, since))
            console.print("No such alert." if filtered else "No alert yet.")


@app.command()
def show(ids: IdsArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show alerts with every match and message."""
    with opened(store, config) as (opened_store, _):
        alerts = find_alerts(opened_store, ids)
        if as_json:
            _print_json(alerts)
            return
        for alert in alerts:
            console.print(alert_view(alert, opened_store))


@app.command()
def ack(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of alerts, or how they begin.", metavar="[ID]…")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="All open alerts of this rule.", metavar="ID")] = None,
    every: Annotated[bool, typer.Option("--all", help="All open alerts.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mark alerts as seen. Waiting messages are not sent; messages on later articles still are."""
    if bool(ids) + (rule is not None) + every != 1:
        raise ConfigurationError("ack needs the ids of alerts, or --rule, or --all; nothing was changed")
    _set_state(
        lambda opened_store: find_alerts(opened_store, ids) if ids else _open_alerts(opened_store, rule),
        AlertState.ACKNOWLEDGED,
        store,
        config,
        as_json=as_json,
    )


@app.command()
def mute(ids: IdsArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Mute alerts: no messages are sent; further articles of their stories are still added."""
    _set_state(lambda opened_store: find_alerts(opened_store, ids), AlertState.MUTED, store, config, as_json=as_json)


@app.command()
def deliver(
    rules: RulesOption = None, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Send the due messages of the outbox, including digests whose window has ended. Every run does the same."""
    from flows import steps  # noqa: PLC0415 - half a second, which other commands need not wait for

    with opened(store, config) as (opened_store, settings):
        inputs = Inputs.of([], [], rules or settings.rules or shipped(RULES), INPROCESS, settings)
        report = steps.notify(opened_store, inputs, settings, as_json=as_json)
    for problem in report.problems:
        print(f"wirepicket: {problem}", file=sys.stderr)
    if as_json:
        print(json.dumps({"sent": report.sent, "failed": report.failed, "waiting": report.waiting}))
    else:
        console.print(f"{report.sent} sent, {report.failed} failed, {report.waiting} waiting")
    if report.failed:
        raise typer.Exit(1)


def _set_state(
    find: Callable[[Store], list[Alert]], state: AlertState, store: str | None, config: ConfigOption, *, as_json: bool
) -> None:
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        with opened_store.exclusive():  # a regrouping may be adding matches to them at this moment
            changed = [replace(alert, state=state) for alert in find(opened_store)]
            # Waiting messages are not sent; later messages on an acknowledged alert are.
            messages = opened_store.outbox_of_alerts([alert.id for alert in changed]) if changed else []
            opened_store.write_outbox(
                [
                    replace(message, delivered_at=now_utc(), last_error=f"not sent: {state}")
                    for message in messages
                    if not message.delivered_at
                ]
            )
            opened_store.write_alerts(changed)
        opened_store.refresh()
        if as_json:
            _print_json(changed)
        else:
            console.print(f"{counted(len(changed), 'alert')} {state}")


def _open_alerts(store: Store, rule: str | None) -> list[Alert]:
    """Return the alerts that are neither acknowledged nor muted, of a rule or of all rules."""
    settled = {AlertState.ACKNOWLEDGED, AlertState.MUTED}
    alerts = list(store.iter_alerts())
    if rule is not None:
        named = only_match(rule, {alert.rule_id for alert in alerts})
        if named is None:
            raise ConfigurationError(f"--rule {rule}: no alert has this rule; nothing was changed")
        alerts = [alert for alert in alerts if alert.rule_id == named]
    return [alert for alert in alerts if alert.state not in settled]


def _print_json(alerts: list[Alert]) -> None:
    for alert in alerts:
        print(json.dumps(to_dict(export_alert(alert)), ensure_ascii=False))
