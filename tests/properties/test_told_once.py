"""Nothing is told as new twice, lost or doubled: whatever is done twice, broken off or done at the same time.

Batches in any composition, some done again; regroupings that die between two writes, as on a store where each write
stands alone; deliveries that die between sending and recording; edits; stories that merge while their alert is sent.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.policy import LOG_CHANNEL, AlertPolicy
from pipelines.grouping.apply import apply_regroup
from pipelines.ingest.batch import store_batch
from pipelines.ingest.refine import Refined, refine
from pipelines.notify.deliver import deliver
from pipelines.rules.matcher import Matcher
from pipelines.stores import open_store
from pipelines.stores.protocol import IdKind
from schemas.export import export_alert, export_article, export_story
from schemas.records import AlertState, Capture, CaptureRef, MediaKind, MessageKind, Rule, now_utc
from schemas.serial import to_dict
from tests.synthetic import prose

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pipelines.notify.notice import Item, Notice
    from pipelines.stores.protocol import Store
    from schemas.records import Alert

NOW = now_utc()
SEEN = NOW - timedelta(hours=3)
"""When everything was fetched: within the horizon."""
RULES = (Rule(id="rockets", query="HIMARS", notify=("desk",)),)
POLICY = AlertPolicy.of(RULES)
MATCHER = Matcher(RULES)
EVENTS, COPIES = 3, 3
PLAIN = range(EVENTS * COPIES)
"""Captures by number: three copies of a text for each event, the later ones published earlier, so that ids change."""
EDITS = range(len(PLAIN), len(PLAIN) + EVENTS)
"""In each an article of one event becomes one of the next."""
WRITES = 12
"""Of a regrouping, at most."""


@cache
def capture(number: int) -> tuple[CaptureRef, Capture, Refined]:
    """A capture, and what becomes of it."""
    edit = number in EDITS
    event, copy = (number - len(PLAIN), 1) if edit else divmod(number, COPIES)
    url = f"https://outlet{copy}.example/{event}"
    shown = (event + edit) % EVENTS
    made = Capture(
        url=url,
        fetched_at=SEEN + timedelta(hours=edit),
        kind=MediaKind.JSON_ARTICLE,
        body=json.dumps(
            {
                "url": url,
                "source": f"Outlet {copy}",
                "published": f"2026-06-0{3 - copy}T08:00:00Z",
                "title": prose(100 + shown, 8),
                "text": f"{prose(shown, 150)} A HIMARS was seen.",
            }
        ).encode(),
    )
    return CaptureRef(file="a.warc.gz", offset=100 * number), made, refine(made, MATCHER)


def matching(alert: Alert) -> set[str]:
    """The articles of an alert."""
    return {match.article_id for match in alert.matches}


class Death(BaseException):
    """The process dies."""


class Frail:
    """A store of which each write stands alone, in a process that dies after so many of a regrouping's."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store = store
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def exclusive(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _write(self, write: Callable[..., object], *values: object, **more: object) -> None:
        if not self._left:
            raise Death
        self._left -= 1
        write(*values, **more)

    def write_unfinished(self, story_ids: Any) -> None:
        self._write(self._store.write_unfinished, story_ids)

    def write_changes(self, changes: Any) -> None:
        self._write(self._store.write_changes, changes)

    def set_placements(self, placements: Any) -> None:
        self._write(self._store.set_placements, placements)

    def write_stories(self, stories: Any, *, gone: Any = ()) -> None:
        self._write(self._store.write_stories, stories, gone=gone)

    def write_alerts(self, alerts: Any, *, gone: Any = (), outbox: Any = (), moved: Any = ()) -> None:
        self._write(self._store.write_alerts, [], outbox=outbox)
        self._write(self._store.write_alerts, alerts)
        self._write(self._store.write_outbox, moved)
        self._write(self._store.write_alerts, [], gone=gone)

    def remember(self, entries: Any, *, common: Any = (), rare: Any = ()) -> None:
        self._write(self._store.remember, entries)
        if common or rare:
            self._write(self._store.remember, [], common=common, rare=rare)


@dataclass(slots=True)
class Had:
    """What a receiver has had. It drops what comes with a message that it had before."""

    messages: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """Articles that it was told of as new."""
    recorded: Counter[str] = field(default_factory=Counter)
    """How often it was told so by a delivery that lived to record it."""
    alerts: set[str] = field(default_factory=set)
    """Ids of alerts that it was told of."""

    def take(self, item: Item, *, recorded: bool) -> None:
        """A part of a notice has come."""
        repeated = self.messages & set(item.message_ids)
        self.messages.update(item.message_ids)
        self.alerts.add(item.alert.id)
        if item.kind is MessageKind.NEW:
            self.told |= matching(item.alert)
            if recorded and not repeated:
                self.recorded.update(matching(item.alert))


class Channel:
    """Hands on to a receiver and does something on the way. It may fail, and its sender may die after it."""

    def __init__(self, had: Had, on_the_way: Callable[[], object], *, fails: bool = False, dies: bool = False) -> None:
        self._had = had
        self._on_the_way = on_the_way
        self._fails = fails
        self._dies = dies

    def send(self, notice: Notice) -> None:
        if self._fails:
            raise OSError("the receiver is down")
        for item in notice.items:
            self._had.take(item, recorded=not self._dies)
        self._on_the_way()


class World:
    """A store, and what was told of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        """Stands still until it is told otherwise: times are kept in whole seconds."""
        self.left = {*PLAIN, *EDITS}
        """Captures not taken yet, or by a process that died."""
        self.ungrouped: set[int] = set()
        """Edits that were stored by a process which died before it had grouped them."""
        self.had = {channel: Had() for channel in (LOG_CHANNEL, "desk")}
        self.together: set[frozenset[str]] = set()
        """Articles that were in one alert at some time."""

    def take(self, numbers: Collection[int], writes: int | None = None) -> None:
        """Store and regroup captures; with ``writes`` the process dies after so many."""
        self.left |= set(numbers)
        taken = [capture(number) for number in numbers]
        result = store_batch([(ref, one) for ref, one, _ in taken], [refined for *_, refined in taken], self.store)
        store: Any = self.store if writes is None else Frail(self.store, writes)
        self.ungrouped |= {*EDITS}.intersection(numbers)
        with suppress(Death), patch("pipelines.grouping.apply.now_utc", lambda: self.now):
            apply_regroup(result.fingerprints, store, timedelta(days=14), POLICY)
            self.left -= set(numbers)
            self.ungrouped -= set(numbers)
        self.together |= {frozenset(matching(alert)) for alert in self.store.iter_alerts()}

    def wait(self) -> None:
        """A second passes."""
        self.now += timedelta(seconds=1)

    def untold(self, channel: str) -> list[str]:
        """Alerts that a channel has never had: neither of their articles, nor of any that they were together with."""
        told = set(self.had[channel].told)
        while more := {article for group in self.together if group & told for article in group} - told:
            told |= more
        return [alert.id for alert in self.store.iter_alerts() if not matching(alert) & told]

    def deliver(self, meanwhile: Collection[int] = (), *, dies: bool = False, fails: bool = False) -> None:
        """Deliver; captures are taken while the first notice is being sent, or the process dies right after it."""
        self.now += timedelta(hours=13)  # beyond every pause and throttle, and ten of them within ORPHAN_AGE
        # Where a story falls apart while its alert is sent, the part that goes is told again: nobody knows of it yet.
        left = [] if self.ungrouped else list(meanwhile)

        def on_the_way() -> None:
            if left:
                self.take(left)
                left.clear()

        channels = {
            LOG_CHANNEL: Channel(self.had[LOG_CHANNEL], on_the_way, dies=dies),
            "desk": Channel(self.had["desk"], lambda: None, fails=fails, dies=dies),
        }
        store: Any = _Unrecorded(self.store) if dies else self.store
        with suppress(Death):
            deliver(store, channels, self.now, POLICY)


class _Unrecorded:
    """A store in a process that dies when it would record what was sent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write_outbox(self, _messages: object) -> None:
        raise Death


def exports(store: Store) -> list[dict[str, object]]:
    told = [
        *map(export_article, store.iter_articles()),
        *map(export_story, store.iter_stories()),
        *map(export_alert, store.iter_alerts()),
    ]
    return [{name: value for name, value in to_dict(one).items() if name != "matched_at"} for one in told]


numbers = st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5, unique=True)
take = st.builds(
    lambda plain, writes: lambda world: world.take(plain, writes),
    numbers,
    st.none() | st.integers(0, WRITES),
)
send = st.builds(
    lambda meanwhile, dies, fails: lambda world: world.deliver(meanwhile, dies=dies, fails=fails),
    st.just([]) | numbers,
    st.booleans(),
    st.booleans(),
)


