"""Contract: what failed is closed when it succeeds, on both stores, whoever writes first."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.errors import ExtractionError
from pipelines.ingest.batch import store_batch
from pipelines.ingest.failures import Success, close_feeds, close_seeds, renew_last_seen, settle
from pipelines.ingest.refine import Refined
from schemas.records import Capture, CaptureRef, MediaKind, Quarantined
from tests.stores.conftest import DAY

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place

URL = "https://news.example/1"
HOUR = timedelta(hours=1)
NOW = DAY + 9 * HOUR


def failure(record: str | None, at: datetime, **changes: Any) -> Quarantined:
    item = Quarantined(
        url=URL,
        stage="extract" if record else "fetch",
        reason="empty",
        detail="",
        archive_record=record,
        captured_at=at if record else None,
        first_seen=at,
        last_seen=at,
    )
    return replace(item, **changes)


def success(record: str, at: datetime, *, of_entry: bool = False) -> Success:
    return Success(urls=(URL, record), archive_record=record, captured_at=at, of_entry=of_entry)


def left(store: Store) -> set[str]:
    return {item.reason for item in store.iter_quarantine()}


def test_a_success_closes_what_failed_before_it(store: Store) -> None:
    items = [
        failure("a@1", DAY, reason="earlier"),
        failure("a@2", DAY + 2 * HOUR, reason="the same"),
        failure("a@3", DAY + 3 * HOUR, reason="later"),
        failure(None, DAY + HOUR, reason="not had"),
        failure(None, DAY + 3 * HOUR, reason="not had later"),
        failure("a@2", DAY + HOUR, url="a@2", stage="archive", reason="lost"),
        failure("a@1", DAY, url="https://news.example/2", reason="of another"),
    ]
    store.quarantine(items)
    store.quarantine([replace(failure("a@0", DAY, reason="feed's words"), kind=MediaKind.FEED_ENTRY)])
    settle(store, (), [success("a@2", DAY + 2 * HOUR, of_entry=True)], NOW)
    assert left(store) == {"earlier", "later", "not had", "not had later", "of another"}
    settle(store, (), [success("a@2", DAY + 2 * HOUR)], NOW)
    assert left(store) == {"later", "not had later", "of another"}
    closed = {item.reason: item.closed_at for item in store.iter_quarantine(closed=True) if not item.is_open}
    assert set(closed.values()) == {NOW}


def test_a_capture_that_fails_otherwise_has_one_open_item(store: Store) -> None:
    store.quarantine([failure("a@1", DAY, reason="before"), failure("a@1", DAY, stage="store", reason="rejected")])
    now = failure("a@1", DAY, reason="now")
    store.quarantine([now])
    settle(store, [now], (), NOW)
    assert left(store) == {"now", "rejected"}


def batch(make: type[Make], store: Store, offset: int, at: datetime, *, fails: bool) -> None:
    capture = Capture(url=URL, fetched_at=at, kind=MediaKind.HTML, body=f"{offset}".encode(), status=200)
    content = make.content(1, url=URL, digest=f"digest-{offset}")
    entry = make.entry(1).fingerprint
    refined = Refined(content, replace(entry, article_id=content.article_id, digest=content.digest))
    result = ExtractionError("empty") if fails else refined
    store_batch([(CaptureRef(file="a", offset=offset), capture)], [result], store)


def test_a_failure_stored_after_a_later_success_is_closed(store: Store, make: type[Make]) -> None:
    batch(make, store, 2, DAY + HOUR, fails=False)
    batch(make, store, 1, DAY, fails=True)
    assert left(store) == set()
    assert len(list(store.iter_quarantine(closed=True))) == 1
    # The archive is replayed: it fails again, and is as little to be done about.
    batch(make, store, 1, DAY, fails=True)
    assert left(store) == set()
    batch(make, store, 3, DAY + 2 * HOUR, fails=True)
    assert left(store) == {"empty"}
    batch(make, store, 2, DAY + HOUR, fails=False)  # told once more
    assert left(store) == {"empty"}
    batch(make, store, 3, DAY + 2 * HOUR, fails=False)  # a better program
    assert left(store) == set()


def test_two_writers_leave_nothing_open_that_has_succeeded(place: Place, make: type[Make]) -> None:
    stores = [place.open(), place.open()]
    stores[0].setup()
    for round_ in range(6):
        at = DAY + round_ * timedelta(days=1)
        start = threading.Barrier(2)

        def write(store: Store, offset: int, when: datetime, *, fails: bool, start: threading.Barrier = start) -> None:
            start.wait()
            batch(make, store, offset, when, fails=fails)

        writers = [
            threading.Thread(target=write, args=(stores[0], 10 * round_ + 1, at), kwargs={"fails": True}),
            threading.Thread(target=write, args=(stores[1], 10 * round_ + 2, at + HOUR), kwargs={"fails": False}),
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert left(stores[0]) == set()


def test_a_feed_that_was_had_closes_what_it_failed_with(store: Store, make: type[Make]) -> None:
    before = make.feed(1, last_success=DAY)
    well = replace(before, failures=0, last_success=DAY + 5 * HOUR)
    items = [
        Quarantined(url=well.url, stage=stage, reason=reason, detail="", first_seen=at, last_seen=at)
        for stage, reason, at in (
            ("fetch", "http_503", DAY + HOUR),
            ("feed", "html", DAY + 2 * HOUR),
            ("feed", "no_link", DAY),  # found in the document that still stands
        )
    ]
    store.quarantine(items)
    store.put_feed_states([well])

    def close(read: set[str], noted: list[Quarantined]) -> None:
        started = DAY + 5 * HOUR
        close_feeds(store, [well], {before.url: before}, read=read, started=started, noted=noted, now=NOW)

    close(set(), [])
    assert left(store) == {"no_link"}
    close({well.url}, [items[2]])
    assert left(store) == {"no_link"}
    close({well.url}, [])
    assert left(store) == set()
    # Another process had it later than this one failed.
    late = replace(items[0], last_seen=DAY + 4 * HOUR, first_seen=DAY + 4 * HOUR, reason="timeout")
    store.quarantine([late])
    settle(store, [late], (), NOW)
    assert left(store) == set()


def test_a_seed_file_closes_what_it_no_longer_lacks(store: Store) -> None:
    items = [
        Quarantined(url=url, stage="seed", reason=url, detail="", first_seen=DAY, last_seen=DAY)
        for url in ("seed:a.jsonl#1", "seed:a.jsonl#2", "seed:b.jsonl#1", "seed:b.jsonl", "seed:c.jsonl#1")
    ]
    store.quarantine(items)
    close_seeds(store, set(), [], NOW)
    assert len(left(store)) == 5
    close_seeds(store, {"seed:a.jsonl", "seed:b.jsonl"}, [items[1], items[3]], NOW)
    # Of the second nothing is closed: it could not be read to its end.
    assert left(store) == {item.url for item in items[1:]}


def test_what_is_offered_again_unchanged_is_met_again(store: Store, make: type[Make]) -> None:
    store.quarantine([failure("a@1", DAY), failure("a@2", DAY, reason="other")])
    bad = make.seen(1, url=URL, archive_record="a@1", article_id=None, succeeded_at=None)
    renew_last_seen(store, [bad, make.seen(2)], NOW)
    assert {item.reason: item.last_seen for item in store.iter_quarantine()} == {"empty": NOW, "other": DAY}
