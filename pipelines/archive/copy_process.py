"""Copying between the archive and a remote archive, in a process that is watched.

A filesystem's client may hang in a way of its own. So a process that has reported nothing for a while is killed and
followed by another: copying goes on wherever it ended.

``python -m pipelines.archive.copy_process FOLDER`` is that process. ``FOLDER`` holds the job (``CopyJob``). The report
of each round (``Copied``) is a line of JSON on standard output.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipelines.archive.copying import Bringer, Copied, Sender, pause_after
from pipelines.archive.remote import FilesystemArchive
from pipelines.child_process import JOB_NAME, ChildProcess
from schemas.records import now_utc
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from pipelines.archive.copying import Copier
    from pipelines.config import Settings

LOOK = 5.0
"""Seconds between two listings of a remote archive: each is a request or more, which providers charge for."""
TRIES = 4
"""Rounds without any progress after which sending ends, with pauses of one, two and four seconds between them."""
SILENT = 600.0
"""Seconds without a report after which a process is taken to hang. It reports after each round, and within one every
few megabytes; a slow line may take minutes for those."""
RESTART_SECONDS = 10.0
"""Seconds before a process that has died or was killed is followed by another."""
_GLANCE = 0.05
_SHARE = 4.0
"""Pause after the listing of a large archive, as a multiple of the time that it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """The task of the process; credentials it takes from the environment."""

    sends: bool
    """True to copy to the remote archive; false to copy from there."""
    archive: str
    remote: str
    """Address of the remote archive."""
    options: tuple[str, ...]
    """The ``beam_options`` that concern its filesystem."""
    days: int | None
    """Age of the last change beyond which a remote file is not copied here."""


class Copying:
    """A process that copies. Use as a context manager: leaving it ends the process, whatever is under way."""

    def __init__(self, settings: Settings, remote: str, *, sends: bool) -> None:
        """Start the process. Its standard error is kept in ``logs/copy.log`` of the home folder."""
        self.log = settings.home / "logs" / "copy.log"
        self._settings = settings
        self._job = CopyJob(
            sends=sends,
            archive=str(settings.archive.resolve()),
            remote=remote,
            options=settings.beam_options,
            days=settings.archive_days,
        )
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close()

    def _begin(self) -> None:
        module = ["pipelines.archive.copy_process"]
        self._child = ChildProcess(module, self._job, self._settings, log=self.log, append=True)
        self._last_report = time.monotonic()
        self._ended_at: float | None = None

    def _new_reports(self) -> list[Copied]:
        reports = [from_json(Copied, line) for line in self._child.new_lines() if line.startswith(b"{")]
        if reports:
            self._last_report = time.monotonic()
        return reports

    @property
    def _silent(self) -> float:
        """Seconds since the last report."""
        return time.monotonic() - self._last_report

    def reports(self) -> list[Copied]:
        """Return the reports since the last call.

        A process that has died or hangs is reported as well, and followed by another.
        """
        reports = self._new_reports()
        if self._ended_at is not None:
            if time.monotonic() - self._ended_at > RESTART_SECONDS:
                self._begin()
        elif fault := self._fault():
            reports.append(self._failed(fault))
            self._child.close()
            self._ended_at = time.monotonic()
        return reports

    def _fault(self) -> str | None:
        """Return why the process is of no use any more, or ``None`` as long as it is."""
        if self._child.exit_code is not None:
            return f"exit code {self._child.exit_code}"
        return f"not heard of for {self._silent:.0f} s" if self._silent > SILENT else None

    def finish(self) -> Copied:
        """Wait until a sending process has sent the rest and ended; return the sum of its reports."""
        self._child.end_input()
        self._last_report = time.monotonic()
        total = Copied()
        while not (fault := self._fault()):
            total = sum(self._new_reports(), total)
            time.sleep(_GLANCE)
        self._child.kill()
        total = sum(self._new_reports(), total)
        return total if self._child.exit_code == 0 else total + self._failed(fault)

    def _failed(self, fault: str) -> Copied:
        return Copied(problems=(f"copying broke off: {fault}; its log is {self.log}",))


def main(folder: Path) -> int:
    """Execute the job in ``folder`` until standard input ends.

    A sending process then sends the rest; a fetching process ends at once, even in the middle of a file.
    """
    job = from_json(CopyJob, (folder / JOB_NAME).read_bytes())
    stop = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(stop.set if job.sends else _leave,), daemon=True).start()
    remote, archive = FilesystemArchive(job.remote, job.options), Path(job.archive)
    if job.sends:
        sender = Sender(archive, remote)
        _rounds(sender, stop)
        _send_rest(sender)
    else:
        _rounds(Bringer(archive, remote, lambda: _oldest(job.days)), stop)
    return 0


def _wait_for_the_end(then: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    then()


def _leave() -> None:
    os._exit(0)


def _rounds(copier: Copier, stop: threading.Event) -> None:
    pause, unanswered = 0.0, 0
    while not stop.wait(pause):
        done = copier.round(_report)
        _report(done)
        unanswered = unanswered + 1 if done.problems and not done.waiting else 0
        if unanswered:
            pause = pause_after(unanswered)
        elif done.files:
            pause = 0.0 if done.waiting else LOOK  # where much is behind, on with it
        else:
            pause = max(LOOK, _SHARE * done.seconds)


def _send_rest(sender: Sender) -> None:
    tried = 0
    while tried < TRIES:
        done = sender.round(_report, at_once=True)
        _report(done)
        if not (done.waiting or done.problems):
            return
        if not done.files:
            tried += 1
            time.sleep(pause_after(tried))


def _oldest(days: int | None) -> float:
    return (now_utc() - timedelta(days=days)).timestamp() if days else 0.0


def _report(copied: Copied) -> None:
    print(to_json(copied).decode(), flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