waits = st.just(World.wait)
edits = st.builds(
    lambda number, writes: lambda world: world.take([number], writes),
    st.sampled_from(EDITS),
    st.none() | st.integers(0, WRITES),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(take | send | edits | waits, max_size=10))
def test_nothing_is_told_as_new_twice_lost_or_doubled(steps: list[Callable[[World], None]]) -> None:
    with TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/once.db") as once:
        undisturbed = World(once)
        undisturbed.take([*PLAIN, *EDITS])
        with open_store(f"sqlite:///{folder}/store.db") as store:
            world = World(store)
            for step in steps:
                step(world)
            world.deliver()
            world.take(sorted(world.left))
            world.deliver()
            undisturbed.deliver()
            assert exports(store) == exports(once)
            assert {one.state for one in store.iter_alerts()} == {AlertState.DELIVERED}
            # What is left is of alerts which a regrouping that died was about to make, and another made otherwise.
            left = store.outbox_pending(world.now + timedelta(days=3000))
            assert store.alerts({message.alert_id for message in left}) == {}
            for channel, had in world.had.items():
                assert world.untold(channel) == []
                # Whoever was sent an id finds the alert by it.
                assert [one for one in had.alerts if one not in store.ids_with_prefix(IdKind.ALERT, one, 1)] == []
                assert [article for article, times in had.recorded.items() if times > 1] == []


