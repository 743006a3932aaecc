"""``wirepicket status``: the health of all parts, with their problems."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from flows.commands.options import ConfigOption, JsonOption, RulesOption, StoreOption, opened
from flows.console import console, counted
from flows.schedule_state import is_running, overdue, read_schedules
from flows.shipped import RULES, shipped
from flows.tables import SUMMARY
from pipelines.alerts.health import rule_health, silence_cause
from pipelines.archive.pending import waiting
from pipelines.errors import ConfigurationError
from pipelines.fetch.health import health
from pipelines.ingest.drift import DAYS_BEFORE, layout_changes
from pipelines.notify.channels import STANDARD_OUTPUT
from pipelines.rules.checks import check_rules, load_rules
from schemas.records import now_utc
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.records import Rule

RUNS = 5
PROBLEMS = 10
"""Largest number of problems of rules printed; ``--json`` has all of them."""
EVENTS = 8
"""Number of events of feeds shown, latest last."""


def status(
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the health of store, archive, feeds, rules and quarantine."""
    with opened(store, config) as (opened_store, settings):
        opened_store.refresh()
        runs = opened_store.last_runs(RUNS)
        feeds = opened_store.feed_states()
        failing = sorted((feed for feed in feeds.values() if feed.failures), key=lambda feed: -feed.failures)
        reasons = Counter((item.stage, item.reason) for item in opened_store.iter_quarantine())
        outbox = opened_store.outbox_pending(now_utc())
        rule_file = rules or settings.rules or shipped(RULES)
        loaded, broken = _rules(rule_file)
        healthy = rule_health(
            loaded,
            check_rules(loaded),
            opened_store.iter_alerts(),
            channels={*settings.channels, STANDARD_OUTPUT},
            cause=silence_cause(feeds.values(), runs[0].started_at if runs else None, now_utc()),
            now=now_utc(),
        )
        left = waiting(settings.archive)
        outdated = opened_store.outdated()
        since = now_utc() - timedelta(days=2 * DAYS_BEFORE)
        changes = layout_changes(opened_store.extraction_days(f"{since:%Y-%m-%d}"))
    schedules = _schedules(settings.home)
    stopped = any(schedule["problem"] for schedule in schedules)
    state = {
        "store": opened_store.url,
        "store_outdated": outdated,
        "waiting_in_archive": left,
        "runs": [to_dict(run) for run in runs],
        "feeds": len(feeds),
        "feeds_failing": [{"url": feed.url, "failures": feed.failures, "error": feed.last_error} for feed in failing],
        "feeds_unwell": [
            {"url": feed.url, "health": word, "advice": advice}
            for feed in sorted(feeds.values(), key=lambda feed: feed.url)
            for word, advice in [health(feed, now_utc())]
            if word not in {"ok", "stumbling", "failing"}
        ],
        "feed_events": [
            {"at": time_to_text(event.at), "url": url, "change": event.change, "detail": event.detail}
            for event, url in sorted(
                ((event, feed.url) for feed in feeds.values() for event in feed.events),
                key=lambda pair: (pair[0].at, pair[1]),
            )[-EVENTS:]
        ],
        "sources_changed": [
            {"source": change.source, "day": change.day, "what": change.description} for change in changes
        ],
        "schedules": schedules,
        "rules": len(loaded),
        "rules_error": broken,
        "rule_health": [to_dict(rule) for rule in healthy],
        "alerts_undelivered": len({message.alert_id for message in outbox}),
        "quarantine_open": reasons.total(),
        "quarantine": {f"{stage}/{reason}": number for (stage, reason), number in sorted(reasons.items())},
    }
    if as_json:
        print(json.dumps(state, ensure_ascii=False))
    else:
        _print(state, str(rule_file))
    if failing or left or broken or stopped or any(rule.problems for rule in healthy):
        raise typer.Exit(1)


def _rules(path: Path) -> tuple[tuple[Rule, ...], str | None]:
    """Return the rules of a file, or no rules and the error of the file."""
    try:
        return load_rules(path), None
    except ConfigurationError as error:
        return (), str(error)


def _schedules(home: Path) -> list[dict[str, str | None]]:
    """Return the schedules of ``serve``, each with its latest run and its problem."""
    return [
        {
            "flow": state.flow,
            "started": time_to_text(state.started) if state.started else None,
            "outcome": "running" if is_running(state) else state.outcome,
            "problem": overdue(state, now_utc(), running=is_running(state)),
        }
        for state in read_schedules(home)
        if state.every_seconds and not state.served_until
    ]


