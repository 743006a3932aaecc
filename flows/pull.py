"""What a stream brings from a remote archive while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from flows.progress import say_problems
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


class Bringing:
    """Brings WARC files as they come, where the settings name a remote archive. Use as a context manager."""

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        """Raises ``ConfigurationError`` where the remote archive is none, or what it needs is not here."""
        self._place = remote_address(settings)
        self._reporter = reporter
        self._copying = Copying(settings, self._place, sends=False) if self._place else None
        self._round = Copied()
        self.total = Copied()
        """What was brought so far, and what fails and waits now."""
        self.looked = self._copying is None
        """Whether the remote archive has been looked at."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._copying:
            self._copying.__exit__(kind, error, trace)

    def hear(self, observer: Observer) -> tuple[StepCount, ...]:
        """Take up what has been brought since the last time, and say it; counts of it."""
        told = self._copying.reports() if self._copying else []
        counters: list[StepCount] = []
        for copied in told:
            self.total += copied
            self._round += copied
            counters += copied.counters(STEP)
            if copied.over:
                self.looked = True
                self._tell(observer, self._round)
                self._round = Copied()
        observer.count(counters)
        return tuple(counters)

    def _tell(self, observer: Observer, done: Copied) -> None:
        counts = {"files": done.files, "bytes": done.bytes, "waiting": done.waiting}
        if done.files or done.problems:
            observer.tell(
                STEP, time.monotonic() - done.seconds, counts, error=CopyError.__name__ if done.problems else None
            )
        if done.files:
            self._reporter.say(f"wirepicket: {done.files} files, {done.bytes:,} bytes brought from {self._place}")
        say_problems(self._reporter, done)
