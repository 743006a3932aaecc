"""What happens to the worker processes: time running out, and death."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import psutil

from pipelines.errors import ExtractionError
from pipelines.ingest.pool import RefinePool
from pipelines.ingest.refine import Refined
from schemas.records import Capture, MediaKind, Rule
from tests.synthetic import prose

NOON = datetime(2026, 6, 1, tzinfo=UTC)
RULES = (Rule(id="himars", query="HIMARS"),)


def page(paragraphs: int) -> Capture:
    text = "".join(f"<p>{prose(number % 50, 40)} The HIMARS stood there.</p>" for number in range(paragraphs))
    html = f"<html><body><article><h1>A title of some words</h1>{text}</article></body></html>"
    return Capture(url="https://news.example/a", fetched_at=NOON, kind=MediaKind.HTML, body=html.encode())


def test_a_page_that_takes_too_long_is_given_up_and_the_others_are_not() -> None:
    # The slow page takes a hundred times as long as the small one, so the limit between them stands wide of both.
    small, slow = page(3), page(12_000)
    with RefinePool(RULES, workers=1) as pool:
        assert isinstance(pool.refine_all([small])[0], Refined)  # everything is loaded
    with RefinePool(RULES, workers=1, seconds=1) as pool:
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


def test_a_worker_that_dies_costs_its_page_only() -> None:
    small, slow = page(3), page(6_000)
    results: list[object] = []
    with RefinePool(RULES, workers=1, seconds=120) as pool:
        assert isinstance(pool.refine_all([small])[0], Refined)
        working = threading.Thread(target=lambda: results.extend(pool.refine_all([slow, small])))
        working.start()
        computing_worker(0.2).kill()
        working.join(120)
    error = results[0]
    assert isinstance(error, ExtractionError)
    assert error.reason == "crashed"
    assert isinstance(results[1], Refined)


def test_matches_come_with_the_article() -> None:
    with RefinePool(RULES, workers=2) as pool:
        (result,) = pool.refine_all([page(3)])
    assert isinstance(result, Refined)
    assert [hit.rule_id for hit in result.content.hits] == ["himars"]
    assert result.fingerprint.digest == result.content.digest
