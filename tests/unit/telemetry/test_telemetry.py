"""Log lines, metrics and the way to traces."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.errors import ConfigurationError
from pipelines.telemetry.metrics import Metrics
from pipelines.telemetry.step import LogForm, Step, line_of
from pipelines.telemetry.tracing import RECEIVERS, Tracer

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
    for _ in range(3):
        metrics = Metrics()
        metrics.go_on_from(file)
        metrics.add(PROCESS)
        metrics.add(FAILED)
        metrics.waiting(7)
        metrics.write(file)
    told = samples(file)
    assert told["wirepicket_articles_total", "new"] == 9
    assert told["wirepicket_articles_total", "revised"] == 3
    assert told["wirepicket_alerts_total", ""] == 6
    assert told["wirepicket_step_failures_total", "collect"] == 3
    assert told["wirepicket_last_success_timestamp_seconds", "process"] == NOON.timestamp()
    assert ("wirepicket_last_success_timestamp_seconds", "collect") not in told
    assert told["wirepicket_waiting_captures", ""] == 7
    assert told["wirepicket_step_seconds_sum", "process"] == 1.5  # of the last run: a summary is no counter of ours


def test_without_a_receiver_nothing_of_opentelemetry_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RECEIVERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    tracer = Tracer()
    with tracer.span("step") as span:
        assert span is None
    tracer.close()


def test_a_receiver_without_the_extra_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RECEIVERS[1], "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"wirepicket\[tracing\]"):
        Tracer()
