"""Hosts that are slow or silent, and limits on a run: what is not fetched is remembered, and said."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.captures import read_captures
from pipelines.collect.feeds import FeedsTaken, take_feeds
from pipelines.fetch import client
from pipelines.fetch.pacing import GIVE_UP, HOST_CONCURRENCY
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.sources import feed_source
from schemas.records import MediaKind
from tests.hostile.taking import intake_of
from tests.http_server import Answer, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.collect.intake import Intake

POLICY = FetchPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),))
PAGES = 30


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def take(home: Path, policy: FetchPolicy, *urls: str) -> tuple[FeedsTaken, Intake, Counter[MediaKind]]:
    """One taking in; also how many captures of each kind it has archived for processing."""
    with intake_of(home) as intake:
        taken = take_feeds([feed_source(url) for url in urls], [], intake, policy, lambda _: None)
        assert intake.store is not None
        intake.store.put_feed_states(taken.states)
        captures = read_captures(home / "archive", intake.pending.refs)
        kinds = Counter(capture.kind for _, capture in captures)
        intake.pending.done()
    return taken, intake, kinds


def test_a_silent_host_is_given_up_and_its_pages_wait_for_the_next_run(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TOTAL_SECONDS", 0.5)
    ended = threading.Event()

    def silent(_: object) -> Answer:
        ended.wait(60)
        return Answer()

    feed = web.feed("/feed", [(f"/{page}", f"Title {page}", "Short.") for page in range(PAGES)], etag='"1"')
    with WebServer() as other:
        well = other.feed("/feed", [("/well", "Well", "Short.")])
        other.page("/well", "Well", "The whole text of it.")
        for page in range(PAGES):
            web.routes[f"/{page}"] = silent
        taken, intake, kinds = take(tmp_path, POLICY, feed, well.replace("127.0.0.1", "127.0.0.2"))
    ended.set()
    asked = sum(web.requests[f"/{page}"] for page in range(PAGES))
    assert GIVE_UP <= asked < GIVE_UP + HOST_CONCURRENCY
    # The feed's own text stands in for every page, and each is asked for again.
    assert kinds[MediaKind.FEED_ENTRY] == PAGES
    assert [item.reason for item in intake.quarantined if "Well" not in item.url].count("timeout") == asked
    (postponed,) = taken.postponed.values()
    assert postponed == PAGES - asked
    (state,) = [state for state in taken.states if state.url == feed]
    assert len(state.pages) == PAGES

    monkeypatch.setattr(client, "TOTAL_SECONDS", 30.0)
    for page in range(PAGES):
        web.page(f"/{page}", f"Title {page}", "The whole text of it.")
    taken, _, kinds = take(tmp_path, POLICY, feed)
    assert taken.unchanged == 1, "the feed has nothing new"
    assert kinds == {MediaKind.HTML: postponed}, "those that timed out wait a while"
    assert not taken.postponed


def test_pages_beyond_the_limit_of_a_host_are_had_by_later_runs(web: WebServer, tmp_path: Path) -> None:
    feed = web.feed("/feed", [(f"/{page}", f"Title {page}", "Short.") for page in range(PAGES)], etag='"1"')
    for page in range(PAGES):
        web.page(f"/{page}", f"Title {page}", "The whole text of it.")
    policy = replace(POLICY, host_pages=PAGES // 3)
    taken, _, kinds = take(tmp_path, policy, feed)
    assert kinds == {MediaKind.HTML: PAGES // 3, MediaKind.FEED_ENTRY: PAGES - PAGES // 3}
    assert taken.postponed.total() == PAGES - PAGES // 3
    for _ in range(2):
        taken, _, kinds = take(tmp_path, policy, feed)
        assert kinds == {MediaKind.HTML: PAGES // 3}
    assert not taken.postponed
    assert taken.states[0].pages == ()
    assert {web.requests[f"/{page}"] for page in range(PAGES)} == {1}


def test_what_is_left_at_the_deadline_is_due_in_the_next_run(web: WebServer, tmp_path: Path) -> None:
    feeds = [web.feed(f"/feed{number}", [(f"/{number}", "Title", "Short.")]) for number in range(3)]
    for number in range(3):
        web.page(f"/{number}", "Title", f"The whole text of number {number}.")
    taken, _, kinds = take(tmp_path, replace(POLICY, deadline=0.0), *feeds)
    assert (kinds, taken.unasked) == ({}, 3)
    assert {state.last_attempt for state in taken.states} == {None}
    assert web.requests.total() == 0
    taken, _, kinds = take(tmp_path, POLICY, *feeds)
    assert (kinds, taken.unasked) == ({MediaKind.HTML: 3}, 0)


def test_a_long_pause_costs_no_more_than_the_deadline(web: WebServer, tmp_path: Path) -> None:
    web.routes["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 60\n")
    feed = web.feed("/feed", [(f"/{page}", f"Title {page}", "Short.") for page in range(PAGES)])
    for page in range(PAGES):
        web.page(f"/{page}", f"Title {page}", "The whole text of it.")
    taken, _, kinds = take(tmp_path, replace(POLICY, deadline=30.0), feed)
    assert kinds == {MediaKind.HTML: 1, MediaKind.FEED_ENTRY: PAGES - 1}
    assert taken.postponed.total() == len(taken.states[0].pages) == PAGES - 1


def test_one_feed_that_raises_ends_no_other(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = web.feed("/bad", [("/a", "A", "Short.")])
    good = web.feed("/good", [("/b", "B", "Short."), ("/c", "C", "Short.")])
    for path in ("/a", "/b", "/c"):
        web.page(path, path, "The whole text of it.")
    real = client.Fetcher.fetch

    async def fetch(fetcher: client.Fetcher, url: str, *args: object, **options: object) -> client.Response:
        if url.endswith(("/bad", "/b")):
            raise ZeroDivisionError("nobody has foreseen this")
        return await real(fetcher, url, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(client.Fetcher, "fetch", fetch)
    taken, intake, kinds = take(tmp_path, POLICY, bad, good)
    assert kinds == {MediaKind.HTML: 1}
    refused = {item.url: item.reason for item in (*taken.failed, *intake.quarantined)}
    assert refused == {bad: "unexpected", f"{web.url}/b": "unexpected"}
    assert {state.url: state.failures for state in taken.states} == {bad: 1, good: 0}