def test_an_alert_with_two_messages_that_it_is_new_is_told_once(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store)
        world.take([3], writes=5)  # dies with a message written and no alert
        world.deliver()
        world.take([0, 4])
        world.take([EDITS[1]], writes=6)  # the part that goes has a message of its own; that of before is left
        world.deliver()
        for had in world.had.values():
            assert set(had.recorded.values()) == {1}


def remove(path: Path, article_id: str) -> None:
    """Take an article out of a store's file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM articles WHERE article_id = ?", (article_id,))
        connection.commit()


def test_a_remembered_article_that_was_removed_groups_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        world = World(store)
        world.take([0, 1])
        (story,) = store.iter_stories()
        removed = capture(1)[2].content.article_id
        remove(path, removed)
        world.take([2])
        assert removed in story.article_ids
        assert {one for story in store.iter_stories() for one in story.article_ids} == {
            capture(number)[2].content.article_id for number in (0, 2)
        }


def test_an_article_removed_from_a_story_that_a_death_left_unfinished_groups_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        world = World(store)
        world.take([0, 1])
        world.take([2], writes=1)  # it has said what it is about to write
        assert store.unfinished()
        remove(path, capture(1)[2].content.article_id)
        world.take([3])
        assert not store.unfinished()
        world.take([2])
        assert {one for story in store.iter_stories() for one in story.article_ids} == {
            capture(number)[2].content.article_id for number in (0, 2, 3)
        }


def test_an_article_is_grouped_by_its_text_though_nobody_came_to_group_its_edit(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store)
        world.take([0, 1])
        world.take([EDITS[0]], writes=0)
        edited = capture(EDITS[0])[2].content.article_id
        assert edited == capture(1)[2].content.article_id
        world.take([2])
        assert [edited] in [list(story.article_ids) for story in store.iter_stories()]
