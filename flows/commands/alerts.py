"""``wirepicket alerts``: what was raised, each with its sentence; acknowledging and muting."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.look import LimitOption
from flows.commands.options import ConfigOption, JsonOption, RulesOption, StoreOption, opened
from flows.console import console, counted
from flows.inputs import Inputs
from flows.shipped import RULES, shipped
from flows.tables import alert_block, alert_titles, alert_view
from pipelines.beam.runners import INPROCESS
from pipelines.errors import ConfigurationError
from schemas.export import export_alert
from schemas.records import AlertState, now_utc
from schemas.serial import to_dict

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from schemas.records import Alert

app = typer.Typer(help="Alerts: list, show, acknowledge, mute. Without a command: list.", invoke_without_command=True)
IdsArgument = Annotated[list[str], typer.Argument(help="Ids of alerts.", metavar="ID…")]
StateOption = Annotated[AlertState | None, typer.Option("--state", help="Only alerts in this state.")]
RuleOption = Annotated[str | None, typer.Option("--rule", help="Only alerts of this rule.", metavar="ID")]


@app.callback()
def alerts(
    context: typer.Context,
    limit: LimitOption = 20,
    state: StateOption = None,
    rule: RuleOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Alerts: list, show, acknowledge, mute. Without a command: the latest, each with the sentence that matched."""
    if context.invoked_subcommand is None:
        list_alerts(limit, state, rule, store, config, as_json)


@app.command("list")
def list_alerts(
    limit: LimitOption = 20,
    state: StateOption = None,
    rule: RuleOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest alerts, each with the sentence that matched."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        wanted = (
            alert
            for alert in opened_store.iter_alerts()
            if state in {None, alert.state} and rule in {None, alert.rule_id}
        )
        found = sorted(wanted, key=lambda alert: (alert.matched_at, alert.id), reverse=True)[:limit]
        if as_json:
            _print_json(found)
            return
        titles = alert_titles(found, opened_store)
        for alert in found:
            console.print(alert_block(alert, titles))
        if not found:
            console.print("No alert yet." if state is None and rule is None else "No such alert.")


@app.command()
def show(ids: IdsArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Everything about alerts: every place that matched."""
    with opened(store, config) as (opened_store, _):
        found = _by_id(opened_store, ids)
        if as_json:
            _print_json(found)
            return
        for alert in found:
            console.print(alert_view(alert, opened_store))


@app.command()
def ack(ids: IdsArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Mark alerts as seen: what of them is not delivered yet is not sent any more."""
    _set_state(ids, AlertState.ACKNOWLEDGED, store, config, as_json=as_json)


@app.command()
def mute(ids: IdsArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Keep alerts and send nothing of them; further articles of their stories are still added."""
    _set_state(ids, AlertState.MUTED, store, config, as_json=as_json)


@app.command()
def deliver(
    rules: RulesOption = None, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Send what the outbox holds and is due, digests whose window has ended among it. Every run does the same."""
    from flows import steps  # noqa: PLC0415 - half a second, which other commands need not wait

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


def _set_state(ids: list[str], state: AlertState, store: str | None, config: ConfigOption, *, as_json: bool) -> None:
    with opened(store, config) as (opened_store, _):
        with opened_store.exclusive():  # a regrouping may be adding matches to them at this moment
            changed = [replace(alert, state=state) for alert in _by_id(opened_store, ids)]
            # What waits is not sent; what comes to an acknowledged alert later is.
            waiting = [one for one in opened_store.outbox_of_alerts(ids) if not one.delivered_at]
            opened_store.write_outbox(
                [replace(one, delivered_at=now_utc(), last_error=f"not sent: {state}") for one in waiting]
            )
            opened_store.write_alerts(changed)
        opened_store.refresh()
        if as_json:
            _print_json(changed)
        else:
            console.print(f"{counted(len(changed), 'alert')} {state}")


def _by_id(store: Store, ids: list[str]) -> list[Alert]:
    found = store.alerts(ids)
    for one in ids:
        if one not in found:
            raise ConfigurationError(f"there is no alert '{one}'; `wirepicket alerts` lists them. Nothing was changed")
    return [found[one] for one in dict.fromkeys(ids)]


def _print_json(found: list[Alert]) -> None:
    for alert in found:
        print(json.dumps(to_dict(export_alert(alert)), ensure_ascii=False))
