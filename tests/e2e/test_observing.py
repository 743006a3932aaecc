"""What a run tells machines of itself."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.conftest import PROGRAM, counters
from tests.http_server import Answer
from tests.synthetic import prose

if TYPE_CHECKING:
    from tests.e2e.conftest import Program
    from tests.http_server import WebServer


COUNTED = {
    "refine.articles": 1,
    "refine.captures": 1,
    "refine.fingerprints": 1,
    "regroup.alerts": 1,
    "regroup.fingerprints": 1,
}


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
    assert 'wirepicket_pipeline_elements_total{element="captures",step="refine"} 1.0' in metrics
    assert counters(program, "var") == COUNTED
    requests = [ExportTraceServiceRequest.FromString(body) for body in web.posted["/v1/traces"]]
    spans = [
        span
        for one in requests
        for resource in one.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    by_name = {span.name: span for span in spans}
    assert len(by_name) == len(spans) == 6
    steps = {name: by_name[name] for name in ("collect", "process", "notify")}
    (run,) = {span.attributes[0].value.string_value for span in steps.values()}
    assert run == told[0]["run"]
    # What the child process does belongs to the step that started it.
    assert {name: by_name[name].parent_span_id for name in ("pipeline", "store", "regroup")} == {
        "pipeline": by_name["process"].span_id,
        "store": by_name["pipeline"].span_id,
        "regroup": by_name["pipeline"].span_id,
    }
    assert len({by_name[name].trace_id for name in ("process", "pipeline", "store", "regroup")}) == 1


def test_a_step_that_fails_is_told_with_its_error(program: Program) -> None:
    (program.folder / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    ran = program("run", "--seeds", "a.txt", "--store", "http://127.0.0.2:9", WIREPICKET_METRICS_FILE="metrics.prom")
    assert ran.code == 3
    assert "wirepicket_waiting_captures 1.0" in (program.folder / "metrics.prom").read_text()


def test_standard_error_is_json_lines_where_the_log_is(program: Program) -> None:
    (program.folder / "wirepicket.toml").write_text('log = "json"\n')
    (program.folder / "empty.txt").write_text("")
    (program.folder / "b.txt").write_text(f"A title of some words\n\n{prose(1, 80)} A HIMARS was seen.")
    (program.folder / "rules.yaml").write_text("- {id: a, query: HIMARS, notify: [stdout, nobody]}\n")
    wrong = program("run", "--seeds", "nowhere")
    assert (wrong.code, wrong.out) == (2, "")
    (message,) = [json.loads(line) for line in wrong.err.splitlines()]
    assert set(message) == {"at", "message"}
    assert message["message"] == "nowhere: no such seed file or folder"
    ran = program("run", "--seeds", ".", "--rules", "rules.yaml", "--json")
    assert (ran.code, ran.summary["articles"]) == (1, 1)
    told = [json.loads(line) for line in ran.err.splitlines()]
    assert [one["step"] for one in told if "step" in one] == ["collect", "process", "notify"]
    said = [one["message"] for one in told if "message" in one]
    assert any("HIMARS" in one for one in said)  # the alert for standard output, which the summary has
    assert "seed:empty.txt: extract: empty: no bytes but white space" in said
    assert any("channel 'nobody' is not configured" in one for one in said)
    misspelt = program("run", "--sedes", ".", WIREPICKET_LOG="json")
    assert misspelt.code == 2
    assert all(json.loads(line)["message"] for line in misspelt.err.splitlines())


def test_an_interrupted_run_says_what_follows(program: Program, web: WebServer) -> None:
    begun, interrupted = threading.Event(), threading.Event()

    def slow(_headers: object) -> Answer:
        begun.set()
        interrupted.wait(60)
        return Answer()

    web.routes["/feed"] = slow
    # A shell that runs tests in its background has them, and what they start, ignore interrupts.
    command = ["env", "--default-signal=INT", str(PROGRAM), "run", "--feeds", f"{web.url}/feed"]
    with subprocess.Popen(
        command, cwd=program.folder, env=program.environment, stderr=subprocess.PIPE, text=True
    ) as run:
        assert begun.wait(60)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
        interrupted.set()
    assert (run.returncode, said.splitlines()[-1:]) == (
        130,
        ["wirepicket: interrupted; everything fetched is in the archive; run again to continue"],
    ), said
