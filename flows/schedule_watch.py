"""A watch over the schedules of ``wirepicket serve``: a stopped schedule is reported and ends the process.

A supervisor (systemd, a container engine) can then start it again. The evidence is in ``flows.schedule_state``, which
the runs themselves write, so a server that answers but schedules nothing is noticed too.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Self

from flows.schedule_state import (
    idle_intervals,
    is_running,
    overdue,
    read_schedules,
    record_served,
    record_served_until,
)
from pipelines.errors import WirepicketError
from pipelines.notify.failure import send_failure
from schemas.records import now_utc

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from datetime import timedelta
    from types import TracebackType

    from flows.progress import Reporter
    from pipelines.config import Settings

ENDS_AFTER = 3
"""Intervals without a run after which ``serve`` ends: one interval after the report."""
CHECKS = 20
"""Checks in each of the shortest intervals."""
LONGEST_PAUSE = 30.0
"""Longest pause in seconds between two checks."""
PATIENCE = 60.0
"""Seconds for the process to end after the signal; then it exits without cleaning up."""


class ScheduleStoppedError(WirepicketError):
    """A schedule has stopped, or a process beside it has ended. Raised to end ``serve``."""


class ScheduleWatch:
    """A thread that watches schedules while the context lasts.

    Once a schedule has been idle for too long, or a companion has ended, this process gets ``SIGINT``; leaving the
    context then raises ``ScheduleStoppedError``.
    """

    def __init__(
        self,
        settings: Settings,
        intervals: Mapping[str, timedelta],
        reporter: Reporter,
        companions: Mapping[str, subprocess.Popen[bytes]],
    ) -> None:
        """Take intervals of schedules by name of their flows, and companion processes that must not end, by name."""
        self._settings = settings
        self._intervals = intervals
        self._reporter = reporter
        self._companions = companions
        self.failed = threading.Event()
        """Set once the watch has found a reason to end this process."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._reported: set[str] = set()
        self._failure: str | None = None

    def __enter__(self) -> Self:
        for flow, every in self._intervals.items():
            record_served(self._settings.home, flow, every, now_utc())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._failure:
            raise ScheduleStoppedError(self._failure)
        for flow in self._intervals:
            record_served_until(self._settings.home, flow, now_utc())

    def _watch(self) -> None:
        shortest = min(self._intervals.values()).total_seconds()
        while not self._ended.wait(min(shortest / CHECKS, LONGEST_PAUSE)):
            self._failure = self._check()
            if self._failure:
                self._notify(self._failure)
                self.failed.set()
                os.kill(os.getpid(), signal.SIGINT)
                if not self._ended.wait(PATIENCE):
                    os._exit(1)
                return

    def _check(self) -> str | None:
        """Return the reason for this process to end; ``None`` if there is none."""
        for name, process in self._companions.items():
            if process.poll() is not None:
                return f"{name} has ended (exit code {process.returncode})"
        now = now_utc()
        for state in read_schedules(self._settings.home):
            if state.flow not in self._intervals:
                continue
            running = is_running(state)
            problem = overdue(state, now, running=running)
            if problem is None:
                self._reported.discard(state.flow)
            elif idle_intervals(state, now) > ENDS_AFTER:
                return f"{problem}. Ending, so that it can be started again"
            elif state.flow not in self._reported:
                self._reported.add(state.flow)
                self._reporter.say(f"wirepicket: {problem}")
                self._notify(problem)
        return None

    def _notify(self, problem: str) -> None:
        """Send a problem to the channel of the setting ``failures``."""
        addresses = self._settings.channels.get(self._settings.failures or "", ())
        try:
            refused = send_failure(addresses, "wirepicket serve", problem)
        except Exception as error:  # noqa: BLE001 - the watch must continue
            self._reporter.say(f"wirepicket: channel '{self._settings.failures}': {type(error).__name__}: {error}")
            return
        if refused:
            self._reporter.say(
                f"wirepicket: {refused} of {len(addresses)} targets of channel '{self._settings.failures}' refused"
            )
