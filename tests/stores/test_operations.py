"""Contract: seen captures, quarantine, feeds, runs, and what every store has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.stores.protocol import IdKind
from schemas.records import now_utc

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place

HOUR = timedelta(hours=1)


def test_of_several_captures_the_latest_stays(store: Store, make: type[Make]) -> None:
    old = make.seen(1)
    new = make.seen(1, fetched_at=make.day + timedelta(hours=1), payload_digest="f" * 64)
    long = make.seen(2, url="https://news.example/" + "x" * 9_000)
    store.mark_seen([new, old, long])
    store.mark_seen([old])
    assert store.seen([old.url, long.url, "unknown"]) == {old.url: new, long.url: long}
    newest = replace(new, fetched_at=make.day + timedelta(hours=2))
    store.mark_seen([old, newest])
    assert store.seen([old.url]) == {old.url: newest}


def test_of_captures_of_one_second_the_same_stays_in_any_order(store: Store, make: type[Make]) -> None:
    one, two = make.seen(1, archive_record="a@1"), make.seen(1, archive_record="a@2")
    store.mark_seen([one, two])
    store.mark_seen([one])
    assert store.seen([one.url]) == {one.url: two}
    store.mark_seen([replace(one, url="u")])
    store.mark_seen([replace(two, url="u"), replace(one, url="u")])
    assert store.seen(["u"]) == {"u": replace(two, url="u")}


def test_a_capture_processed_again_is_written_over(store: Store, make: type[Make]) -> None:
    failed = make.seen(1, article_id=None)
    store.mark_seen([failed])
    store.mark_seen([make.seen(1)])
    assert store.seen([failed.url]) == {failed.url: make.seen(1)}


def test_nothing_seen(store: Store) -> None:
    store.mark_seen([])
    assert store.seen([]) == {}


def test_quarantine_keeps_one_for_each_key_in_any_order(store: Store, make: type[Make]) -> None:
    items = [make.quarantined(number) for number in (3, 1, 2)]
    other = make.quarantined(1, reason="binary", archive_record=None)
    later = make.quarantined(1, detail="again", archive_record="a.warc.gz@99999", captured_at=make.day + HOUR)
    store.quarantine([later, *items, other])
    store.quarantine([later])
    store.quarantine([])
    assert list(store.iter_quarantine()) == [other, later, items[2], items[0]]
    store.quarantine([items[1]])
    assert list(store.iter_quarantine()) == [other, later, items[2], items[0]]


def test_quarantine_takes_what_is_itself_bad(store: Store, make: type[Make]) -> None:
    bad = make.quarantined(1, url="https://news.example/\ud83d", detail="\udcff\0 bytes")
    for _ in range(2):
        store.quarantine([bad])
    (item,) = store.iter_quarantine()
    assert (item.url, item.detail) == ("https://news.example/\\ud83d", "\\udcff\0 bytes")


def test_quarantine_over_many_pages(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=3)
    store.setup()
    items = [make.quarantined(number) for number in range(10)]
    store.quarantine(items)
    assert list(store.iter_quarantine()) == items


def test_quarantine_knows_when_a_failure_was_met_first_and_last(store: Store, make: type[Make]) -> None:
    first, between, last = (make.quarantined(1, first_seen=time, last_seen=time) for time in times(make))
    for item in (between, last, first):
        store.quarantine([item])
    assert list(store.iter_quarantine()) == [replace(last, first_seen=first.first_seen)]
    unsaid = make.quarantined(2, first_seen=None, last_seen=None)
    begun = now_utc()
    store.quarantine([unsaid])
    (met,) = (item for item in store.iter_quarantine() if item.key == unsaid.key)
    assert met.first_seen
    assert met.last_seen
    assert begun <= met.last_seen == met.first_seen <= now_utc()


def times(make: type[Make]) -> list[datetime]:
    return [make.day + number * HOUR for number in (5, 6, 7)]


def test_a_closed_item_opens_when_it_is_met_later(store: Store, make: type[Make]) -> None:
    before, closed, after = times(make)
    item, other = make.quarantined(1, last_seen=before), make.quarantined(2)
    store.quarantine([item, other])
    shut = replace(item, closed_at=closed)
    amended = store.amend_quarantine([item.url, "unknown"], lambda one: replace(one, closed_at=closed))
    assert amended == [shut]
    assert store.amend_quarantine([item.url], lambda one: one) == []
    assert list(store.iter_quarantine()) == [other]
    assert list(store.iter_quarantine(closed=True)) == [shut, other]
    store.quarantine([item])  # told twice, as after a crash
    assert list(store.iter_quarantine()) == [other]
    store.quarantine([replace(item, last_seen=after)])
    assert list(store.iter_quarantine()) == [replace(shut, last_seen=after), other]


def test_amending_removes(store: Store, make: type[Make]) -> None:
    items = [make.quarantined(1), make.quarantined(1, reason="binary"), make.quarantined(2)]
    store.quarantine(items)
    removed = store.amend_quarantine([items[0].url], lambda item: None if item.reason == "empty" else item)
    assert removed == [items[0]]
    assert list(store.iter_quarantine(closed=True)) == [items[1], items[2]]
    assert store.amend_quarantine([], lambda _: None) == []


def test_ids_are_found_by_their_beginning(store: Store, make: type[Make]) -> None:
    articles = [make.article(number) for number in (0xA, 0xB)]
    store.update_articles([article.id for article in articles], lambda _: articles)
    beginning = articles[0].id[:-1]
    both = {article.id: article.id for article in articles}
    assert store.ids_with_prefix(IdKind.ARTICLE, beginning, 5) == both
    assert list(store.ids_with_prefix(IdKind.ARTICLE, beginning, 1)) == [articles[0].id]
    assert store.ids_with_prefix(IdKind.ARTICLE, articles[1].id, 5) == {articles[1].id: articles[1].id}
    assert store.ids_with_prefix(IdKind.ARTICLE, "0000001", 5) == {}
    store.write_stories([make.story(1), make.story(12)])
    assert set(store.ids_with_prefix(IdKind.STORY, "story-0", 5)) == {"story-001", "story-012"}
    items = [make.quarantined(1), make.quarantined(2)]
    store.quarantine(items)
    assert store.ids_with_prefix(IdKind.QUARANTINE, items[0].id[:8], 5) == {items[0].id: items[0].id}
    for special in ("*", "%", "_", ""):
        assert set(store.ids_with_prefix(IdKind.STORY, special, 5)) <= (
            {"story-001", "story-012"} if not special else set()
        )


def test_former_ids_of_alerts_lead_to_them_unless_they_are_used_again(store: Store, make: type[Make]) -> None:
    now, other = make.alert(1, former_ids=("alert-000", "gone-1")), make.alert(2, former_ids=("alert-001",))
    store.write_alerts([now, other])
    assert store.ids_with_prefix(IdKind.ALERT, "alert-", 5) == {one: one for one in (now.id, other.id)} | {
        "alert-000": now.id
    }
    assert store.ids_with_prefix(IdKind.ALERT, "gone", 5) == {"gone-1": now.id}


def test_feeds(store: Store, make: type[Make]) -> None:
    states = {state.url: state for state in (make.feed(number) for number in range(3))}
    bare = make.feed(9, etag=None, last_modified=None, last_success=None, last_error=None, title=None)
    for _ in range(2):
        store.put_feed_states([*states.values(), bare])
    assert store.feed_states() == {**states, bare.url: bare}
    first = next(iter(states))
    assert store.feed_states([first, "unknown"]) == {first: states[first]}
    assert store.feed_states([]) == {}
    store.put_feed_states([replace(states[first], failures=0)])
    assert store.feed_states([first])[first].failures == 0


def test_runs_come_latest_first(store: Store, make: type[Make]) -> None:
    runs = [make.run(number) for number in (2, 1, 3)]
    twin = make.run(4, started_at=runs[2].started_at)
    for run in (*runs, twin, twin):
        store.put_run(run)
    assert store.last_runs(10) == [twin, runs[2], runs[0], runs[1]]
    assert store.last_runs(2) == [twin, runs[2]]


def test_runs_over_more_than_a_page(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=3)
    store.setup()
    for number in range(8):
        store.put_run(make.run(number))
    assert [run.id for run in store.last_runs(7)] == [f"run-{number:03}" for number in range(7, 0, -1)]


def test_setup_and_refresh_may_be_repeated_and_lose_nothing(store: Store, place: Place, make: type[Make]) -> None:
    store.put_run(make.run(1))
    store.setup()
    store.refresh()
    other = place.open()
    other.setup()
    assert other.last_runs(1) == [make.run(1)]


def test_the_printed_url_is_the_one_given(store: Store, place: Place) -> None:
    assert store.url == place.url
