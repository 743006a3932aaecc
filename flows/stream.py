"""The stream: a continuous pipeline, and the delivery of its alerts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flows import steps
from flows.input_warnings import warn_quarantined
from flows.inputs import store_of
from flows.observing import Observer
from flows.pull import ArchivePull
from flows.steps import directly
from pipelines.archive.copying import Copied
from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import store_key
from pipelines.archive.reporting import as_quarantined
from pipelines.archive.watch import still_needed
from pipelines.backoff import doubled
from pipelines.beam.launch import PipelineError
from pipelines.beam.launch_stream import StreamProcess, WindowReport
from pipelines.errors import StoreUnavailableError
from pipelines.grouping.horizon import forget_in_rounds
from pipelines.rules.reload import RuleFile
from pipelines.telemetry.counts import count_increases
from schemas.records import RunRecord, now_utc

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator
    from datetime import datetime

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from pipelines.config import Settings
    from pipelines.rules.reload import Reload
    from pipelines.stores.protocol import Store

CHECK_SECONDS = 0.25
"""Seconds between two checks for reports of the pipeline."""
DELIVER = 5.0
"""Seconds between two deliveries, which also retry messages that failed."""
FORGET = 3_600.0
"""Seconds between two rounds of forgetting what is older than the horizon."""
RECORD = 600.0
"""Seconds between two run records of a stream, so that ``status`` and dashboards show it while it runs."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a pipeline that ended by itself is started again, doubled with each failure."""


