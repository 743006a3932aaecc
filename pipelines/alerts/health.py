"""The health of rules: last alert, problems, and the likely cause of a silence."""

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
"""Minimum time without alerts before any rule counts as silent, since nights and weekends are quiet."""
FIRST_SILENCE = timedelta(days=3)
"""Time after which a rule with a single alert, whose rate is unknown, counts as silent."""
SILENCE_FACTOR = 4
"""Multiple of the mean interval after which a rule counts as silent. Independent events exceed it once in fifty times
(e⁻⁴)."""
STALE_RUN = timedelta(days=1)
"""Time since the last run after which the missing runs alone explain a silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHealth:
    """The state of a rule."""

    rule_id: str
    alerts: int
    """Number of live alerts; those of replays and backfills do not count."""
    last_alert: datetime | None
    problems: tuple[str, ...]
    """Problems of the rule, for people."""
    silence: str | None
    """Message about an unusually long silence and its likely cause, if the rule is silent."""


def rule_health(
    rules: Sequence[Rule],
    checks: Iterable[RuleCheck],
    alerts: Iterable[Alert],
    *,
    channels: Collection[str],
    cause: str,
    now: datetime,
) -> list[RuleHealth]:
    """Return the health of rules, in their order.

    Args:
        rules: the rules.
        checks: results of the rules on their own examples.
        alerts: all alerts.
        channels: names of the configured channels.
        cause: the likely cause of a silence (``silence_cause``).
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
        silent = last is not None and now - last > _usual_silence_limit(matched)
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
    """Return the channels of a rule that are not configured."""
    return [name for name in rule.notify if name not in channels and name != LOG_CHANNEL]


def _usual_silence_limit(matched: Sequence[datetime]) -> timedelta:
    """Return the silence to be expected of a rule that alerted at these sorted times."""
    if len(matched) == 1:
        return FIRST_SILENCE
    return max(SHORTEST_SILENCE, SILENCE_FACTOR * (matched[-1] - matched[0]) / (len(matched) - 1))


def silence_cause(feeds: Collection[FeedState], last_run: datetime | None, now: datetime) -> str:
    """Return the likely cause of a silence: missing runs, failing feeds, or no matching article."""
    if last_run is None or now - last_run > STALE_RUN:
        return f"no run since {time_to_text(last_run)}" if last_run else "no run yet"
    failing = [feed for feed in feeds if feed.failures]
    if failing:
        answering = [feed.last_success for feed in failing if feed.last_success]
        since = f" since {time_to_text(min(answering))}" if answering else ", none of which ever answered"
        return f"{len(failing)} of {len(feeds)} feeds failing{since}"
    if not feeds:
        return "nothing that came in matches"
    return f"all {len(feeds)} feeds are well, and nothing in them matches"


def _span(time: timedelta) -> str:
    return f"{time.days} days" if time.days > 1 else f"{round(time.total_seconds() / 3600)} hours"
