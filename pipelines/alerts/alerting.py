"""One alert per rule and story: a pure decision over what matched, what the stories are and what was alerted before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from schemas.records import Alert, AlertMatch, AlertState, OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from schemas.records import Rule, RuleHit, Story

LOG_CHANNEL = "log"
"""The JSON-lines file which every alert goes to, whatever its rule names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDecision:
    """What to write."""

    put: tuple[Alert, ...] = ()
    """Alerts that are new or have changed, by id."""
    gone: tuple[str, ...] = ()
    """Ids of alerts which no longer stand, sorted."""
    outbox: tuple[OutboxMessage, ...] = ()
    """Messages to be sent, by id."""
    raised: int = 0
    """Alerts that are news: they follow from no earlier alert."""


def alert_id(rule_id: str, story_id: str) -> str:
    """The id of the alert of a rule about a story."""
    return _digest("alert", rule_id, story_id)


def message_id(alert: str, channel: str, kind: str) -> str:
    """The id of an outbox message: the same message always has the same, so that a receiver can drop repeats."""
    return _digest("message", alert, channel, kind)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def channels_by_rule(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """The notification channels of each rule, the log first."""
    return {rule.id: tuple(dict.fromkeys((LOG_CHANNEL, *rule.notify))) for rule in rules}


def decide_alerts(
    *,
    stories: Sequence[Story],
    hits: Mapping[str, tuple[RuleHit, ...]],
    order: Mapping[str, Any],
    existing: Sequence[Alert],
    channels_of: Callable[[str], Sequence[str]],
    now: datetime,
) -> AlertDecision:
    """Decide which alerts stand.

    Args:
        stories: the stories that were recomputed, as they are now. All stories that the articles of these belong or
            belonged to and that still exist must be among them.
        hits: by article id, the rules it matches; articles without hits may be missing.
        order: by article id, a key; the article with the smallest is the earliest.
        existing: alerts of every story these articles belong or belonged to.
        channels_of: the notification channels of a rule.
        now: time of this decision, UTC.

    When stories merge or split, alerts follow: an alert of the same rule which shares an article with the story
    hands on its time and state, and nothing is sent again. One that has not been delivered yet is sent under its new
    id in place of the old. An alert whose matches have vanished by an edit stays as it was when it has been delivered
    (people have read it), and goes when it has not. The result does not depend on the order of the arguments.
    """
    put: dict[str, Alert] = {}
    kept: set[str] = set()
    outbox: list[OutboxMessage] = []
    raised = 0
    known = {alert.id: alert for alert in existing}
    earlier = _by_subject(existing)
    for story in stories:
        found = _matches_by_rule(story, hits, order)
        before = _by_rule(earlier, story)
        for rule_id in sorted(found.keys() | before.keys()):
            related = before.get(rule_id, ())
            alert = (
                _alert(story, rule_id, found[rule_id], related, now)
                if rule_id in found
                else _vanished(story, rule_id, related)
            )
            if alert is None:
                continue
            kept.add(alert.id)
            raised += not related
            if known.get(alert.id) != alert:
                put[alert.id] = alert
            if alert.id not in known and alert.state is AlertState.NEW:
                outbox.extend(_messages(alert, channels_of(rule_id), now))
    return AlertDecision(
        put=tuple(put[one] for one in sorted(put)),
        gone=tuple(sorted(known.keys() - kept)),
        outbox=tuple(sorted(outbox, key=lambda message: message.id)),
        raised=raised,
    )


def _matches_by_rule(
    story: Story, hits: Mapping[str, tuple[RuleHit, ...]], order: Mapping[str, Any]
) -> dict[str, list[tuple[str, RuleHit]]]:
    """For each rule the articles of the story that match it, earliest first."""
    found: defaultdict[str, list[tuple[str, RuleHit]]] = defaultdict(list)
    matching = [article_id for article_id in story.article_ids if hits.get(article_id)]
    for article_id in sorted(matching, key=lambda one: (order[one], one)):
        for hit in hits[article_id]:
            found[hit.rule_id].append((article_id, hit))
    return found


def _by_subject(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Alerts by the story and the articles they speak of. A story has the id of an article; both mean it."""
    out: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        for subject in {alert.story_id, alert.article_id, *(match.article_id for match in alert.matches)}:
            out[subject].append(alert)
    return out


def _by_rule(earlier: Mapping[str, list[Alert]], story: Story) -> dict[str, tuple[Alert, ...]]:
    """For each rule its alerts that speak of the story or an article of it, earliest first."""
    related = {alert.id: alert for subject in {story.id, *story.article_ids} for alert in earlier.get(subject, ())}
    out: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in sorted(related.values(), key=lambda alert: (alert.matched_at, alert.id)):
        out[alert.rule_id].append(alert)
    return {rule_id: tuple(alerts) for rule_id, alerts in out.items()}


def _alert(
    story: Story, rule_id: str, found: list[tuple[str, RuleHit]], related: tuple[Alert, ...], now: datetime
) -> Alert:
    first_id, first_hit = found[0]
    told = [alert.state for alert in related if alert.state is not AlertState.NEW]
    return Alert(
        id=alert_id(rule_id, story.id),
        rule_id=rule_id,
        rule_version=first_hit.rule_version,
        story_id=story.id,
        article_id=first_id,
        matched_at=related[0].matched_at if related else now,
        matches=tuple(
            AlertMatch(
                article_id=article_id,
                field=match.field,
                sentence=match.sentence,
                start=match.start,
                end=match.end,
                form=match.form,
                term=match.term,
            )
            for article_id, hit in found
            for match in sorted(hit.matches, key=lambda match: (match.field != "title", match.start, match.end))
        ),
        state=told[0] if told else AlertState.NEW,
    )


def _vanished(story: Story, rule_id: str, related: tuple[Alert, ...]) -> Alert | None:
    """The alert that stays although nothing in the story matches any more; ``None`` when none does."""
    # An alert belongs where its first article is. In another part of a story that split, nothing has vanished.
    told = [alert for alert in related if alert.state is not AlertState.NEW and alert.article_id in story.article_ids]
    if not told:
        return None
    own = next((alert for alert in told if alert.story_id == story.id), told[0])
    return replace(own, id=alert_id(rule_id, story.id), story_id=story.id, matched_at=told[0].matched_at)


def _messages(alert: Alert, channels: Sequence[str], now: datetime) -> list[OutboxMessage]:
    return [
        OutboxMessage(
            id=message_id(alert.id, channel, "new"),
            alert_id=alert.id,
            channel=channel,
            created_at=now,
            next_attempt=now,
        )
        for channel in channels
    ]
