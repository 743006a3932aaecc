"""Prometheus metrics, named by its conventions: for scraping while a stream runs, or as a text file after each run.

A run is short-lived, so what it counts is added to what its file told before: node_exporter's textfile collector then
sees counters that only grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary, start_http_server, write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.telemetry.step import Step
    from schemas.records import StepCount

LOOPBACK = "127.0.0.1"
COUNTED = ("new", "revised")
"""Counts of a step that are articles, by outcome."""


class Metrics:
    """The metrics of this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._articles = Counter(
            "wirepicket_articles", "Articles processed, by what they were.", ["outcome"], registry=self.registry
        )
        self._alerts = Counter("wirepicket_alerts", "Alerts raised.", registry=self.registry)
        self._quarantined = Counter("wirepicket_quarantined", "Inputs quarantined.", registry=self.registry)
        self._failures = Counter("wirepicket_step_failures", "Steps that failed.", ["step"], registry=self.registry)
        self._seconds = Summary("wirepicket_step_seconds", "Duration of steps.", ["step"], registry=self.registry)
        self._elements = Counter(
            "wirepicket_pipeline_elements",
            "What went into and came out of the steps of the pipeline, as Beam counts it.",
            ["step", "element"],
            registry=self.registry,
        )
        self._success = Gauge(
            "wirepicket_last_success_timestamp_seconds",
            "When a step last ended well.",
            ["step"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "wirepicket_waiting_captures", "Captures a store has to take yet.", registry=self.registry
        )

    def add(self, step: Step) -> None:
        """Count a step."""
        self._seconds.labels(step.step).observe(step.seconds)
        if step.error:
            self._failures.labels(step.step).inc()
        else:
            self._success.labels(step.step).set(step.at.timestamp())
        for outcome in COUNTED:
            self._articles.labels(outcome).inc(step.counts.get(outcome, 0))
        self._alerts.inc(step.counts.get("alerts", 0))
        self._quarantined.inc(step.counts.get("quarantined", 0))

    def count(self, counters: Iterable[StepCount]) -> None:
        """Count what Beam has counted."""
        for one in counters:
            self._elements.labels(one.step, one.element).inc(one.count)

    def waiting(self, captures: int) -> None:
        """How many captures a store has to take yet."""
        self._waiting.set(captures)

    def go_on_from(self, path: Path) -> None:
        """Add what a file tells to the counters; a file that is not there tells nothing."""
        if not path.exists():
            return
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
            for sample in family.samples:
                counters = {
                    "wirepicket_articles_total": self._articles,
                    "wirepicket_alerts_total": self._alerts,
                    "wirepicket_quarantined_total": self._quarantined,
                    "wirepicket_step_failures_total": self._failures,
                    "wirepicket_pipeline_elements_total": self._elements,
                }
                if sample.name in counters:
                    counter = counters[sample.name]
                    (counter.labels(**sample.labels) if sample.labels else counter).inc(sample.value)

    def write(self, path: Path) -> None:
        """Write all of them to a file, which readers see whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), self.registry)

    def serve(self, port: int) -> None:
        """Answer scrapes on loopback until this process ends. Raises ``OSError`` where the port is taken."""
        start_http_server(port, addr=LOOPBACK, registry=self.registry)
