"""Whether rules do their work: when each last alerted, what is wrong with it, and why it is silent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.alerts.policy import LOG_CHANNEL
from schemas.records import AlertOrigin
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pipelines.rules.checks import RuleCheck
    from schemas.records import Alert, FeedState, Rule

SHORTEST_SILENCE = timedelta(days=1)
"""Not even a rule that alerts by the hour is called silent before: nights and weekends are quiet."""
FIRST_SILENCE = timedelta(days=3)
"""Silence of a rule that has alerted only once, whose rhythm is not known."""
TIMES_ITS_RHYTHM = 4
"""A pause of so many times the mean comes by chance once in fifty (e⁻⁴) where events are independent of each other."""
STALE_RUN = timedelta(days=1)
"""Time since the last run after which that alone explains silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHealth:
    """How a rule does."""

    rule_id: str
    alerts: int
    """Alerts on articles as they came in; those of replays and backfills say nothing about today."""
    last_alert: datetime | None
    problems: tuple[str, ...]
    """What is wrong with it."""
    silence: str | None
    """That it has been silent for long, and what may be the cause."""


def rule_health(
    rules: Sequence[Rule],
    checks: Iterable[RuleCheck],
    alerts: Iterable[Alert],
    *,
    channels: Collection[str],
    cause: str,
    now: datetime,
) -> list[RuleHealth]:
    """The health of rules, in their order.

    Args:
        rules: the rules.
        checks: how each did on its own examples.
        alerts: all alerts.
        channels: names of the channels there are.
        cause: why a rule may be silent (``silence_cause``).
        now: the present, UTC.
    """
    failed = {check.rule_id: len(check.failed) for check in checks}
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for alert in alerts:
        if alert.origin is AlertOrigin.LIVE:
            times[alert.rule_id].append(alert.matched_at)
    out: list[RuleHealth] = []
    for rule in rules:
        matched = sorted(times[rule.id])
        problems = [f"{failed[rule.id]} of its own examples fail"] if failed.get(rule.id) else []
        problems += [f"its channel '{name}' is not configured" for name in missing_channels(rule, channels)]
        last = matched[-1] if matched else None
        silent = last is not None and now - last > _patience(matched)
        out.append(
            RuleHealth(
                rule_id=rule.id,
                alerts=len(matched),
                last_alert=last,
                problems=tuple(problems),
                silence=f"no {rule.id} alert for {_span(now - last)}: {cause}" if silent and last else None,
            )
        )
    return out


def missing_channels(rule: Rule, channels: Collection[str]) -> list[str]:
    """The channels a rule names which are not among those there are."""
    return [name for name in rule.notify if name not in channels and name != LOG_CHANNEL]


def _patience(matched: Sequence[datetime]) -> timedelta:
    """How long a rule that alerted at these times (sorted) may be silent by its own rhythm."""
    if len(matched) == 1:
        return FIRST_SILENCE
    return max(SHORTEST_SILENCE, TIMES_ITS_RHYTHM * (matched[-1] - matched[0]) / (len(matched) - 1))


def silence_cause(feeds: Collection[FeedState], last_run: datetime | None, now: datetime) -> str:
    """Why nothing may have come in: no runs, failing feeds; or else that all is well."""
    if last_run is None or now - last_run > STALE_RUN:
        return f"no run since {time_to_text(last_run)}" if last_run else "no run yet"
    failing = [feed for feed in feeds if feed.failures]
    if failing:
        good = [feed.last_success for feed in failing if feed.last_success]
        since = f" since {time_to_text(min(good))}" if good else ", none of which ever answered"
        return f"{len(failing)} of {len(feeds)} feeds failing{since}"
    if not feeds:
        return "nothing that came in matches"
    return f"all {len(feeds)} feeds are well, and nothing in them matches"


def _span(time: timedelta) -> str:
    return f"{time.days} days" if time.days > 1 else f"{round(time.total_seconds() / 3600)} hours"