def _print_schedules(schedules: object) -> None:
    assert isinstance(schedules, list)
    for schedule in schedules:
        latest = f"last run {schedule['started']}, {schedule['outcome']}" if schedule["started"] else "no run yet"
        console.print(f"schedule    {schedule['flow']}: {latest}", markup=False)
        if schedule["problem"]:
            remedy = "start `wirepicket serve` again, or delete its file in schedules/ of the home folder"
            console.print(f"            {schedule['problem']}; {remedy}", markup=False, style="yellow", soft_wrap=True)


def _print_rules(state: dict[str, object], rule_file: str) -> None:
    console.print(f"rules       {state['rules']} in {rule_file}", markup=False, soft_wrap=True)
    if state["rules_error"]:
        console.print(f"            {state['rules_error']}", markup=False, soft_wrap=True)
    healthy = state["rule_health"]
    assert isinstance(healthy, list)
    alerted = [rule for rule in healthy if rule["alerts"]]
    if healthy:
        last = max(alerted, key=lambda rule: str(rule["last_alert"]), default=None)
        when = f", the last {last['rule_id']} at {last['last_alert']}" if last else ""
        raised = counted(sum(rule["alerts"] for rule in alerted), "alert")
        summed = [f"{raised} of {counted(len(alerted), 'rule')}{when}"] if alerted else []
        summed += [f"{len(healthy) - len(alerted)} without an alert so far"] if len(alerted) < len(healthy) else []
        for line in summed:
            console.print(f"            {line}", style="dim", markup=False, soft_wrap=True)
    wrong = [
        f"{rule['rule_id']}: {line}"
        for rule in healthy
        for line in (*rule["problems"], *([rule["silence"]] if rule["silence"] else []))
    ]
    for line in wrong[:PROBLEMS]:
        console.print(f"            {line}", markup=False, soft_wrap=True)
    if len(wrong) > PROBLEMS:
        console.print(f"            … and {len(wrong) - PROBLEMS} more: wirepicket status --json", style="dim")


def _print_sources(changed: object) -> None:
    assert isinstance(changed, list)
    for change in changed:
        line = f"{change['source']} changed its layout on {change['day']}: {change['what']}"
        console.print(f"sources     {line}", markup=False, style="yellow", soft_wrap=True)


def _print(state: dict[str, object], rule_file: str) -> None:
    console.print(f"store       {state['store']}: answers", markup=False)
    if outdated := state["store_outdated"]:
        assert isinstance(outdated, tuple)
        warning = f"indices of earlier versions, which `wirepicket setup elasticsearch` migrates: {', '.join(outdated)}"
        console.print(f"            {warning}", markup=False, style="yellow", soft_wrap=True)
    console.print(f"archive     {state['waiting_in_archive']} captures wait for a store")
    _print_schedules(state["schedules"])
    _print_rules(state, rule_file)
    console.print(f"alerts      {state['alerts_undelivered']} not delivered yet")
    feeds_failing = state["feeds_failing"]
    assert isinstance(feeds_failing, list)
    console.print(f"feeds       {state['feeds']} known, {len(feeds_failing)} failing")
    for feed in feeds_failing:
        console.print(f"            {feed['url']}: {feed['failures']} times in a row: {feed['error']}", markup=False)
    unwell, events = state["feeds_unwell"], state["feed_events"]
    assert isinstance(unwell, list)
    assert isinstance(events, list)
    for feed in unwell:
        console.print(f"            {feed['url']}: {feed['health']}: {feed['advice']}", markup=False)
    for event in events:
        line = f"{event['at']}  {event['change']}  {event['url']}: {event['detail']}"
        console.print(f"            {line}", markup=False, style="dim", soft_wrap=True)
    _print_sources(state["sources_changed"])
    quarantine = state["quarantine"]
    assert isinstance(quarantine, dict)
    reasons = ", ".join(f"{reason} {count}" for reason, count in quarantine.items())
    open_entries = f"{state['quarantine_open']} open: {reasons}; wirepicket quarantine list" if reasons else "empty"
    console.print(f"quarantine  {open_entries}", markup=False, soft_wrap=True)
    runs = state["runs"]
    assert isinstance(runs, list)
    for run in runs or ():
        summary = ", ".join(f"{name} {run[name]}" for name in SUMMARY)
        console.print(f"run         {run['started_at']}  {summary}")
    if not runs:
        console.print("run         none yet")
