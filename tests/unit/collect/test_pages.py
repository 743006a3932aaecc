"""Pages of entries: which are fetched, and which again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.captures import read_captures
from pipelines.collect.pages import FIRST_RETRY, TRIES, may_pass, next_try
from pipelines.errors import FetchError
from pipelines.fetch.client import AnswerError
from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from pipelines.stores.sqlite.store import SqliteStore
from schemas.records import MediaKind
from tests.hostile.taking import take
from tests.http_server import Answer, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def pretend_that_time_has_passed(home: Path, url: str) -> None:
    with SqliteStore(home / "store.db") as store:
        state = store.feed_states()[url]
        pages = tuple(replace(page, not_before=NOON - timedelta(days=9999)) for page in state.pages)
        store.put_feed_states([replace(state, pages=pages)])


def test_a_page_that_fails_for_now_is_had_later_though_the_feed_is_unchanged(web: WebServer, tmp_path: Path) -> None:
    feed = web.feed("/feed", [("/a", "A", "Short.")], etag='"1"')
    web.routes["/a"] = Answer(b"busy", 503)
    taken, intake = take(tmp_path, [feed])
    (capture,) = [one for _, one in read_captures(tmp_path / "archive", intake.pending.refs)]
    assert capture.kind is MediaKind.FEED_ENTRY
    assert [page.attempts for page in taken.states[0].pages] == [1]
    take(tmp_path, [feed])
    assert web.requests["/a"] == 1, "it is too early"

    web.page("/a", "A", "The whole text of it.")
    pretend_that_time_has_passed(tmp_path, feed)
    taken, intake = take(tmp_path, [feed])
    assert web.requests["/a"] == 2
    assert taken.unchanged == 1
    assert taken.states[0].pages == ()
    had = {one.kind: one for _, one in read_captures(tmp_path / "archive", intake.pending.refs)}
    assert sorted(had) == [MediaKind.FEED_ENTRY, MediaKind.HTML]
    assert had[MediaKind.HTML].listed_at == capture.listed_at is not None
    assert capture.listed_at <= capture.fetched_at


def test_a_page_that_keeps_failing_is_given_up(web: WebServer, tmp_path: Path) -> None:
    feed = web.feed("/feed", [("/a", "A", "Short.")], etag='"1"')
    web.routes["/a"] = Answer(b"busy", 503)
    for _ in range(TRIES + 3):
        _, intake = take(tmp_path, [feed])
        pretend_that_time_has_passed(tmp_path, feed)
    assert web.requests["/a"] == TRIES
    assert len(intake.pending.refs) == 1


def test_a_page_forbidden_by_robots_txt_is_not_fetched(web: WebServer, tmp_path: Path) -> None:
    feed = web.feed("/feed", [("/private/a", "A", "Short."), ("/b", "B", "Short.")])
    web.page("/b", "B", "The whole text of it.")
    web.routes["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private/\n")
    _, intake = take(tmp_path, [feed])
    assert web.requests["/private/a"] == 0
    assert [(one.reason, one.url) for one in intake.quarantined] == [("robots", f"{web.url}/private/a")]
    assert len(intake.pending.refs) == 2


def test_two_feeds_that_name_one_page_fetch_it_once(web: WebServer, tmp_path: Path) -> None:
    feeds = [web.feed(f"/feed{number}", [("/a", "A", "Short.")]) for number in range(5)]
    web.page("/a", "A", "The whole text of it.")
    _, intake = take(tmp_path, feeds)
    assert web.requests["/a"] == 1
    assert len(intake.pending.refs) == 1


def test_when_a_page_is_asked_for_again() -> None:
    first = next_try("u", 1, NOON, FetchError("timeout"))
    assert first is not None
    assert first.not_before == NOON + FIRST_RETRY
    told = next_try("u", 2, NOON, AnswerError(503, "u", NOON + timedelta(hours=30)))
    assert told is not None
    assert told.not_before == NOON + timedelta(hours=30)
    assert next_try("u", TRIES, NOON, None) is None
    assert [may_pass(AnswerError(status, "u")) for status in (404, 403, 410, 429, 500, 503)] == [
        False, False, False, True, True, True,
    ]  # fmt: skip
    assert not may_pass(FetchError("robots"))
    assert not may_pass(FetchError("private_address"))


def test_entries_that_share_a_link_are_articles_of_their_own(web: WebServer, tmp_path: Path) -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><title>Line {n}</title><link>{web.url}/live</link></item>"
        for n in range(3)
    )
    channel = f'<rss version="2.0"><channel><title>Ticker</title>{items}</channel></rss>'
    web.routes["/feed"] = Answer(channel.encode(), headers={"Content-Type": "text/xml"})
    feed = f"{web.url}/feed"
    _, intake = take(tmp_path, [feed])
    captures = [one for _, one in read_captures(tmp_path / "archive", intake.pending.refs)]
    contents = [refine(one, Matcher([])).content for one in captures]
    assert sorted(one.title or "" for one in contents) == ["Line 0", "Line 1", "Line 2"]
    assert len({one.article_id for one in contents}) == 3
    assert {one.url for one in contents} == {f"{web.url}/live"}
    assert web.requests["/live"] == 0, "no page is one entry's alone"
    _, intake = take(tmp_path, [feed])
    assert len(intake.pending.refs) == 3, "known entries are not taken in again"


def test_an_etag_beyond_ascii_does_not_end_a_feed(web: WebServer, tmp_path: Path) -> None:
    web.page("/a", "A", "The whole text of it.")
    feed = web.feed("/feed", [("/a", "A", "Short.")], etag='"größe"')
    for run in range(1, 4):
        taken, _ = take(tmp_path, [feed])
        assert (taken.failed, web.requests["/feed"]) == ([], run)


def test_a_server_that_always_says_not_modified_is_a_failure(web: WebServer, tmp_path: Path) -> None:
    web.routes["/feed"] = Answer(status=304)
    taken, _ = take(tmp_path, [f"{web.url}/feed"])
    assert [one.reason for one in taken.failed] == ["not_modified"]
