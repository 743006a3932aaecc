"""What became of stories and copy groups, and where an old id leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pipelines.lineage.history import GroupEventKind, Successors, copy_since, history, successors_of
from pipelines.stores import open_store
from schemas.records import Article, GroupChange, Grouping, Observation, Regrouped, Story
from tests.synthetic import DAY, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.stores.protocol import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        opened.setup()
        yield opened


def change(hour: int, what: Regrouped, before: str, after: str, moving: str = "m") -> GroupChange:
    return GroupChange(
        id=f"{hour}-{what}-{before}-{after}",
        at=DAY + timedelta(hours=hour),
        grouping=Grouping.STORIES,
        change=what,
        before=tuple(before),
        after=tuple(after),
        article_ids=tuple(moving),
    )


def stories(store: Store, *names: str) -> None:
    story = Story(
        id="",
        title=None,
        first_published=None,
        last_published=None,
        article_ids=(),
        sources=(),
        independent_sources=0,
    )
    store.write_stories([replace(story, id=name) for name in names])


def told(store: Store, name: str, grouping: Grouping = Grouping.STORIES) -> list[tuple[int, str, str]]:
    hour = timedelta(hours=1)
    return [((turn.at - DAY) // hour, turn.kind, "".join(turn.others)) for turn in history(name, grouping, store)]


def test_a_story_has_been_joined_parted_and_named_otherwise(store: Store) -> None:
    store.write_changes(
        [
            change(1, Regrouped.MERGED, "bc", "b"),
            change(2, Regrouped.RENAMED, "b", "a"),
            change(3, Regrouped.SPLIT, "a", "ad"),
            change(4, Regrouped.MERGED, "xy", "x"),
            change(5, Regrouped.SPLIT, "b", "be"),
        ]
    )
    ours = [(1, GroupEventKind.JOINED_BY, "c"), (2, GroupEventKind.WAS, "b"), (3, GroupEventKind.PARTED_WITH, "d")]
    assert told(store, "a") == ours  # what was called "b" at five is another
    assert told(store, "c") == [(1, GroupEventKind.WENT_INTO, "b")]
    assert told(store, "d") == [(3, GroupEventKind.PARTED_FROM, "a")]
    assert told(store, "m") == []
    assert told(store, "a", Grouping.COPIES) == []


def test_a_story_that_two_made_under_a_third_id(store: Store) -> None:
    store.write_changes([change(1, Regrouped.MERGED, "bc", "a"), change(2, Regrouped.SPLIT, "a", "bc")])
    assert told(store, "a") == [(1, GroupEventKind.MADE_OF, "bc"), (2, GroupEventKind.FELL_APART, "bc")]
    assert told(store, "b") == [(1, GroupEventKind.WENT_INTO, "a"), (2, GroupEventKind.PARTED_FROM, "a")]


def test_members_that_change_sides_do_not_end_the_story_which_they_left(store: Store) -> None:
    store.write_changes([change(1, Regrouped.MERGED, "ac", "b"), change(1, Regrouped.SPLIT, "a", "ab")])
    assert told(store, "a") == [(1, GroupEventKind.PARTED_WITH, "b")]
    assert told(store, "c") == [(1, GroupEventKind.WENT_INTO, "b")]


def test_ids_that_go_to_and_fro_come_to_an_end(store: Store) -> None:
    store.write_changes([change(1, Regrouped.RENAMED, "a", "b"), change(2, Regrouped.RENAMED, "b", "a")])
    assert told(store, "a") == [(1, GroupEventKind.GOES_ON_AS, "b"), (2, GroupEventKind.WAS, "b")]


def test_where_an_old_id_leads(store: Store) -> None:
    stories(store, "a", "d")
    store.write_changes(
        [
            change(1, Regrouped.MERGED, "bc", "b"),
            change(2, Regrouped.RENAMED, "b", "a"),
            change(3, Regrouped.SPLIT, "e", "df"),
            change(4, Regrouped.MERGED, "af", "a"),
        ]
    )
    hour = timedelta(hours=1)
    assert successors_of("c", store) == Successors(since=DAY + hour, now=("a",))
    assert successors_of("b", store) == Successors(since=DAY + 2 * hour, now=("a",))
    assert successors_of("e", store) == Successors(since=DAY + 3 * hour, now=("a", "d"))
    assert successors_of("m", store) is None
    stories(store, "never")
    assert successors_of("never", store) is None


def test_since_when_an_article_is_a_copy(store: Store) -> None:
    one = content("one", "Text.")
    seen = Observation(fetched_at=DAY, digest=one.digest, archive_record="a@1")
    article = Article(content=one, observations=(seen,), revision=1, first_seen=DAY, canonical_id="a")
    assert copy_since(article, store) is None
    joined = replace(change(1, Regrouped.MERGED, "ab", "a"), grouping=Grouping.COPIES, article_ids=(one.article_id,))
    left = replace(change(2, Regrouped.MERGED, "xy", "x"), grouping=Grouping.COPIES, article_ids=(one.article_id,))
    store.write_changes([joined, left])
    assert copy_since(article, store) == DAY + timedelta(hours=1)
