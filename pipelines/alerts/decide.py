"""The decision on alerts, one per rule and story: a pure function of hits, stories and earlier alerts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.alerts.messages import MessageWriter
from pipelines.alerts.outbox_moves import CurrentAlert, follow_messages, former_ids, settle_unsent, successors
from pipelines.alerts.policy import digest
from pipelines.alerts.updates import alerted_terms, matched_terms, updates_of
from schemas.records import Alert, AlertMatch, AlertOrigin, AlertState, MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from pipelines.alerts.policy import AlertPolicy
    from pipelines.alerts.updates import StoryMember, Update
    from schemas.records import OutboxMessage, RuleHit, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDecision:
    """The changes to write to the store."""

    put: tuple[Alert, ...] = ()
    """Alerts that are new or have changed, by id."""
    gone: tuple[str, ...] = ()
    """Ids of removed alerts, sorted."""
    outbox: tuple[OutboxMessage, ...] = ()
    """New messages, by id."""
    moved: tuple[OutboxMessage, ...] = ()
    """Existing messages that now belong to another alert or need no longer be sent, by id."""
    raised: int = 0
    """Number of alerts that are new: they continue no earlier alert, or only alerts without messages."""


def alert_id(rule_id: str, story_id: str) -> str:
    """Return the id of the alert of a rule on a story."""
    return digest("alert", rule_id, story_id)


def alert_ids(stories: Iterable[Story], members: Mapping[str, StoryMember]) -> set[str]:
    """Return the ids of the alerts that stories can have by the hits of their articles."""
    return {
        alert_id(hit.rule_id, story.id)
        for story in stories
        for article_id in story.article_ids
        for hit in members[article_id].hits
    }


def decide_alerts(
    *,
    stories: Sequence[Story],
    members: Mapping[str, StoryMember],
    existing: Sequence[Alert],
    sent: Iterable[OutboxMessage] = (),
    policy: AlertPolicy,
    now: datetime,
) -> AlertDecision:
    """Decide on the alerts of stories and their messages.

    Args:
        stories: the recomputed stories, in their present state. They must include all existing stories that their
            articles belong or belonged to.
        members: all articles of these stories, by id.
        existing: alerts of all stories that these articles belong or belonged to.
        sent: the messages, delivered or not, of these alerts and of those that may arise (``alert_ids``).
        policy: the rules, the origin of the articles, and whether messages are sent.
        now: time of this decision, UTC.

    A further article of the story is added to its alert. A message follows if the alert escalates (``updates``), which
    reopens an acknowledged alert, or if an edit adds or removes a term. When stories merge or split, alerts follow: an
    alert of the same rule that shares an article with the story passes on its time and state, and nothing is sent
    again. Its messages move with it (``outbox_moves``), to channels that have not received them. If an edit removes all
    matches of an alert, a delivered alert stays unchanged, since people have read it, and an undelivered one is
    removed. An unsent alert of a replay or a backfill is sent when a live article joins it. The resulting alerts do not
    depend on the order of the arguments, nor on the order and batches in which articles arrive.
    """
    outbox: list[OutboxMessage] = []
    moved: list[OutboxMessage] = []
    current_alerts: list[CurrentAlert] = []
    raised = 0
    known = {alert.id: alert for alert in existing}
    messages = _by_alert(sent)
    alerts_by_subject = _by_subject(existing)
    for story in stories:
        hits_by_rule = _hits_by_rule(story, members)
        related_by_rule = _by_rule(alerts_by_subject, story)
        for rule_id in sorted(hits_by_rule.keys() | related_by_rule.keys()):
            related = related_by_rule.get(rule_id, ())
            terms_before, terms_now = alerted_terms(related), matched_terms(hits_by_rule.get(rule_id, ()))
            has_messages = any(alert.id in messages for alert in related)
            is_new = not related or (
                not has_messages and _is_first_sending(related, policy, terms_before.keys(), terms_now.keys())
            )
            alert = (
                _alert(
                    story,
                    hits_by_rule[rule_id],
                    related,
                    severity=policy.severity(rule_id),
                    origin=policy.origin if is_new else _origin(related),
                    now=now,
                )
                if rule_id in hits_by_rule
                else _vanished(story, rule_id, related)
            )
            if alert is None:
                continue
            updates = updates_of(terms_before, terms_now, story.article_ids, members, policy.escalation(rule_id))
            source = members[alert.article_id].source or alert.article_id
            if alert.state is AlertState.ACKNOWLEDGED and policy.sends_messages and not is_new and _escalates(updates):
                alert = replace(alert, state=AlertState.ESCALATED)
            writer = MessageWriter(alert=alert, source=source, policy=policy, now=now)
            current_alerts.append(CurrentAlert(alert=alert, story=story, related=related, writer=writer))
            if is_new:
                raised += 1
                by_edit = all(members[article_id].edited for article_id in terms_now)
                first_messages = writer.new_alert(updates, by_edit=by_edit)
                outbox += first_messages
                moved += settle_unsent(messages.get(alert.id, ()), first_messages, now)
            else:
                outbox += writer.updates(updates)
    gone = known.keys() - {current.alert.id for current in current_alerts}
    successor_of = successors(current_alerts, gone)
    put: dict[str, Alert] = {}
    for current in current_alerts:
        alert = replace(current.alert, former_ids=former_ids(current, successor_of))
        moves = follow_messages(current, messages, successor_of, known=alert.id in known and alert.id in messages)
        moved += moves.moved
        outbox += moves.added
        if moves.delivered and alert.state is AlertState.NEW:  # each channel has received an alert that it continues
            alert = replace(alert, state=AlertState.DELIVERED)
        if known.get(alert.id) != alert:
            put[alert.id] = alert
    return AlertDecision(
        put=tuple(put[name] for name in sorted(put)),
        gone=tuple(sorted(gone)),
        outbox=tuple(sorted(outbox, key=lambda message: message.id)),
        moved=tuple(sorted(moved, key=lambda message: message.id)),
        raised=raised,
    )


def _is_first_sending(
    related: Sequence[Alert], policy: AlertPolicy, before: AbstractSet[str], now: AbstractSet[str]
) -> bool:
    """Return whether alerts without a message are now to be sent for the first time.

    Alerts of a replay or a backfill may have no messages. A live alert has none if its run ended before it wrote the
    messages, or if messages were off. ``before`` and ``now`` are the articles that matched before and that match now.
    """
    if not policy.sends_messages or any(alert.state is not AlertState.NEW for alert in related):
        return False
    if _origin(related) is AlertOrigin.LIVE:
        return now != before
    return bool(now - before) or policy.origin is not AlertOrigin.LIVE


def _escalates(updates: Iterable[Update]) -> bool:
    return any(update.kind is MessageKind.ESCALATED for update in updates)


def _state(related: Sequence[Alert]) -> AlertState:
    """Return the state of an alert that continues others: that of the earliest in use, or escalated if one was."""
    states = [alert.state for alert in related if alert.state is not AlertState.NEW]
    if not states or states[0] is AlertState.MUTED:
        return states[0] if states else AlertState.NEW
    return AlertState.ESCALATED if AlertState.ESCALATED in states else states[0]


def _origin(related: Iterable[Alert]) -> AlertOrigin:
    """Return the origin of an alert that continues others: live if any of them is live."""
    origins = [alert.origin for alert in related]
    return AlertOrigin.LIVE if AlertOrigin.LIVE in origins else origins[0]


def _by_alert(messages: Iterable[OutboxMessage]) -> dict[str, list[OutboxMessage]]:
    out: defaultdict[str, list[OutboxMessage]] = defaultdict(list)
    for message in messages:
        out[message.alert_id].append(message)
    return out


def _hits_by_rule(story: Story, members: Mapping[str, StoryMember]) -> dict[str, list[tuple[str, RuleHit]]]:
    """Return the hits of each rule in a story with their article ids, earliest article first."""
    hits_by_rule: defaultdict[str, list[tuple[str, RuleHit]]] = defaultdict(list)
    matching = [article_id for article_id in story.article_ids if members[article_id].hits]
    for article_id in sorted(matching, key=lambda article_id: (members[article_id].order, article_id)):
        for hit in members[article_id].hits:
            hits_by_rule[hit.rule_id].append((article_id, hit))
    return hits_by_rule


def _by_subject(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Return the alerts by the ids of their story and articles. A story has the id of one of its articles."""
    out: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        for subject in {alert.story_id, alert.article_id, *(match.article_id for match in alert.matches)}:
            out[subject].append(alert)
    return out


