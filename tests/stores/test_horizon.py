"""The horizon, in both stores."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.grouping import horizon
from pipelines.grouping.horizon import forget_in_rounds, forget_quiet

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pytest

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make


def remembered(store: Store, make: type[Make]) -> Counter[str]:
    """Entries of each story, of the ten there may be."""
    entries = store.remembered([make.entry(number).fingerprint.article_id for number in range(10)])
    return Counter(entry.story_id for entry in entries.values())


def test_quiet_stories_are_forgotten_and_lively_ones_kept_whole(store: Store, make: type[Make]) -> None:
    # Entries are first seen a minute apart; 0 to 3 are one story, and so are 2 and 8 of another.
    story = {0: "quiet", 1: "quiet", 2: "lively", 3: "quiet", 4: "alone", 8: "lively", 9: "new"}
    store.remember([make.entry(number, story_id=name) for number, name in story.items()])
    limit = make.day + timedelta(minutes=5)
    assert forget_quiet(store, limit) == 4
    assert remembered(store, make) == {"lively": 2, "new": 1}
    assert forget_quiet(store, limit) == 0


def test_common_keys_that_nothing_has_any_more_are_no_longer_marked(store: Store, make: type[Make]) -> None:
    entries = [make.entry(number, canonical_id=f"{number:040x}", story_id=f"story-{number}") for number in (0, 1, 9)]
    # Of the first two, of the first alone, and of the last too.
    shared, single, lasting = 20_000, 0, 2**63 - 1
    store.remember(entries, common=[shared, single, lasting])
    forget_quiet(store, make.day + timedelta(minutes=1))
    assert store.common_keys([shared, single, lasting]) == {shared, lasting}
    forget_quiet(store, make.day + timedelta(minutes=5))
    assert store.common_keys([shared, single, lasting]) == {lasting}


def test_a_story_is_forgotten_in_one_piece(store: Store, make: type[Make], monkeypatch: pytest.MonkeyPatch) -> None:
    # A regrouping between two rounds finds all of a story or nothing.
    monkeypatch.setattr(horizon, "CHUNK", 2)
    store.remember([make.entry(number, story_id=f"story-{number % 3}") for number in range(10)])
    whole = remembered(store, make)
    rounds = []
    for dropped in forget_in_rounds(store, make.day + timedelta(minutes=10)):
        rounds.append(dropped)
        left = remembered(store, make)
        assert all(count == whole[story] for story, count in left.items())
    assert sum(rounds) == 10
    assert len(rounds) > 1
    assert not left


def test_a_story_that_is_joined_while_forgetting_waits_is_kept(
    store: Store, make: type[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.remember([make.entry(number, story_id="quiet") for number in range(3)])
    exclusive = store.exclusive

    def after_another() -> AbstractContextManager[None]:
        # What has joined is the earliest now, so that the story goes by its name.
        store.remember([make.entry(number, story_id="renamed") for number in (0, 1, 2, 9)])
        return exclusive()

    monkeypatch.setattr(store, "exclusive", after_another)
    assert forget_quiet(store, make.day + timedelta(minutes=5)) == 0
    assert remembered(store, make) == {"renamed": 4}
