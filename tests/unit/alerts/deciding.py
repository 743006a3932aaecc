"""Made-up stories, hits and articles to decide alerts of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.alerts.decide import AlertDecision, decide_alerts
from pipelines.alerts.policy import AlertPolicy
from pipelines.alerts.updates import StoryMember
from schemas.records import Alert, AlertOrigin, AlertState, Match, MessageKind, OutboxMessage, Rule, RuleHit, Story

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


LATER = NOW + timedelta(hours=5)


def story(*articles: str) -> Story:
    return Story(
        id=articles[0],
        title="t",
        first_published=None,
        last_published=None,
        article_ids=tuple(sorted(articles)),
        sources=(),
        independent_sources=1,
    )


def hit(rule: str, *starts: int, field: str = "body", term: str = "x") -> RuleHit:
    return RuleHit(
        rule_id=rule,
        rule_version="v1",
        matches=tuple(
            Match(field=field, sentence="s", start=start, end=start + 1, form="x", term=term) for start in starts
        ),
    )


POLICY = AlertPolicy.of([Rule(id=one, query="x", notify=("team",)) for one in "qr"])


def member(article: str, *hits: RuleHit, source: str | None = None, **more: Any) -> StoryMember:
    """An article of an outlet of its own, copied from nobody."""
    outlet = source or f"outlet {article}"
    given = {"order": article, "canonical_id": article, "source": outlet, "credited_party": outlet, "title": None}
    return StoryMember(**(given | {"hits": hits} | more))


def decide(
    stories: list[Story],
    hits: Mapping[str, tuple[RuleHit, ...]],
    existing: tuple[Alert, ...] = (),
    now: datetime = NOW,
    *,
    members: dict[str, StoryMember] | None = None,
    sent: tuple[OutboxMessage, ...] = (),
    policy: AlertPolicy = POLICY,
) -> AlertDecision:
    """With ``members`` in place of those that are made of ``hits``."""
    made = {article: member(article, *hits.get(article, ())) for one in stories for article in one.article_ids}
    return decide_alerts(
        stories=stories, members=made | (members or {}), existing=existing, sent=sent, policy=policy, now=now
    )


def with_state(alert: Alert, state: AlertState) -> Alert:
    return replace(alert, state=state)


def waiting(decision: AlertDecision) -> list[OutboxMessage]:
    return [one for one in (*decision.moved, *decision.outbox) if not one.delivered_at]


def spoken(decision: AlertDecision, channel: str = "team") -> list[tuple[MessageKind, str | None]]:
    return [(message.kind, message.reason) for message in decision.outbox if message.channel == channel]


TOLD = tuple(with_state(alert, AlertState.DELIVERED) for alert in decide([story("b")], {"b": (hit("r", 1),)}).put)
SILENT = replace(POLICY, origin=AlertOrigin.REPLAY, sends_messages=False)
