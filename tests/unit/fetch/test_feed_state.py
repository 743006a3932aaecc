"""The life of a feed, without a network."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.errors import FetchError
from pipelines.fetch.client import AnswerError, Response
from pipelines.fetch.feed_events import KEPT_EVENTS, with_event
from pipelines.fetch.feed_state import (
    BACKOFF_LAST,
    LONGEST,
    RETURNS_AFTER,
    SHORTEST,
    backoff,
    failed,
    polling,
    polling_interval,
    succeeded,
)
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from pipelines.fetch.headers import max_age, retry_after
from pipelines.fetch.health import health
from schemas.records import FeedState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "https://news.example/feed"
NEW = FeedState(url=URL)


def answer(status: int = 200, moved_to: str | None = None, **headers: str) -> Response:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(url=URL, status=status, headers=told, body=b"", fetched_at=NOON, moved_to=moved_to)


def feed(*hours: int) -> ParsedFeed:
    items = "".join(
        f"<item><link>https://news.example/{hour}</link><pubDate>{NOON - timedelta(hours=hour):%a, %d %b %Y %H:%M:%S} "
        "GMT</pubDate></item>"
        for hour in hours
    )
    return parse_feed(f'<rss version="2.0"><channel><title>E</title>{items}</channel></rss>'.encode(), URL)


def test_backoff_doubles_within_bounds_and_differs_from_feed_to_feed() -> None:
    assert backoff(1, random.Random(1)) is None
    for failures, minutes in ((2, 5), (3, 10), (4, 20), (5, 40)):
        waits = {backoff(failures, random.Random(seed)) for seed in range(50)}
        assert len(waits) > 20
        assert all(wait and minutes * 30 <= wait.total_seconds() <= minutes * 60 for wait in waits)
    assert all((backoff(1000, random.Random(seed)) or LONGEST) <= BACKOFF_LAST for seed in range(50))


def test_a_failing_feed_waits_and_a_success_ends_it() -> None:
    state = NEW
    for _ in range(3):
        state = failed(state, FetchError("timeout", "slow"), NOON)
    assert state.not_before
    assert not polling(state, NOON).ask
    assert polling(state, state.not_before).ask
    assert health(state, NOON)[0] == "failing"
    well = succeeded(state, answer(), feed(1))
    assert (well.failures, well.last_error, well.not_before) == (0, None, None)
    assert [event.change for event in well.events] == ["failed", "recovered"]


def test_retry_after_is_waited_for() -> None:
    state = failed(NEW, AnswerError(503, URL, NOON + timedelta(hours=3)), NOON)
    assert state.not_before == NOON + timedelta(hours=3)


def test_gone_retires() -> None:
    state = failed(NEW, AnswerError(410, URL), NOON)
    assert not polling(state, NOON + timedelta(days=400)).ask
    assert health(state, NOON)[0] == "retired"


def test_a_move_must_hold() -> None:
    target = "https://new.example/feed"
    state = NEW
    for runs in (1, 2):
        state = succeeded(state, answer(moved_to=target, etag='"1"'), feed(1))
        assert (state.address, state.moved_runs) == (None, runs)
    assert health(state, NOON)[0] == "moving"
    for interruption in (succeeded(state, answer(), feed(1)), failed(state, FetchError("timeout"), NOON)):
        assert interruption.moved_runs == 0
    moved = succeeded(state, answer(moved_to=target), feed(1))
    assert (moved.url, moved.address) == (URL, target)
    assert health(moved, NOON)[0] == "moved"
    for _ in range(RETURNS_AFTER):
        moved = failed(moved, FetchError("no_such_host"), NOON)
    assert moved.address is None


def test_rhythm_follows_the_feed_within_bounds() -> None:
    state = succeeded(NEW, answer(), feed(0, 4, 8, 12))
    assert state.poll_seconds == 2 * 3600
    assert state.due == NOON + timedelta(hours=2)
    assert polling(state, NOON).ask
    assert not polling(state, NOON, only_due=True).ask
    assert polling(state, NOON + timedelta(hours=2), only_due=True).ask
    quiet = succeeded(state, answer(304), None)
    assert quiet.poll_seconds == 2.5 * 3600
    assert polling_interval(None, [NOON, NOON + timedelta(seconds=5)], fresh=True) == SHORTEST.total_seconds()
    assert polling_interval(None, [NOON, NOON + timedelta(days=50)], fresh=True) == LONGEST.total_seconds()
    assert polling_interval(10**9, [], fresh=False) == LONGEST.total_seconds()


def test_cache_control_lengthens_the_wait() -> None:
    state = succeeded(NEW, answer(cache_control="public, max-age=18000"), feed(0, 1, 2))
    assert state.due == NOON + timedelta(hours=5)


def test_dates_in_the_future_do_not_count_as_newest() -> None:
    assert succeeded(NEW, answer(), feed(-48, 3)).newest == NOON - timedelta(hours=3)


def test_health_of_the_silent_and_the_broken() -> None:
    old = succeeded(NEW, answer(), feed(24 * 90))
    assert health(old, NOON)[0] == "silent"
    assert health(replace(old, degraded="half a document"), NOON)[0] == "degraded"
    assert health(succeeded(NEW, answer(), feed()), NOON)[0] == "empty"
    assert health(succeeded(NEW, answer(), feed(1)), NOON) == ("ok", "")
    assert health(NEW, NOON)[0] == "new"


def test_events_do_not_grow_without_end() -> None:
    state = NEW
    for number in range(100):
        state = with_event(state, NOON, "failed", str(number))
    assert [event.detail for event in state.events] == [str(number) for number in range(100 - KEPT_EVENTS, 100)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Mon, 01 Jun 2026 12:10:00 GMT", 600),
        ("Mon, 01 Jun 2026 11:00:00 GMT", 0),
        ("999999999", 2 * 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, seconds: int | None) -> None:
    moment = retry_after(value, NOON)
    assert (None if moment is None else (moment - NOON).total_seconds()) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("max-age=60", 60), ('private, MAX-AGE="5"', 5), ("s-maxage=9", None), ("no-store", None), (None, None)],
)
def test_max_age(value: str | None, seconds: int | None) -> None:
    assert max_age(value) == seconds
