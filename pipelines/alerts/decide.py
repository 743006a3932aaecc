"""One alert per rule and story: a pure decision over what matched, what the stories are and what was alerted before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.alerts.messages import Speaker
from pipelines.alerts.outbox_moves import CurrentAlert, follow, former_ids, heirs, settled
from pipelines.alerts.policy import digest
from pipelines.alerts.updates import terms_found, terms_of, updates_of
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
    """What to write."""

    put: tuple[Alert, ...] = ()
    """Alerts that are new or have changed, by id."""
    gone: tuple[str, ...] = ()
    """Ids of alerts which no longer stand, sorted."""
    outbox: tuple[OutboxMessage, ...] = ()
    """Messages to be sent, by id."""
    moved: tuple[OutboxMessage, ...] = ()
    """Messages that are there already and now speak of another alert, or need not be sent any more, by id."""
    raised: int = 0
    """Alerts that are news: they follow from no earlier alert, or from none that anybody was to be told of."""


def alert_id(rule_id: str, story_id: str) -> str:
    """The id of the alert of a rule about a story."""
    return digest("alert", rule_id, story_id)


def alert_ids(stories: Iterable[Story], members: Mapping[str, StoryMember]) -> set[str]:
    """The ids of the alerts that stories can have by what matches in them."""
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
    """Decide which alerts stand, and what is to be said of them.

    Args:
        stories: the stories that were recomputed, as they are now. All stories that the articles of these belong or
            belonged to and that still exist must be among them.
        members: by id, every article of these stories.
        existing: alerts of every story these articles belong or belonged to.
        sent: the messages of these alerts and of those that may come to be (``alert_ids``), delivered or not.
        policy: the rules, what made the articles come, and whether there are messages.
        now: time of this decision, UTC.

    A further article of the story is added to its alert. It is said when it makes the alert more (``news``), which
    opens an acknowledged one again, and when an edit brings or takes a term. When stories merge or split, alerts
    follow: an alert of the same rule which shares an article with the story hands on its time and state, and nothing
    is sent again. Its messages go with it (``following``), to be sent to the channels that have not had them. An alert
    whose matches have vanished by an edit stays as it was when it has been delivered (people have read it), and goes
    when it has not. An alert of a replay or a backfill which was not sent is sent when an article comes in and joins
    it. Which alerts stand does not depend on the order of the arguments, nor on the order and batches in which articles
    come.
    """
    outbox: list[OutboxMessage] = []
    moved: list[OutboxMessage] = []
    standing: list[CurrentAlert] = []
    raised = 0
    known = {alert.id: alert for alert in existing}
    messages = _by_alert(sent)
    earlier = _by_subject(existing)
    for story in stories:
        found = _matches_by_rule(story, members)
        before = _by_rule(earlier, story)
        for rule_id in sorted(found.keys() | before.keys()):
            related = before.get(rule_id, ())
            said, says = terms_of(related), terms_found(found.get(rule_id, ()))
            heard = any(alert.id in messages for alert in related)
            fresh = not related or (not heard and _untold(related, policy, said.keys(), says.keys()))
            alert = (
                _alert(
                    story,
                    found[rule_id],
                    related,
                    severity=policy.severity(rule_id),
                    origin=policy.origin if fresh else _origin(related),
                    now=now,
                )
                if rule_id in found
                else _vanished(story, rule_id, related)
            )
            if alert is None:
                continue
            news = updates_of(said, says, story.article_ids, members, policy.escalation(rule_id))
            first = members[alert.article_id].source or alert.article_id
            if alert.state is AlertState.ACKNOWLEDGED and policy.speaks and not fresh and _escalates(news):
                alert = replace(alert, state=AlertState.ESCALATED)
            speaker = Speaker(alert=alert, source=first, policy=policy, now=now)
            standing.append(CurrentAlert(alert=alert, story=story, related=related, speaker=speaker))
            if fresh:
                raised += 1
                first_of_all = speaker.first(news, by_edit=all(members[article_id].edited for article_id in says))
                outbox += first_of_all
                moved += settled(messages.get(alert.id, ()), first_of_all, now)
            else:
                outbox += speaker.further(news)
    gone = known.keys() - {one.alert.id for one in standing}
    heir_of = heirs(standing, gone)
    put: dict[str, Alert] = {}
    for one in standing:
        alert = replace(one.alert, former_ids=former_ids(one, heir_of))
        followed = follow(one, messages, heir_of, known=alert.id in known and alert.id in messages)
        moved += followed.moved
        outbox += followed.fresh
        if followed.told and alert.state is AlertState.NEW:  # each channel had one of those it follows
            alert = replace(alert, state=AlertState.DELIVERED)
        if known.get(alert.id) != alert:
            put[alert.id] = alert
    return AlertDecision(
        put=tuple(put[one] for one in sorted(put)),
        gone=tuple(sorted(gone)),
        outbox=tuple(sorted(outbox, key=lambda message: message.id)),
        moved=tuple(sorted(moved, key=lambda message: message.id)),
        raised=raised,
    )


def _untold(related: Sequence[Alert], policy: AlertPolicy, said: AbstractSet[str], says: AbstractSet[str]) -> bool:
    """Whether alerts without a message are now to be told for the first time.

    Of a replay or a backfill, nobody was to be told. Of a live one whoever wrote it died before its messages had
    followed, or nobody was to be told either. ``said`` and ``says`` are the articles that match, before and now.
    """
    if not policy.speaks or any(alert.state is not AlertState.NEW for alert in related):
        return False
    if _origin(related) is AlertOrigin.LIVE:
        return says != said
    return bool(says - said) or policy.origin is not AlertOrigin.LIVE


def _escalates(news: Iterable[Update]) -> bool:
    return any(one.kind is MessageKind.ESCALATED for one in news)


def _state(related: Sequence[Alert]) -> AlertState:
    """The state of an alert that follows others: what somebody has done to the earliest, or that it was reopened."""
    told = [alert.state for alert in related if alert.state is not AlertState.NEW]
    if not told or told[0] is AlertState.MUTED:
        return told[0] if told else AlertState.NEW
    return AlertState.ESCALATED if AlertState.ESCALATED in told else told[0]


def _origin(related: Iterable[Alert]) -> AlertOrigin:
    """What made the alerts that one follows: live where any of them is."""
    origins = [alert.origin for alert in related]
    return AlertOrigin.LIVE if AlertOrigin.LIVE in origins else origins[0]


def _by_alert(messages: Iterable[OutboxMessage]) -> dict[str, list[OutboxMessage]]:
    out: defaultdict[str, list[OutboxMessage]] = defaultdict(list)
    for message in messages:
        out[message.alert_id].append(message)
    return out


def _matches_by_rule(story: Story, members: Mapping[str, StoryMember]) -> dict[str, list[tuple[str, RuleHit]]]:
    """For each rule the articles of the story that match it, earliest first."""
    found: defaultdict[str, list[tuple[str, RuleHit]]] = defaultdict(list)
    matching = [article_id for article_id in story.article_ids if members[article_id].hits]
    for article_id in sorted(matching, key=lambda one: (members[one].order, one)):
        for hit in members[article_id].hits:
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
    story: Story,
    found: Sequence[tuple[str, RuleHit]],
    related: Sequence[Alert],
    *,
    severity: str,
    origin: AlertOrigin,
    now: datetime,
) -> Alert:
    first_id, first_hit = found[0]
    rule_id = first_hit.rule_id
    own = alert_id(rule_id, story.id)
    return Alert(
        id=own,
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
        state=_state(related),
        origin=origin,
        thread=related[0].thread or related[0].id if related else own,
        severity=severity,
    )


def _vanished(story: Story, rule_id: str, related: Sequence[Alert]) -> Alert | None:
    """The alert that stays although nothing in the story matches any more; ``None`` when none does."""
    # An alert belongs where its first article is. In another part of a story that split, nothing has vanished.
    told = [alert for alert in related if alert.state is not AlertState.NEW and alert.article_id in story.article_ids]
    if not told:
        return None
    own = next((alert for alert in told if alert.story_id == story.id), told[0])
    return replace(own, id=alert_id(rule_id, story.id), story_id=story.id, matched_at=told[0].matched_at)
