"""What a run tells machines of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.synthetic import prose

if TYPE_CHECKING:
    from tests.e2e.conftest import Program
    from tests.http_server import WebServer


def test_a_run_logs_counts_and_traces_its_steps(program: Program, web: WebServer) -> None:
    (program.folder / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)} A HIMARS was seen.")
    ran = program(
        *("run", "--seeds", "a.txt", "--json"),
        WIREPICKET_LOG="json",
        WIREPICKET_METRICS_FILE="metrics.prom",
        OTEL_EXPORTER_OTLP_ENDPOINT=web.url,
    )
    assert ran.code == 0, ran.err
    told = [json.loads(line) for line in ran.err.splitlines()]
    assert [one["step"] for one in told] == ["collect", "process", "notify"]
    assert [told[1][name] for name in ("new", "revised", "seen", "alerts", "quarantined")] == [1, 0, 0, 1, 0]
    metrics = (program.folder / "metrics.prom").read_text().splitlines()
    assert 'wirepicket_articles_total{outcome="new"} 1.0' in metrics
    assert "wirepicket_alerts_total 1.0" in metrics
    requests = [ExportTraceServiceRequest.FromString(body) for body in web.posted["/v1/traces"]]
    spans = [
        span
        for one in requests
        for resource in one.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {span.name for span in spans} == {"collect", "process", "notify"}
    (run,) = {span.attributes[0].value.string_value for span in spans}
    assert run == told[0]["run"]


def test_a_step_that_fails_is_told_with_its_error(program: Program) -> None:
    (program.folder / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    ran = program("run", "--seeds", "a.txt", "--store", "http://127.0.0.2:9", WIREPICKET_METRICS_FILE="metrics.prom")
    assert ran.code == 3
    assert "wirepicket_waiting_captures 1.0" in (program.folder / "metrics.prom").read_text()
