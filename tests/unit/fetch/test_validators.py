"""Validators: what is sent back, and that none of them silences a feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.fetch.client import Response
from pipelines.fetch.feed_state import succeeded
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from pipelines.fetch.validators import WHOLE_EVERY, conditions
from schemas.records import FeedState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "https://news.example/feed"
BEFORE = "Mon, 01 Jun 2026 11:00:00 GMT"


def feed(*titles: str) -> ParsedFeed:
    items = "".join(f"<item><link>/{title}</link><title>{title}</title></item>" for title in titles)
    return parse_feed(f'<rss version="2.0"><channel><title>E</title>{items}</channel></rss>'.encode(), URL)


def read(state: FeedState, at: datetime, *titles: str, **headers: str) -> FeedState:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return succeeded(state, Response(url=URL, status=200, headers=told, body=b"", fetched_at=at), feed(*titles))


def unchanged(state: FeedState, at: datetime) -> FeedState:
    return succeeded(state, Response(url=URL, status=304, headers=(), body=b"", fetched_at=at), None)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"ETag": '"v1"', "Last_Modified": BEFORE}, {"If-None-Match": '"v1"', "If-Modified-Since": BEFORE}),
        ({"ETag": 'W/"a b"'}, {"If-None-Match": 'W/"a b"'}),
        ({"Last_Modified": "Mon, 01 Jun 2026 12:03:00 GMT"}, {"If-Modified-Since": "Mon, 01 Jun 2026 12:03:00 GMT"}),
        ({"Last_Modified": "Tue, 02 Jun 2026 12:00:00 GMT"}, {}),
        ({"Last_Modified": "Fri, 01 Jan 2038 00:00:00 GMT"}, {}),
        ({"Last_Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}, {}),
        ({"Last_Modified": "just now"}, {}),
        ({"Last_Modified": "Mon, 01 Jun 2026 11:00:00 GMTé"}, {}),
        ({"ETag": '"größe"'}, {}),
        ({"ETag": '"a\x7f"'}, {}),
        ({"ETag": '"' + "a" * 5_000 + '"'}, {}),
        ({"ETag": ""}, {}),
        ({}, {}),
    ],
)
def test_only_plausible_validators_are_sent(headers: dict[str, str], sent: dict[str, str]) -> None:
    state = read(FeedState(url=URL), NOON, "a", **headers)
    assert conditions(state, NOON + timedelta(hours=1)) == sent


def test_a_date_ahead_of_the_clock_is_not_sent_when_its_time_has_come() -> None:
    state = read(FeedState(url=URL), NOON, "a", last_modified="Mon, 01 Jun 2026 20:00:00 GMT")
    assert conditions(state, NOON + timedelta(hours=10)) == {}


def test_a_feed_is_asked_without_conditions_once_a_day() -> None:
    state = read(FeedState(url=URL), NOON, "a", etag='"v1"')
    whole = 0
    for hour in range(1, 24 * 5):
        now = NOON + timedelta(hours=hour)
        if conditions(state, now):
            state = unchanged(state, now)
        else:
            whole += 1
            state = read(state, now, "a", etag='"v1"')
    assert whole == 4
    assert not state.events


def test_an_etag_that_stays_while_the_entries_change_is_noticed_and_not_sent_again() -> None:
    state = read(FeedState(url=URL), NOON, "a", etag='"same"')
    later = NOON + WHOLE_EVERY
    assert conditions(state, later) == {}
    state = read(state, later, "a", "b", etag='"same"')
    assert [event.change for event in state.events] == ["validators"]
    assert 'ETag "same"' in state.events[0].detail
    assert conditions(state, later + timedelta(hours=1)) == {}
    state = read(state, later + timedelta(hours=1), "a", "b", "c", etag='"same"')
    assert len(state.events) == 1, "it is said once"


def test_what_changes_with_its_validators_is_no_fault() -> None:
    state = read(FeedState(url=URL), NOON, "a", etag='"1"')
    state = read(state, NOON + timedelta(hours=1), "a", "b", etag='"2"')
    state = read(state, NOON + timedelta(hours=2), "b", "a", etag='"2"')
    assert not state.events
    assert conditions(state, NOON + timedelta(hours=3)) == {"If-None-Match": '"2"'}


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_sent_can_be_sent(etag: str, modified: str) -> None:
    state = read(FeedState(url=URL), NOON, "a", etag=etag, last_modified=modified)
    for value in conditions(state, NOON + timedelta(hours=1)).values():
        assert value.encode("ascii")
        assert not set(value) & set("\r\n\0")
    stored = replace(FeedState(url=URL, read_at=NOON), etag=etag, last_modified=modified)
    for value in conditions(stored, NOON + timedelta(hours=1)).values():
        value.encode("ascii")
