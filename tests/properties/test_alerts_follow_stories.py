"""One alert per rule and story, whatever order articles come in and however stories merge and split meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.decide import AlertDecision, alert_id, decide_alerts
from pipelines.alerts.policy import AlertPolicy
from pipelines.alerts.updates import StoryMember
from schemas.records import Alert, AlertState, Match, MessageKind, OutboxMessage, Rule, RuleHit, Story

START = datetime(2026, 1, 1, tzinfo=UTC)
ARTICLES = "abcdefgh"
RULES = "rst"


class World:
    """Alerts and outbox as a store keeps them, and the stories of a partition."""

    def __init__(self, outlets: dict[str, str] | None = None) -> None:
        self.outlets = outlets or dict.fromkeys(ARTICLES, "one")
        self.alerts: dict[str, Alert] = {}
        self.outbox: dict[str, OutboxMessage] = {}
        self.stories: dict[str, Story] = {}
        self.now = START

    def see(self, present: str, label: dict[str, int], hits: dict[str, tuple[RuleHit, ...]]) -> AlertDecision:
        self.now += timedelta(minutes=1)
        groups: dict[int, list[str]] = {}
        for article in sorted(present):
            groups.setdefault(label[article], []).append(article)
        stories = [
            Story(
                id=members[0],
                title=None,
                first_published=None,
                last_published=None,
                article_ids=tuple(members),
                sources=(),
                independent_sources=1,
            )
            for members in groups.values()
        ]
        touched = {one.id for one in stories} | set(self.stories)
        existing = [alert for alert in self.alerts.values() if alert.story_id in touched]
        decision = decide_alerts(
            stories=stories,
            members={
                article: StoryMember(
                    order=article,
                    canonical_id=article,
                    source=self.outlets[article],
                    credited_party=self.outlets[article],
                    title=None,
                    hits=hits[article],
                )
                for article in present
            },
            existing=existing,
            sent=[message for message in self.outbox.values() if message.alert_id in {one.id for one in existing}],
            policy=AlertPolicy.of([Rule(id=rule, query="x") for rule in RULES]),
            now=self.now,
        )
        self.stories = {one.id: one for one in stories}
        for message in decision.outbox:
            self.outbox.setdefault(message.id, message)
        self.outbox |= {message.id: message for message in decision.moved}
        for gone in decision.gone:
            del self.alerts[gone]
        self.alerts |= {alert.id: alert for alert in decision.put}
        return decision

    def deliver(self) -> list[str]:
        """Deliver what the outbox holds; the rules that spoke."""
        spoke = []
        for message in list(self.outbox.values()):
            alert = self.alerts.get(message.alert_id)
            if message.delivered_at is None and alert and alert.state is AlertState.NEW:
                spoke.append(alert.rule_id)
                self.alerts[alert.id] = replace(alert, state=AlertState.DELIVERED)
                self.outbox[message.id] = replace(message, delivered_at=self.now)
        return spoke


labels = st.fixed_dictionaries({article: st.integers(0, 3) for article in ARTICLES})
matching = st.fixed_dictionaries({article: st.sets(st.sampled_from(RULES)) for article in ARTICLES})


def as_hits(matched: dict[str, set[str]]) -> dict[str, tuple[RuleHit, ...]]:
    place = Match(field="body", sentence="s", start=0, end=1, form="s", term="s")
    return {
        article: tuple(RuleHit(rule_id=rule, rule_version="v", matches=(place,)) for rule in sorted(rules))
        for article, rules in matched.items()
    }


def expected(world: World, matched: dict[str, set[str]]) -> set[tuple[str, str]]:
    return {
        (rule, one.id) for one in world.stories.values() for article in one.article_ids for rule in matched[article]
    }


@settings(deadline=None)
@given(labels, matching, st.permutations(ARTICLES), st.lists(st.integers(1, 8), max_size=4), st.booleans())
def test_alerts_do_not_depend_on_order_and_batches(
    label: dict[str, int],
    matched: dict[str, set[str]],
    order: list[str],
    cuts: list[int],
    deliver: bool,  # noqa: FBT001 - generated
) -> None:
    hits = as_hits(matched)
    at_once = World()
    at_once.see(ARTICLES, label, hits)
    spoken = World()
    for cut in [*sorted(cuts), len(ARTICLES)]:
        spoken.see("".join(order[:cut]), label, hits)
        if deliver:
            spoken.deliver()
    assert {(a.rule_id, a.story_id) for a in spoken.alerts.values()} == expected(spoken, matched)

    def bare(world: World) -> dict[str, Alert]:
        return {
            key: replace(alert, matched_at=START, state=AlertState.NEW, thread=None, former_ids=())
            for key, alert in world.alerts.items()
        }

    assert bare(spoken) == bare(at_once)
    assert spoken.see(ARTICLES, label, hits) == AlertDecision()
    spoken.deliver()
    assert all(alert.state is AlertState.DELIVERED for alert in spoken.alerts.values())


@settings(deadline=None)
@given(st.lists(labels, min_size=2, max_size=6), matching)
def test_a_story_that_was_told_is_never_told_again_however_stories_move(
    partitions: list[dict[str, int]], matched: dict[str, set[str]]
) -> None:
    hits = as_hits(matched)
    world = World()
    told: list[str] = []
    for label in partitions:
        world.see(ARTICLES, label, hits)
        assert {(a.rule_id, a.story_id) for a in world.alerts.values()} == expected(world, matched)
        told += world.deliver()
    first = World()
    first.see(ARTICLES, partitions[0], hits)
    # Every article was there from the start, so every later alert follows from one that was told then.
    assert sorted(told) == sorted(first.deliver())


@settings(deadline=None)
@given(
    st.fixed_dictionaries({article: st.sampled_from("XYZ") for article in ARTICLES}),
    matching,
    st.permutations(ARTICLES),
    st.lists(st.integers(1, 8), max_size=5),
)
def test_every_outlet_is_told_of_once_however_its_articles_come(
    outlets: dict[str, str], matched: dict[str, set[str]], order: list[str], cuts: list[int]
) -> None:
    world = World(outlets)
    one_story = dict.fromkeys(ARTICLES, 0)
    told: dict[str, set[str]] = {rule: set() for rule in RULES}
    messages: list[tuple[str, MessageKind]] = []
    arrived = 0
    for cut in [*sorted(cuts), len(ARTICLES)]:
        for rule, known in told.items():
            now = {outlets[article] for article in order[arrived:cut] if rule in matched[article]}
            if now - known:
                messages.append((rule, MessageKind.ESCALATED if known else MessageKind.NEW))
            known.update(now)
        arrived = max(arrived, cut)
        world.see("".join(order[:arrived]), one_story, as_hits(matched))
    # The story's id is that of its earliest article, and so changes while they come.
    by_rule = {alert_id(rule, article): rule for rule in RULES for article in ARTICLES}
    escalated = [by_rule[one.alert_id] for one in world.outbox.values() if one.kind is MessageKind.ESCALATED]
    assert sorted(escalated) == sorted(rule for rule, kind in messages if kind is MessageKind.ESCALATED)
    assert {by_rule[one.alert_id] for one in world.outbox.values()} == {rule for rule, _ in messages}


@settings(deadline=None)
@given(st.lists(st.tuples(labels, st.booleans()), min_size=1, max_size=6), matching)
def test_every_alert_that_stands_is_delivered_in_the_end_however_stories_move(
    steps: list[tuple[dict[str, int], bool]], matched: dict[str, set[str]]
) -> None:
    world = World()
    for label, deliver in steps:
        world.see(ARTICLES, label, as_hits(matched))
        if deliver:
            world.deliver()
    world.deliver()
    assert all(alert.state is AlertState.DELIVERED for alert in world.alerts.values())
