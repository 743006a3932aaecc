"""What happens to the worker processes: time running out, and death."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from pipelines.errors import ExtractionError
from pipelines.ingest.pool import RefinePool
from pipelines.ingest.refine import Refined
from schemas.records import Capture, CaptureRef, FeedEntry, MediaKind, Rule
from tests.synthetic import prose

NOON = datetime(2026, 6, 1, tzinfo=UTC)
RULES = (Rule(id="himars", query="HIMARS"),)


def page(paragraphs: int, words: int = 40) -> Capture:
    text = "".join(f"<p>{prose(number % 50, words)} The HIMARS stood there.</p>" for number in range(paragraphs))
    html = f"<html><body><article><h1>A title of some words</h1>{text}</article></body></html>"
    return Capture(url="https://news.example/a", fetched_at=NOON, kind=MediaKind.HTML, body=html.encode())


def slow_page() -> Capture:
    """A page that takes some seconds: its number of paragraphs costs most."""
    return page(24_000, words=12)


def test_a_page_that_takes_too_long_is_given_up_and_the_others_are_not() -> None:
    # The limit is a multiple of the time of a small page in a new worker, and a fraction of that of the slow page.
    small, slow = page(3), slow_page()
    with RefinePool(RULES, workers=1) as pool:
        assert isinstance(pool.refine_all([small])[0], Refined)  # everything is loaded
    with RefinePool(RULES, workers=1, seconds=2.5) as pool:
        results = pool.refine_all([small, slow, small])
    error = results[1]
    assert isinstance(error, ExtractionError)
    assert error.reason == "timeout"
    assert all(isinstance(result, Refined) for result in (results[0], results[2]))


def computing_worker(seconds: float) -> psutil.Process:
    """The process below this one which has computed most, once that is ``seconds`` more than it was."""
    before = {process.pid: process.cpu_times().user for process in psutil.Process().children(recursive=True)}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for process in psutil.Process().children(recursive=True):
            if process.cpu_times().user - before.get(process.pid, 0.0) > seconds:
                return process
        time.sleep(0.02)
    raise AssertionError("no worker computes")


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_page_is_given_up_when_a_second_worker_dies_on_it(deaths: int) -> None:
    small, slow = page(3), slow_page()
    results: list[object] = []
    with RefinePool(RULES, workers=1, seconds=120) as pool:
        assert isinstance(pool.refine_all([small])[0], Refined)
        working = threading.Thread(target=lambda: results.extend(pool.refine_all([slow, small])))
        working.start()
        for _ in range(deaths):
            computing_worker(1.0).kill()
        working.join(120)
    first, second = results
    assert isinstance(second, Refined)
    if deaths == 1:
        assert isinstance(first, Refined)
    else:
        assert isinstance(first, ExtractionError)
        assert first.reason == "crashed"
        assert "exit code -9" in first.detail


def test_workers_killed_at_any_moment_leave_nobody_waiting() -> None:
    captures = [(CaptureRef(file="a", offset=number), page(3 + number % 5)) for number in range(192)]
    portions = (captures[start : start + 24] for start in range(0, len(captures), 24))
    chance = random.Random(7)
    results: list[object] = []
    with RefinePool(RULES, workers=2) as pool:
        pool.refine_all([page(3)])
        for _, outcomes in pool.refine_ahead(portions):
            results += outcomes
            time.sleep(chance.random() * 0.05)
            with suppress(psutil.NoSuchProcess):  # it ended while we looked
                oldest = min(workers(), key=lambda worker: worker.create_time(), default=None)
                if oldest:  # both may be dead, and their successors not there yet
                    oldest.kill()
    assert len(results) == len(captures)
    given_up = [one for one in results if not isinstance(one, Refined)]
    assert all(isinstance(one, ExtractionError) and one.reason == "crashed" for one in given_up)
    assert len(given_up) <= len(captures) / 24 / 2, "a page is given up only when two workers have died on it"


def workers() -> list[psutil.Process]:
    """The processes that the forking server has made."""
    return [worker for server in psutil.Process().children() for worker in server.children()]


def test_a_page_given_up_falls_back_to_its_feed_entry() -> None:
    entry = FeedEntry(
        feed_url="https://news.example/feed",
        entry_id="a",
        link="https://news.example/a",
        title="Bridge saved from the ice",
        author=None,
        published=NOON,
        html="<p>The HIMARS stood there when the regiment moved its last bridge.</p>",
        source="Example Wire",
    )
    slow = replace(slow_page(), entry=entry)
    with RefinePool(RULES, workers=1) as pool:
        pool.refine_all([page(3)])
    with RefinePool(RULES, workers=1, seconds=2.5) as pool:
        (late,) = pool.refine_all([slow])
    assert isinstance(late, Refined)
    assert late.failure is not None
    assert late.failure.reason == "timeout"
    assert late.content.title == "Bridge saved from the ice"
    assert [hit.rule_id for hit in late.content.hits] == ["himars"]
    with RefinePool(RULES, workers=1, memory=64 << 20, seconds=120) as pool:
        links = b"<article><h1>A title</h1>" + b"<a href='/x'>link</a> " * 100_000
        (large,) = pool.refine_all([replace(slow, body=links)])
    assert isinstance(large, Refined)
    assert large.failure is not None
    assert large.failure.reason == "memory"


def test_matches_come_with_the_article() -> None:
    with RefinePool(RULES, workers=2) as pool:
        (result,) = pool.refine_all([page(3)])
    assert isinstance(result, Refined)
    assert [hit.rule_id for hit in result.content.hits] == ["himars"]
    assert result.fingerprint.digest == result.content.digest
