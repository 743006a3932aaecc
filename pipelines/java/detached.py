"""Processes that outlive whoever started them, told by a state file that holds their id.

The process holds the file locked for as long as it lives: ids are used again by the system, locks are not.
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
"""Patience with a clean stop before the process is killed."""
_POLL = 0.1


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock of its own file, which whoever starts or stops processes takes first."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def living_pid(state: Path) -> int | None:
    """Process id of the holder of a state file; ``None`` when it does not live."""
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
    """End the holder of a state file: politely, and by force after ``STOP_SECONDS``. False when it did not live.

    Raises:
        StoreUnavailableError: it cannot be stopped.
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
    raise StoreUnavailableError(f"Process {pid}, which holds {state}, cannot be stopped.")


def _written_pid(state: Path) -> int:
    # Between taking the lock and writing the id lies a moment.
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
