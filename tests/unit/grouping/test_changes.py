"""Merges, splits and renamings."""

from __future__ import annotations

from dataclasses import replace

from pipelines.grouping.changes import group_changes
from schemas.records import Grouping, MemoryEntry, Regrouped
from tests.synthetic import DAY, print_of

PRINT = print_of("any", "Text.")


def places(**story: str) -> dict[str, MemoryEntry]:
    return {
        article: MemoryEntry(
            fingerprint=replace(PRINT, article_id=article),
            canonical_id=article,
            story_id=told,
        )
        for article, told in story.items()
    }


def told(
    old: dict[str, MemoryEntry], new: dict[str, MemoryEntry]
) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(one.change, one.before, one.after) for one in group_changes(old, new, DAY, {})]


def test_a_story_that_grows_has_not_changed() -> None:
    assert told(places(a="a", b="a"), places(a="a", b="a", c="a")) == []
    assert told({}, places(a="a")) == []


def test_merge_split_and_renaming() -> None:
    assert told(places(a="a", b="b"), places(a="a", b="a")) == [(Regrouped.MERGED, ("a", "b"), ("a",))]
    assert told(places(a="a", b="a"), places(a="a", b="b")) == [(Regrouped.SPLIT, ("a",), ("a", "b"))]
    assert told(places(b="b", c="b"), places(a="a", b="a", c="a")) == [(Regrouped.RENAMED, ("b",), ("a",))]


def test_members_that_change_sides_are_a_split_and_a_merge() -> None:
    assert told(places(a="a", b="a", c="c"), places(a="a", b="b", c="b")) == [
        (Regrouped.SPLIT, ("a",), ("a", "b")),
        (Regrouped.MERGED, ("a", "c"), ("b",)),
    ]


def test_copy_groups_are_told_apart_from_stories() -> None:
    old = places(a="a", b="a")
    new = {one: replace(entry, canonical_id="a") for one, entry in old.items()}
    (change,) = group_changes(old, new, DAY, {})
    assert (change.grouping, change.change, change.article_ids) == (Grouping.COPIES, Regrouped.MERGED, ("b",))


def test_a_step_done_again_is_the_same_change() -> None:
    old, new = places(a="a", b="b"), places(a="a", b="a")
    again = DAY.replace(year=2027)
    assert [one.id for one in group_changes(old, new, DAY, {"b": DAY})] == [
        one.id for one in group_changes(old, new, again, {"b": DAY})
    ]


def test_what_a_later_edit_joins_again_is_another_change() -> None:
    old, new = places(a="a", b="b", c="c"), places(a="a", b="a", c="c")
    first, later = DAY, DAY.replace(year=2027)
    ids = [one.id for edits in ({"a": first}, {"a": later}) for one in group_changes(old, new, DAY, edits)]
    assert len(set(ids)) == 2
    elsewhere = [one.id for edits in ({"c": first}, {"c": later}) for one in group_changes(old, new, DAY, edits)]
    assert len(set(elsewhere)) == 1
