"""Pauses between requests, and robots.txt."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import FetchError
from pipelines.fetch.client import Fetcher
from pipelines.fetch.pacing import HOST_CONCURRENCY, MAX_INTERVAL, Pacer
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.robots import RobotsCache
from tests.http_server import Answer, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def starts(pacer: Pacer, clock: Clock, host: str, count: int) -> list[float]:
    async def one(times: list[float]) -> None:
        async with pacer.turn(host):
            times.append(clock.now)

    async def run() -> list[float]:
        times: list[float] = []
        for _ in range(count):
            await one(times)
        return times

    return asyncio.run(run())


def test_a_pause_is_kept_between_requests_to_one_host() -> None:
    clock = Clock()
    pacer = Pacer(clock, clock.sleep)
    pacer.slow_down("a.example", 5)
    pacer.slow_down("a.example", 2)
    assert starts(pacer, clock, "a.example", 4) == [0, 5, 10, 15]
    assert starts(pacer, clock, "b.example", 3) == [15, 15, 15]


def test_a_pause_of_days_is_cut_short() -> None:
    clock = Clock()
    pacer = Pacer(clock, clock.sleep)
    pacer.slow_down("a.example", 10**6)
    assert starts(pacer, clock, "a.example", 2) == [0, MAX_INTERVAL]


def test_a_host_that_has_too_many_twice_is_left_alone() -> None:
    clock = Clock()
    pacer = Pacer(clock, clock.sleep)
    pacer.hold("a.example", 600)
    (start,) = starts(pacer, clock, "a.example", 1)
    assert 0 < start < 10
    pacer.hold("a.example", 600)
    with pytest.raises(FetchError, match="held_off"):
        starts(pacer, clock, "a.example", 1)
    clock.now += 600
    assert len(starts(pacer, clock, "a.example", 1)) == 1


def test_no_more_than_a_few_requests_at_once_to_one_host() -> None:
    most = 0

    async def run() -> None:
        nonlocal most
        pacer, under_way = Pacer(), 0

        async def one() -> None:
            nonlocal under_way, most
            async with pacer.turn("a.example"):
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(run())
    assert most == HOST_CONCURRENCY


def verdicts(web: WebServer, paths: list[str], cache: Path | None = None) -> list[str]:
    async def run() -> list[str]:
        told = []
        async with Fetcher(FetchPolicy(allowed_networks=LOOPBACK, cache=cache)) as fetcher:
            robots = RobotsCache(fetcher)
            for path in paths:
                try:
                    await robots.check(web.url + path)
                    told.append("ok")
                except FetchError as error:
                    told.append(error.reason)
        return told

    return asyncio.run(run())


RULES = b"User-agent: other\nDisallow: /\n\nUser-agent: Wirepicket\nDisallow: /private/\nAllow: /private/*.html$\n"


def test_robots_txt_is_obeyed_and_asked_for_once(web: WebServer, tmp_path: Path) -> None:
    web.routes["/robots.txt"] = Answer(RULES)
    paths = ["/a", "/private/b", "/private/c.html"]
    for _ in range(2):  # the second time from the cache of the first
        assert verdicts(web, paths, tmp_path) == ["ok", "robots", "ok"]
    assert web.requests["/robots.txt"] == 1


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(status=404), "ok"),
        (Answer(status=403), "ok"),
        (Answer(status=500), "robots_unavailable"),
        (Answer(status=429), "robots_unavailable"),
        (Answer(b"<html><body>Welcome</body></html>"), "ok"),
        (Answer(b"\xff\xfe\x00rubbish"), "ok"),
        (Answer(b"User-agent: *\nDisallow: /"), "robots"),
        (Answer(b"x" * 2**20), "ok"),
    ],
)
def test_what_robots_txt_means_when_it_is_not_there(web: WebServer, answer: Answer, verdict: str) -> None:
    web.routes["/robots.txt"] = answer
    assert verdicts(web, ["/a"]) == [verdict]


def test_an_unavailable_robots_txt_is_asked_for_again_by_the_next_run(web: WebServer, tmp_path: Path) -> None:
    web.routes["/robots.txt"] = Answer(status=503)
    assert verdicts(web, ["/a"], tmp_path) == ["robots_unavailable"]
    web.routes["/robots.txt"] = Answer(b"")
    assert verdicts(web, ["/a"], tmp_path) == ["ok"]


def test_crawl_delay_sets_the_pause(web: WebServer) -> None:
    web.routes["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 7\n")
    clock = Clock()

    async def run() -> list[float]:
        pacer = Pacer(clock, clock.sleep)
        async with Fetcher(FetchPolicy(allowed_networks=LOOPBACK), pacer) as fetcher:
            robots = RobotsCache(fetcher)
            times = []
            for path in ("/a", "/b", "/c"):
                await robots.check(web.url + path)
                web.routes[path] = Answer(b"x")
                await fetcher.fetch(web.url + path)
                times.append(clock.now)
        return times

    assert asyncio.run(run()) == [0, 7, 14]


def test_we_say_who_we_are(web: WebServer) -> None:
    seen = []

    def answer(headers: Mapping[str, str]) -> Answer:
        seen.append(headers["User-Agent"])
        return Answer(b"x")

    web.routes["/a"] = answer

    async def run(contact: str | None) -> None:
        async with Fetcher(FetchPolicy(allowed_networks=LOOPBACK, contact=contact)) as fetcher:
            await fetcher.fetch(f"{web.url}/a")

    asyncio.run(run("https://desk.example/bot"))
    asyncio.run(run(None))
    assert seen[0].startswith("wirepicket/")
    assert "+https://desk.example/bot" in seen[0]
    assert "+" not in seen[1]