@dataclass(slots=True)
class StreamRun:
    """A stream; ``run`` runs it.

    Captures that cannot be stored wait in the archive. An unreachable store or a failed pipeline does not end a
    stream: both are reported on standard error and tried again.
    """

    settings: Settings
    inputs: Inputs
    reporter: Reporter
    stop: threading.Event
    notify: bool = True
    """True if alerts are delivered."""
    as_json: bool = False
    """True if alerts go to standard error, because standard output is for the summary."""
    idle: float | None = None
    """Seconds without a new capture after which the stream ends; ``None``: it does not end by itself."""
    forget: float = FORGET
    """Seconds between two rounds of forgetting what is older than the horizon."""
    total: WindowReport = field(default_factory=WindowReport)
    """Sums over all captures so far."""
    brought: Copied = field(default_factory=Copied)
    """Files copied from the remote archive so far, and those that fail now."""
    _recorded: WindowReport = field(default_factory=WindowReport)
    _recorded_at: datetime = field(default_factory=now_utc)
    _recorded_clock: float = field(default_factory=time.monotonic)
    _next_delivery: float = 0.0
    _next_forgetting: float = 0.0
    _forgetting: Generator[int] | None = None
    _failed: int = 0
    """Times in a row that the pipeline ended by itself without progress in between."""
    _observer: Observer = field(init=False, repr=False)
    _pull: ArchivePull = field(init=False, repr=False)

    def run(self) -> None:
        """Run until ``stop`` is set, or until the stream has been idle for ``idle`` seconds.

        Raises:
            StoreUnavailableError: the store cannot be reached at the start.
            ConfigurationError: the address of the remote archive is invalid.
        """
        with (
            ArchivePull(self.settings, self.reporter) as pull,
            store_of(self.settings) as store,
            Observer(self.settings, self._run_id, directly) as observer,
        ):
            self._observer, self._pull = observer, pull
            store.setup()
            while not self.stop.is_set() and not self._one_process(store):
                self.stop.wait(self._pause)
            if self._forgetting:
                self._forgetting.close()
            self._notify(store)
            self._record(store)

    @property
    def _pause(self) -> float:
        """Seconds before the next process of the pipeline; 0 if the last did not end by itself."""
        return doubled(FIRST_PAUSE, LONGEST_PAUSE, self._failed) if self._failed else 0.0

    def _one_process(self, store: Store) -> bool:
        """Run one process of the pipeline to its end; return whether the stream ends with it."""
        rules = RuleFile(self.inputs.rule_file)
        begin, done = time.monotonic(), self.total.captures
        quiet_since = float("inf")  # until the pipeline reports that it watches the archive
        with StreamProcess(
            self.settings,
            rules=self.inputs.rule_file,
            runner=self.inputs.runner,
            store_key=self._key(store),
            notify=self.notify,
        ) as process:
            while not self.stop.wait(CHECK_SECONDS):
                if self._receive_files():
                    quiet_since = max(quiet_since, time.monotonic())
                if self._receive(process):
                    quiet_since = time.monotonic()
                    self._next_delivery = 0.0
                self._do_due_work(store)
                if process.ended:
                    process.stop()
                    self._receive(process)
                    self._report_end(process, begin, stuck=self._failed > 0 and self.total.captures == done)
                    return False
                if self._idle_since(quiet_since):
                    break
                if self._changed_rules(rules.refresh()):
                    process.stop()
                    self._receive(process)
                    self._failed = 0
                    return False
            process.stop()
            self._receive(process)
        return True

    def _idle_since(self, moment: float) -> bool:
        """Return whether the stream has been idle since a moment for longer than ``idle``."""
        return self.idle is not None and self._pull.looked and time.monotonic() - moment > self.idle

    def _receive_files(self) -> bool:
        """Take the reports on the remote archive; return whether anything was copied from it."""
        before = self.brought.bytes
        counters = self._pull.receive(self._observer)
        self.total += WindowReport(counters=counters)
        self.brought = self._pull.total
        return self.brought.bytes > before

    def _changed_rules(self, reload: Reload | None) -> bool:
        """Take over a changed rule file; return whether the rules have changed."""
        if reload is None:
            return False
        if reload.error:
            self.reporter.say(f"wirepicket: {reload.error}\nThe previous rules stay in use.")
            return False
        self.reporter.say(f"wirepicket: {self.inputs.rule_file} has changed; continuing with its new rules")
        self.inputs = replace(self.inputs, rules=reload.rules)
        return True

    def _receive(self, process: StreamProcess) -> bool:
        """Take the reports of the pipeline; return whether there are any.

        The pipeline reports that it watches the archive, and then each window.
        """
        reports = process.reports()
        for report in reports:
            self.total += report
            self._observer.count(report.counters)
            if report.captures:
                self._observer.report("window", time.monotonic() - report.seconds, report.counts)
                self.reporter.say(
                    f"wirepicket: {report.captures} captures: {report.new} new, {report.revised} revised, "
                    f"{report.alerts} alerts, {report.quarantined} quarantined"
                )
        return bool(reports)

    def _report_end(self, process: StreamProcess, begin: float, *, stuck: bool) -> None:
        """Report why a pipeline ended by itself; ``begin`` is its start on the monotonic clock, in seconds.

        ``stuck`` is true if the process before it failed too and nothing was processed since.
        """
        self._failed = self._failed + 1 if stuck else 1
        message, unavailable = process.failure()
        error = StoreUnavailableError if unavailable else PipelineError
        self._observer.report("pipeline", begin, error=error.__name__)
        failure = "the store cannot be used" if unavailable else f"the pipeline failed (its log is {process.log})"
        again = f", {self._failed} times in a row without progress" if self._failed > 1 else ""
        self.reporter.say(
            f"wirepicket: {failure}{again}: {message}\n"
            f"Nothing is lost: unfinished captures wait in the archive; trying again in {self._pause:g} s."
        )

    def _do_due_work(self, store: Store) -> None:
        """Deliver, forget and record, each when it is due."""
        now = time.monotonic()
        try:
            if now >= self._next_delivery:
                self._next_delivery = now + DELIVER
                self._notify(store)
                self._report_damage(store)
                self._observer.write()
            if not self._forgetting and now >= self._next_forgetting:
                self._next_forgetting = now + self.forget
                self._forgetting = forget_in_rounds(store, now_utc() - timedelta(days=self.settings.horizon_days))
                self._discard(store)
            self._forget_some(store)
            if now - self._recorded_clock >= RECORD:
                self._record(store)
        except StoreUnavailableError as error:
            self.reporter.say(f"wirepicket: {error}")

    def _report_damage(self, store: Store) -> None:
        """Report damage in new files of the archive, and store it in quarantine."""
        with ArchiveIndex(self.settings.archive) as index:
            lost = [as_quarantined(*damage) for damage in index.take_damage()]
        if lost:
            store.quarantine(lost)
            warn_quarantined(lost, self.reporter)
            self.total += WindowReport(quarantined=len(lost))

    def _forget_some(self, store: Store) -> None:
        """Forget one portion, so that the pipeline can write and alerts are sent between two portions."""
        if self._forgetting and next(self._forgetting, None) is None:
            self._forgetting = None
            store.maintain()

    def _discard(self, store: Store) -> None:
        """Delete expired archive files: where files only come from a remote archive, no run deletes them."""
        archive = self.settings.archive
        if self.settings.archive_days:
            with ArchiveIndex(archive) as index:
                steps.discard(self.settings, index, still_needed(archive, self._key(store), index), now_utc())

    def _key(self, store: Store) -> str:
        return store_key(store.url, self.settings.index_prefix)

    def _notify(self, store: Store) -> None:
        if self.notify:
            for problem in steps.notify(store, self.inputs, self.settings, as_json=self.as_json).problems:
                self.reporter.say(f"wirepicket: {problem}")

    @property
    def _run_id(self) -> str:
        return f"{steps.run_id(self._recorded_at)}-stream"

    def _record(self, store: Store) -> None:
        """Store a run record of everything since the last record, if there is anything."""
        total, recorded = self.total, self._recorded
        if total == recorded:
            return
        store.put_run(
            RunRecord(
                id=self._run_id,
                started_at=self._recorded_at,
                articles=total.new + total.revised - recorded.new - recorded.revised,
                new=total.new - recorded.new,
                revised=total.revised - recorded.revised,
                duplicates=0,
                stories=0,
                alerts=total.alerts - recorded.alerts,
                quarantined=total.quarantined - recorded.quarantined,
                seconds=round(time.monotonic() - self._recorded_clock, 2),
                counters=count_increases(recorded.counters, total.counters),
            )
        )
        self._recorded, self._recorded_at, self._recorded_clock = total, now_utc(), time.monotonic()
