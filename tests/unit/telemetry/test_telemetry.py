"""Log lines, metrics and the way to traces."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from pipelines.errors import ConfigurationError
from pipelines.telemetry.counts import add_counts, count_increases
from pipelines.telemetry.metrics import Metrics
from pipelines.telemetry.step import LogForm, Step, line_of
from pipelines.telemetry.tracing import RECEIVERS, Tracer, child_environment
from schemas.records import StepCount

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROCESS = Step(at=NOON, run="r", step="process", seconds=1.5, counts={"new": 3, "revised": 1, "alerts": 2})
FAILED = Step(at=NOON, run="r", step="collect", seconds=0.5, error="StoreUnavailableError")


def test_a_step_is_a_line() -> None:
    assert json.loads(line_of(PROCESS, LogForm.JSON)) == {
        "at": "2026-06-01T12:00:00Z",
        "run": "r",
        "step": "process",
        "seconds": 1.5,
        "new": 3,
        "revised": 1,
        "alerts": 2,
    }
    assert line_of(PROCESS, LogForm.TEXT) == (
        "at=2026-06-01T12:00:00Z run=r step=process seconds=1.5 new=3 revised=1 alerts=2"
    )
    assert line_of(FAILED, LogForm.TEXT).endswith("step=collect seconds=0.5 error=StoreUnavailableError")


def samples(path: Path) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_counters_of_a_file_only_grow_from_run_to_run(tmp_path: Path) -> None:
    file = tmp_path / "metrics" / "wirepicket.prom"
    metrics = Metrics()
    for process in range(3):
        if process:  # the first adds twice
            metrics = Metrics()
        metrics.add(PROCESS)
        metrics.add(FAILED)
        metrics.count([StepCount(step="refine", element="captures", count=4)])
        metrics.add_to(file, waiting=7 - process)
        metrics.add_to(file, waiting=7 - process)
    told = samples(file)
    assert told["wirepicket_articles_total", "new"] == 9
    assert told["wirepicket_articles_total", "revised"] == 3
    assert told["wirepicket_alerts_total", ""] == 6
    assert told["wirepicket_step_failures_total", "collect"] == 3
    assert 'wirepicket_pipeline_elements_total{element="captures",step="refine"} 12.0' in file.read_text()
    assert told["wirepicket_last_success_timestamp_seconds", "process"] == NOON.timestamp()
    assert ("wirepicket_last_success_timestamp_seconds", "collect") not in told
    assert told["wirepicket_waiting_captures", ""] == 5
    assert told["wirepicket_step_seconds_sum", "process"] == 4.5
    assert told["wirepicket_step_seconds_count", "process"] == 3


def test_processes_that_write_at_once_lose_no_count(tmp_path: Path) -> None:
    file = tmp_path / "wirepicket.prom"

    def process() -> None:
        metrics = Metrics()
        for _ in range(10):
            metrics.add(PROCESS)
            metrics.add_to(file, waiting=0)

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(file)["wirepicket_articles_total", "new"] == 40 * PROCESS.counts["new"]


def test_without_a_receiver_nothing_of_opentelemetry_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RECEIVERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    tracer = Tracer()
    with tracer.span("step") as span:
        assert span is None
    tracer.close()
    assert child_environment() == {}


def test_counts_add_up_and_are_set_off_against_what_was_told() -> None:
    def counts(**elements: int) -> list[StepCount]:
        return [StepCount(step="refine", element=one, count=count) for one, count in elements.items()]

    assert add_counts(counts(b=1, a=2), counts(a=3)) == tuple(counts(a=5, b=1))
    assert count_increases(counts(a=1, b=2), counts(a=4, b=2, c=1)) == tuple(counts(a=3, c=1))
    assert count_increases(counts(a=9), counts(a=1)) == ()  # an engine that has begun again


def test_a_child_goes_on_with_the_trace_and_its_threads_with_what_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RECEIVERS[1], "http://127.0.0.1:9")
    kept = [InMemorySpanExporter(), InMemorySpanExporter()]
    ways = iter(kept)
    monkeypatch.setattr(trace_exporter, "OTLPSpanExporter", lambda: next(ways))
    parent = Tracer()
    with parent.span("step", {"run": "r"}) as step:
        monkeypatch.setenv("TRACEPARENT", child_environment()["TRACEPARENT"])
    child = Tracer()

    def in_a_thread() -> None:
        with child.span("work"):
            pass

    with child.span("pipeline", leading=True) as pipeline:
        thread = threading.Thread(target=in_a_thread)
        thread.start()
        thread.join()
    in_a_thread()
    for tracer in (parent, child):
        tracer.close()
    spans = [span for one in kept for span in one.get_finished_spans()]
    own = step.get_span_context().span_id
    assert {(one.name, one.parent and one.parent.span_id) for one in spans} == {
        ("step", None),
        ("pipeline", own),
        ("work", pipeline.get_span_context().span_id),
        ("work", own),
    }
    assert len({one.context.trace_id for one in spans if one.context}) == 1


def test_a_receiver_without_the_extra_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RECEIVERS[1], "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"wirepicket\[tracing\]"):
        Tracer()
