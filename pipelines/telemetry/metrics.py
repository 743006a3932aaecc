"""Prometheus metrics, named by its conventions, in one text file to which all processes of a home folder add.

Most processes are short. Each adds its counts to the file under a lock, so that no counts are lost and node_exporter's
textfile collector sees counters that only grow. A long-running process serves the content of the same file to scrapes
on loopback (``serve_metrics``).
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary, start_http_server, write_to_textfile
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.telemetry.step import Step
    from schemas.records import StepCount

LOOPBACK = "127.0.0.1"
COUNTED = ("new", "revised")
"""Names of the counts of a step that are articles, by outcome."""
_CREATED = "_created"
_ADDED = frozenset({"counter", "summary"})
"""Types of metrics of which the samples of several processes are added; of other types the latest sample counts."""


class _Instruments:
    """The instruments of a process, beginning at zero."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.articles = Counter(
            "wirepicket_articles", "Articles processed, by outcome.", ["outcome"], registry=self.registry
        )
        self.alerts = Counter("wirepicket_alerts", "Alerts raised.", registry=self.registry)
        self.quarantined = Counter("wirepicket_quarantined", "Inputs quarantined.", registry=self.registry)
        self.failures = Counter("wirepicket_step_failures", "Steps that failed.", ["step"], registry=self.registry)
        self.seconds = Summary("wirepicket_step_seconds", "Duration of steps.", ["step"], registry=self.registry)
        self.elements = Counter(
            "wirepicket_pipeline_elements",
            "Inputs and outputs of the pipeline's steps, as counted by Beam.",
            ["step", "element"],
            registry=self.registry,
        )
        self.success = Gauge(
            "wirepicket_last_success_timestamp_seconds",
            "Time of the last success of a step.",
            ["step"],
            registry=self.registry,
        )
        self.waiting = Gauge("wirepicket_waiting_captures", "Captures that wait for a store.", registry=self.registry)


class Metrics:
    """The counts of this process that are not in the file yet."""

    def __init__(self) -> None:
        self._own = _Instruments()

    def add(self, step: Step) -> None:
        """Count a step."""
        own = self._own
        own.seconds.labels(step.step).observe(step.seconds)
        if step.error:
            own.failures.labels(step.step).inc()
        else:
            own.success.labels(step.step).set(step.at.timestamp())
        for outcome in COUNTED:
            own.articles.labels(outcome).inc(step.counts.get(outcome, 0))
        own.alerts.inc(step.counts.get("alerts", 0))
        own.quarantined.inc(step.counts.get("quarantined", 0))

    def count(self, counters: Iterable[StepCount]) -> None:
        """Count elements that Beam has counted."""
        for counter in counters:
            self._own.elements.labels(counter.step, counter.element).inc(counter.count)

    def add_to(self, path: Path, waiting: int) -> None:
        """Add the counts since the last call to a file, which is replaced as a whole for readers.

        ``waiting`` is the number of captures that wait for a store.
        """
        own, self._own = self._own, _Instruments()
        own.waiting.set(waiting)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            sums = CollectorRegistry()
            sums.register(_Sums([*_read(path), *own.registry.collect()]))
            write_to_textfile(str(path), sums)


def serve_metrics(path: Path, port: int) -> None:
    """Serve the content of a metrics file to scrapes on loopback, until this process ends.

    Raises:
        OSError: the port is in use.
    """
    registry = CollectorRegistry()
    registry.register(_File(path))
    start_http_server(port, addr=LOOPBACK, registry=registry)


class _File(Collector):
    """The metric families of a metrics file, read again for each scrape."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self) -> Iterable[Metric]:
        return _Sums(_read(self._path)).collect()

    def describe(self) -> Iterable[Metric]:
        return ()


class _Sums(Collector):
    """Metric families, merged by name: counters and summaries are added; of gauges the latest sample counts."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        sums: dict[str, Metric] = {}
        values: dict[tuple[str, str, tuple[tuple[str, str], ...]], float] = {}
        for family in self._families:
            if family.name.endswith(_CREATED):  # the start time of a single process of many
                continue
            sums.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                if sample.name.endswith(_CREATED):
                    continue
                key = (family.name, sample.name, tuple(sorted(sample.labels.items())))
                before = values.get(key, 0.0) if family.type in _ADDED else 0.0
                values[key] = before + sample.value
        for (family_name, name, labels), value in values.items():
            sums[family_name].add_sample(name, dict(labels), value)
        return sums.values()

    def describe(self) -> Iterable[Metric]:
        return ()


def _read(path: Path) -> list[Metric]:
    return list(text_string_to_metric_families(path.read_text(encoding="utf-8"))) if path.exists() else []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a metrics file; the system releases it when this process ends, even after a crash."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
