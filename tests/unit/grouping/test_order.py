"""Who comes first in a group."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipelines.grouping.order import order_key
from tests.synthetic import DAY, DictMemory, content, print_of, prose

HOUR = timedelta(hours=1)


def ordered(**published: datetime | None) -> list[str | None]:
    made = [content(name, "Text.", published=at) for name, at in published.items()]
    return [one.external_id for one in sorted(made, key=order_key)]


def test_what_declares_only_its_day_comes_behind_the_times_of_that_day() -> None:
    assert ordered(day=DAY, morning=DAY + 8 * HOUR, late=DAY + 23 * HOUR, before=DAY - HOUR, next=DAY + 25 * HOUR) == [
        "before",
        "morning",
        "late",
        "day",
        "next",
    ]
    assert ordered(undated=None, next=DAY + 24 * HOUR, day=DAY) == ["day", "next", "undated"]


def test_a_copy_of_a_day_gives_way_to_its_original_of_that_morning_and_goes_before_one_of_the_next() -> None:
    day, original = print_of("day", prose(1, 160)), print_of("original", prose(1, 160), hour=8)
    following = print_of("following", prose(1, 160), day=1, hour=3)
    memory = DictMemory()
    memory.take([following])
    memory.take([day])
    assert {entry.canonical_id for entry in memory.entries.values()} == {day.article_id}
    memory.take([original])
    assert {entry.canonical_id for entry in memory.entries.values()} == {original.article_id}
    assert {entry.story_id for entry in memory.entries.values()} == {original.article_id}
