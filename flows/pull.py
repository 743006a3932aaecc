"""Copying of WARC files from a remote archive while a stream runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from flows.progress import warn_copy_problems
from pipelines.archive.copy_process import Copying
from pipelines.archive.copying import Copied
from pipelines.archive.remote import remote_address
from pipelines.errors import CopyError

if TYPE_CHECKING:
    from types import TracebackType

    from flows.observing import Observer
    from flows.progress import Reporter
    from pipelines.config import Settings
    from schemas.records import StepCount

STEP = "bring"
"""Name of the step in logs and metrics."""


class ArchivePull:
    """A process that copies new WARC files from the remote archive, if the settings name one. A context manager."""

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        """Start the process.

        Raises:
            ConfigurationError: the address of the remote archive is invalid, or its optional dependency is missing.
        """
        self._remote = remote_address(settings)
        self._reporter = reporter
        self._copying = Copying(settings, self._remote, sends=False) if self._remote else None
        self._round = Copied()
        self.total = Copied()
        """Files copied so far, and those that fail or wait now."""
        self.looked = self._copying is None
        """True if the remote archive has been listed at least once, or there is none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._copying:
            self._copying.__exit__(kind, error, trace)

    def receive(self, observer: Observer) -> tuple[StepCount, ...]:
        """Take the reports of the process since the last call and print them; return their counts."""
        reports = self._copying.reports() if self._copying else []
        counters: list[StepCount] = []
        for copied in reports:
            self.total += copied
            self._round += copied
            counters += copied.counters(STEP)
            if copied.over:
                self.looked = True
                self._report(observer, self._round)
                self._round = Copied()
        observer.count(counters)
        return tuple(counters)

    def _report(self, observer: Observer, done: Copied) -> None:
        counts = {"files": done.files, "bytes": done.bytes, "waiting": done.waiting}
        if done.files or done.problems:
            observer.report(
                STEP, time.monotonic() - done.seconds, counts, error=CopyError.__name__ if done.problems else None
            )
        if done.files:
            self._reporter.say(f"wirepicket: {done.files} files, {done.bytes:,} bytes copied from {self._remote}")
        warn_copy_problems(self._reporter, done)
