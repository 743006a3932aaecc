"""Processes that outlive their caller, identified by a state file that holds the process id.

The process locks the file while it lives, since the system reuses process ids, but not locks.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOP_SECONDS = 30.0
"""Seconds to wait for a clean stop before the process is killed."""
_POLL = 0.1


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file of a program, which a caller takes before it starts or stops a process."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def living_pid(state: Path) -> int | None:
    """Return the process id of the holder of a state file; ``None`` if it does not live."""
    try:
        with state.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _written_pid(state)
            return None
    except FileNotFoundError:
        return None


def end(state: Path) -> bool:
    """End the holder of a state file, by force after ``STOP_SECONDS``. Return False if it did not live.

    Raises:
        StoreUnavailableError: the process cannot be stopped.
    """
    pid = living_pid(state)
    if pid is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if _gone_within(state, STOP_SECONDS):
            return True
    raise StoreUnavailableError(f"Process {pid}, which holds {state}, cannot be stopped. Kill it and try again.")


def _written_pid(state: Path) -> int:
    # A process takes the lock a moment before it writes its id.
    for _ in range(50):
        try:
            return int(json.loads(state.read_text(encoding="utf-8"))["pid"])
        except ValueError:
            time.sleep(_POLL)
    raise StoreUnavailableError(f"{state} is locked but names no process. Remove it and try again.")


def _gone_within(state: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if living_pid(state) is None:
            return True
        time.sleep(_POLL)
    return False