def _by_rule(earlier: Mapping[str, list[Alert]], story: Story) -> dict[str, tuple[Alert, ...]]:
    """Return the alerts of each rule on a story or an article of it, earliest first."""
    related = {alert.id: alert for subject in {story.id, *story.article_ids} for alert in earlier.get(subject, ())}
    out: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in sorted(related.values(), key=lambda alert: (alert.matched_at, alert.id)):
        out[alert.rule_id].append(alert)
    return {rule_id: tuple(alerts) for rule_id, alerts in out.items()}


def _alert(
    story: Story,
    hits: Sequence[tuple[str, RuleHit]],
    related: Sequence[Alert],
    *,
    severity: str,
    origin: AlertOrigin,
    now: datetime,
) -> Alert:
    first_id, first_hit = hits[0]
    rule_id = first_hit.rule_id
    own_id = alert_id(rule_id, story.id)
    return Alert(
        id=own_id,
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
            for article_id, hit in hits
            for match in sorted(hit.matches, key=lambda match: (match.field != "title", match.start, match.end))
        ),
        state=_state(related),
        origin=origin,
        thread=related[0].thread or related[0].id if related else own_id,
        severity=severity,
    )


def _vanished(story: Story, rule_id: str, related: Sequence[Alert]) -> Alert | None:
    """Return the alert that stays although its story no longer matches; ``None`` if no alert stays."""
    # An alert belongs to the story with its first article. In other parts of a split story no matches have vanished.
    acted_on = [
        alert for alert in related if alert.state is not AlertState.NEW and alert.article_id in story.article_ids
    ]
    if not acted_on:
        return None
    kept = next((alert for alert in acted_on if alert.story_id == story.id), acted_on[0])
    return replace(kept, id=alert_id(rule_id, story.id), story_id=story.id, matched_at=acted_on[0].matched_at)
