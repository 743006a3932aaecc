"""Contract: the memory of grouping."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from schemas.records import MemoryEntry
    from tests.stores.conftest import Make, Place


def numbers(entries: Any) -> Any:
    return [int(entry.fingerprint.article_id, 16) for entry in entries]


def leader(make: type[Make], number: int, **changes: Any) -> MemoryEntry:
    """An entry that is its group's canonical one."""
    return make.entry(number, canonical_id=f"{number:040x}", **changes)


def test_entries_come_back_equal(store: Store, make: type[Make]) -> None:
    entries = [make.entry(number) for number in range(4)]
    store.remember(entries)
    ids = [entry.fingerprint.article_id for entry in entries]
    assert store.remembered([*ids, "unknown"]) == dict(zip(ids, entries, strict=True))


def test_look_up_by_key(store: Store, make: type[Make]) -> None:
    store.remember([leader(make, number) for number in reversed(range(8))])
    assert numbers(store.related(Space.COPY, [3, 10_000])) == [0, 1, 3]
    assert numbers(store.related(Space.STORY, [20_001])) == [3, 4, 5]
    assert numbers(store.related(Space.COPY, [2**63 - 1])) == list(range(8))
    assert store.related(Space.COPY, [20_001]) == []
    assert store.related(Space.COPY, []) == []


def test_story_keys_lead_to_canonical_articles_only(store: Store, make: type[Make]) -> None:
    copy = make.entry(4, canonical_id=f"{3:040x}")
    store.remember([leader(make, 3), copy, leader(make, 5)])
    assert numbers(store.related(Space.STORY, [20_001])) == [3, 5]
    store.remember([make.entry(3, canonical_id=f"{4:040x}"), leader(make, 4)])  # a copy has turned out the original
    assert numbers(store.related(Space.STORY, [20_001])) == [4, 5]
    assert numbers(store.related(Space.COPY, [3, 4])) == [3, 4]
    store.forget([f"{4:040x}"])
    assert numbers(store.related(Space.STORY, [20_001])) == [5]


def test_look_up_by_group(store: Store, make: type[Make]) -> None:
    store.remember([make.entry(number) for number in reversed(range(8))])
    assert numbers(store.members(Space.COPY, ["copy-1", "copy-3", "unknown"])) == [2, 3, 6, 7]
    assert numbers(store.members(Space.STORY, ["story-0"])) == [0, 1, 2]
    assert store.members(Space.STORY, []) == []


def test_an_entry_written_again_loses_its_former_keys(store: Store, make: type[Make]) -> None:
    store.remember([leader(make, 1), leader(make, 2)])
    changed = leader(make, 1, fingerprint={"copy_keys": (77,), "story_keys": (20_000, 88)}, story_id="z")
    for _ in range(2):
        store.remember([changed])
    assert numbers(store.related(Space.COPY, [1, 2**63 - 1])) == [2]
    assert store.related(Space.COPY, [77]) == [changed]
    assert numbers(store.related(Space.STORY, [20_000])) == [1, 2]
    assert store.members(Space.STORY, ["story-0"]) == store.related(Space.STORY, [2]) == [leader(make, 2)]


def test_of_an_entry_written_twice_at_once_the_last_counts(store: Store, make: type[Make]) -> None:
    last = leader(make, 1, fingerprint={"copy_keys": (77,), "story_keys": (88,)})
    store.remember([leader(make, 1), leader(make, 2), last])
    assert numbers(store.related(Space.COPY, [1, 2**63 - 1])) == [2]
    assert store.related(Space.COPY, [77]) == store.related(Space.STORY, [88]) == [last]
    assert store.related(Space.STORY, [1]) == []


def test_common_keys(store: Store) -> None:
    store.remember([], common=[1, 2, 2**63 - 1])
    store.remember([], common=[2], rare=[1, 99])
    assert store.common_keys([1, 2, 3, 2**63 - 1]) == {2, 2**63 - 1}
    assert store.common_keys([]) == set()


def test_holders_are_counted_up_to_a_number(store: Store, make: type[Make]) -> None:
    store.remember([*(leader(make, number) for number in range(6)), make.entry(7, canonical_id=f"{3:040x}")])
    assert store.count_holders(Space.COPY, [3, 10_001, 2**63 - 1, 99], 5) == {3: 1, 10_001: 2, 2**63 - 1: 5}
    # Not the copy, which has this key too.
    assert store.count_holders(Space.STORY, [20_001, 20_002], 9) == {20_001: 3}
    assert store.count_holders(Space.STORY, [], 9) == {}
    store.forget([f"{4:040x}", f"{5:040x}"])
    assert store.count_holders(Space.STORY, range(20_000, 30_000), 2) == {20_000: 2, 20_001: 1}


def test_a_batch_of_500_articles_with_25_keys_each_is_one_look_up(store: Store, make: type[Make]) -> None:
    entries = [
        make.entry(number, fingerprint={"copy_keys": tuple(range(number * 25, number * 25 + 25))})
        for number in range(500)
    ]
    store.remember(entries)
    assert store.related(Space.COPY, range(12_500)) == entries
    # Beyond what Elasticsearch takes in one query, and SQLite in variables.
    assert len(store.related(Space.COPY, range(140_000))) == 500
    store.remember([], common=range(0, 140_000, 2))
    assert store.common_keys(range(70_000, 140_000)) == set(range(70_000, 140_000, 2))


def test_more_entries_than_a_page(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=40)
    store.setup()
    store.remember([make.entry(number) for number in range(130)])
    assert numbers(store.related(Space.COPY, [2**63 - 1])) == list(range(130))
    old = make.day + timedelta(minutes=90)
    assert numbers(store.stale(old)) == list(range(90))
    for entry in store.stale(old):  # dropped while it is read
        store.forget([entry.fingerprint.article_id])
    assert numbers(store.related(Space.COPY, [2**63 - 1])) == list(range(90, 130))


def test_what_is_stale_can_be_forgotten(store: Store, make: type[Make]) -> None:
    store.remember([make.entry(number) for number in range(10)])
    before = make.day + timedelta(minutes=4)
    stale = list(store.stale(before))
    assert numbers(stale) == [0, 1, 2, 3]
    store.forget([entry.fingerprint.article_id for entry in stale])
    assert list(store.stale(before)) == []
    store.forget([entry.fingerprint.article_id for entry in stale])  # again, which changes nothing
    assert numbers(store.related(Space.COPY, range(100))) == [4, 5, 6, 7, 8, 9]
    assert store.remembered([make.entry(0).fingerprint.article_id]) == {}
    # A key whose entries are gone is free for others.
    store.remember([make.entry(50, fingerprint={"copy_keys": (0,)})])
    assert numbers(store.related(Space.COPY, [0])) == [50]


def test_writes_inside_exclusive_are_seen_inside_it_and_after(store: Store, make: type[Make]) -> None:
    with store.exclusive():
        store.remember([make.entry(1)], common=[5])
        assert numbers(store.related(Space.COPY, [1])) == [1]
        assert store.common_keys([5]) == {5}
    assert numbers(store.related(Space.COPY, [1])) == [1]


def test_what_is_unfinished_is_kept_until_something_else_is_said(store: Store) -> None:
    assert store.unfinished() == frozenset()
    with store.exclusive():
        store.write_unfinished(["b", "a"])
        assert store.unfinished() == {"a", "b"}
    store.write_unfinished({"c"})
    with store.exclusive():
        assert store.unfinished() == {"c"}
        store.write_unfinished([])
    assert store.unfinished() == frozenset()
