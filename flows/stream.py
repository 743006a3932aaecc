"""The stream: a pipeline that never ends beside the delivery of its alerts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flows import steps
from flows.complaints import say_quarantined
from flows.inputs import store_of
from flows.observing import Observer
from flows.pull import Bringing
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

LOOK = 0.25
"""Seconds between two looks at what the pipeline tells."""
DELIVER = 5.0
"""Seconds after which messages are tried again that could not be delivered at once."""
FORGET = 3_600.0
"""Seconds between two looks for what lies behind the horizon."""
RECORD = 600.0
"""Seconds after which what happened is kept as a run, so that ``status`` and dashboards see a stream as it goes."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a pipeline that ended by itself is started again, doubled with each time."""


@dataclass(slots=True)
class StreamRun:
    """A stream while it runs.

    Call ``run``. What cannot be stored now waits in the archive: neither a store that is away nor a pipeline that
    breaks off ends a stream, both are said on standard error and tried again.
    """

    settings: Settings
    inputs: Inputs
    reporter: Reporter
    stop: threading.Event
    notify: bool = True
    """Whether alerts are delivered."""
    as_json: bool = False
    """Whether standard output is not for alerts."""
    idle: float | None = None
    """End when nothing has come for so many seconds."""
    forget: float = FORGET
    """Seconds between two looks for what lies behind the horizon."""
    total: WindowReport = field(default_factory=WindowReport)
    """What became of everything so far."""
    brought: Copied = field(default_factory=Copied)
    """What came from the remote archive so far, and what of it fails now."""
    _kept: WindowReport = field(default_factory=WindowReport)
    _kept_at: datetime = field(default_factory=now_utc)
    _kept_clock: float = field(default_factory=time.monotonic)
    _next_delivery: float = 0.0
    _next_forgetting: float = 0.0
    _forgetting: Generator[int] | None = None
    _failed: int = 0
    """Times in a row that the pipeline ended by itself, the later ones with nothing done."""
    _observer: Observer = field(init=False, repr=False)
    _bringing: Bringing = field(init=False, repr=False)

    def run(self) -> None:
        """Run until ``stop`` is set, or for as long as something comes.

        Raises:
            StoreUnavailableError: the store cannot be reached at the start.
            ConfigurationError: the remote archive is none.
        """
        with (
            Bringing(self.settings, self.reporter) as bringing,
            store_of(self.settings) as store,
            Observer(self.settings, self._run_id, directly) as observer,
        ):
            self._observer, self._bringing = observer, bringing
            store.setup()
            while not self.stop.is_set() and not self._one_process(store):
                self.stop.wait(self._pause)
            if self._forgetting:
                self._forgetting.close()
            self._notify(store)
            self._keep(store)

    @property
    def _pause(self) -> float:
        """Seconds before the next process of the pipeline; none where it did not end by itself."""
        return doubled(FIRST_PAUSE, LONGEST_PAUSE, self._failed) if self._failed else 0.0

    def _one_process(self, store: Store) -> bool:
        """Run one process of the pipeline to its end; whether the stream is to end with it."""
        rules = RuleFile(self.inputs.rule_file)
        begin, done = time.monotonic(), self.total.captures
        quiet_since = float("inf")  # until the pipeline says that it watches
        with StreamProcess(
            self.settings,
            rules=self.inputs.rule_file,
            runner=self.inputs.runner,
            store_key=self._key(store),
            notify=self.notify,
        ) as process:
            while not self.stop.wait(LOOK):
                if self._bring():
                    quiet_since = max(quiet_since, time.monotonic())
                if self._hear(process):
                    quiet_since = time.monotonic()
                    self._next_delivery = 0.0
                self._keep_house(store)
                if process.ended:
                    process.stop()
                    self._hear(process)
                    self._complain(process, begin, stuck=self._failed > 0 and self.total.captures == done)
                    return False
                if self._idle_since(quiet_since):
                    break
                if self._other_rules(rules.refresh()):
                    process.stop()
                    self._hear(process)
                    self._failed = 0
                    return False
            process.stop()
            self._hear(process)
        return True

    def _idle_since(self, moment: float) -> bool:
        """Whether nothing has come for as long as the stream is to wait for something."""
        return self.idle is not None and self._bringing.looked and time.monotonic() - moment > self.idle

    def _bring(self) -> bool:
        """Take up what was brought from the remote archive; whether anything was."""
        before = self.brought.bytes
        counters = self._bringing.hear(self._observer)
        self.total += WindowReport(counters=counters)
        self.brought = self._bringing.total
        return self.brought.bytes > before

    def _other_rules(self, reload: Reload | None) -> bool:
        """Take over what has become of the rule file; whether the rules are others now."""
        if reload is None:
            return False
        if reload.error:
            self.reporter.say(f"wirepicket: {reload.error}\nThe rules of before go on.")
            return False
        self.reporter.say(f"wirepicket: {self.inputs.rule_file} has changed; going on with its new rules")
        self.inputs = replace(self.inputs, rules=reload.rules)
        return True

    def _hear(self, process: StreamProcess) -> bool:
        """Take up what the pipeline tells; whether it told anything (that it watches, or of a window)."""
        told = process.reports()
        for report in told:
            self.total += report
            self._observer.count(report.counters)
            if report.captures:
                self._observer.tell("window", time.monotonic() - report.seconds, report.counts)
                self.reporter.say(
                    f"wirepicket: {report.captures} captures: {report.new} new, {report.revised} revised, "
                    f"{report.alerts} alerts, {report.quarantined} quarantined"
                )
        return bool(told)

    def _complain(self, process: StreamProcess, begin: float, *, stuck: bool) -> None:
        """Say why the pipeline, begun at a time of the monotonic clock, has ended by itself.

        ``stuck``: as the one before it, and with nothing done since.
        """
        self._failed = self._failed + 1 if stuck else 1
        message, unavailable = process.failure()
        error = StoreUnavailableError if unavailable else PipelineError
        self._observer.tell("pipeline", begin, error=error.__name__)
        what = "the store cannot be used" if unavailable else f"the pipeline broke off (its log is {process.log})"
        again = f", {self._failed} times now without getting further" if self._failed > 1 else ""
        self.reporter.say(
            f"wirepicket: {what}{again}: {message}\n"
            f"Nothing is lost, what was under way waits in the archive; trying again in {self._pause:g} s."
        )

    def _keep_house(self, store: Store) -> None:
        """Deliver, forget and record, each when it is time."""
        now = time.monotonic()
        try:
            if now >= self._next_delivery:
                self._next_delivery = now + DELIVER
                self._notify(store)
                self._tell_damage(store)
                self._observer.write()
            if not self._forgetting and now >= self._next_forgetting:
                self._next_forgetting = now + self.forget
                self._forgetting = forget_in_rounds(store, now_utc() - timedelta(days=self.settings.horizon_days))
                self._discard(store)
            self._forget_some(store)
            if now - self._kept_clock >= RECORD:
                self._keep(store)
        except StoreUnavailableError as error:
            self.reporter.say(f"wirepicket: {error}")

    def _tell_damage(self, store: Store) -> None:
        """Report damage in files that have come into the archive, and keep it in quarantine."""
        with ArchiveIndex(self.settings.archive) as index:
            lost = [as_quarantined(*one) for one in index.take_damage()]
        if lost:
            store.quarantine(lost)
            say_quarantined(lost, self.reporter)
            self.total += WindowReport(quarantined=len(lost))

    def _forget_some(self, store: Store) -> None:
        """Go on with forgetting. Between two rounds of it the pipeline writes, and alerts are delivered."""
        if self._forgetting and next(self._forgetting, None) is None:
            self._forgetting = None
            store.maintain()

    def _discard(self, store: Store) -> None:
        """Delete what the archive is not to hold any longer: where files are only brought, no run does it."""
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
        return f"{steps.run_id(self._kept_at)}-stream"

    def _keep(self, store: Store) -> None:
        """Keep what happened since the last time as a run, where anything did."""
        total, kept = self.total, self._kept
        if total == kept:
            return
        store.put_run(
            RunRecord(
                id=self._run_id,
                started_at=self._kept_at,
                articles=total.new + total.revised - kept.new - kept.revised,
                new=total.new - kept.new,
                revised=total.revised - kept.revised,
                duplicates=0,
                stories=0,
                alerts=total.alerts - kept.alerts,
                quarantined=total.quarantined - kept.quarantined,
                seconds=round(time.monotonic() - self._kept_clock, 2),
                counters=count_increases(kept.counters, total.counters),
            )
        )
        self._kept, self._kept_at, self._kept_clock = total, now_utc(), time.monotonic()
