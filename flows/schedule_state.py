"""The files in which scheduled flows record their runs, so that a stopped schedule is noticed.

Each flow has a JSON file in ``schedules/`` of the home folder. The process that serves a flow writes its interval, and
each run its start and end. The files do not depend on the Prefect server: its scheduler may have failed.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from typing import TYPE_CHECKING

from schemas.records import now_utc
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

FOLDER = "schedules"
OVERDUE_AFTER = 2
"""Intervals without a run after which a schedule counts as stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """The schedule of a flow and its latest run. Times are UTC."""

    flow: str
    every_seconds: int | None = None
    """Interval of the schedule; ``None`` if no ``serve`` has set one."""
    served_since: datetime | None = None
    """Start of the ``serve`` that set the interval."""
    served_until: datetime | None = None
    """End of that ``serve``; ``None`` while it runs, or if it was killed."""
    started: datetime | None = None
    """Start of the latest run."""
    ended: datetime | None = None
    """End of the latest run that has ended."""
    outcome: str | None = None
    """Outcome of that run: ``completed`` or ``failed``. A run that was killed has no end."""
    host: str | None = None
    process: int | None = None
    """Host and process of the latest run."""


def read_schedules(home: Path) -> list[ScheduleState]:
    """Return the schedules of a home folder, by the name of their flows. A torn file counts as missing."""
    states = []
    for path in sorted((home / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError):
            states.append(from_json(ScheduleState, path.read_bytes()))
    return states


def record_served(home: Path, flow: str, every: timedelta, now: datetime) -> None:
    """Record that a flow is served on a schedule from now on."""
    state = replace(_read(home, flow), every_seconds=int(every.total_seconds()), served_since=now, served_until=None)
    _write(home, state)


def record_served_until(home: Path, flow: str, now: datetime) -> None:
    """Record that a flow is no longer served because ``serve`` was ended on purpose."""
    _write(home, replace(_read(home, flow), served_until=now))


@contextmanager
def recorded_run(home: Path, flow: str) -> Iterator[bool]:
    """Record a run of a flow while the context lasts; yields ``False`` and records nothing if one is under way.

    The lock is the kernel's: a run that is killed leaves none behind. (Prefect's own limit of concurrent runs keeps the
    slot of a run that died with its server, and then lets no run start.)
    """
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{flow}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        started = replace(_read(home, flow), started=now_utc(), host=socket.gethostname(), process=os.getpid())
        _write(home, started)
        outcome = "failed"
        try:
            yield True
            outcome = "completed"
        finally:
            _write(home, replace(_read(home, flow), ended=now_utc(), outcome=outcome))


def is_running(state: ScheduleState) -> bool:
    """Return whether the latest run is under way: it has not ended, and its process lives."""
    if state.started is None or (state.ended and state.ended >= state.started):
        return False
    if state.host != socket.gethostname() or state.process is None:
        return True  # processes of another machine cannot be checked
    try:
        os.kill(state.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def idle_intervals(state: ScheduleState, now: datetime) -> float:
    """Return the number of intervals for which a served flow has had no run; 0 without a schedule."""
    if state.every_seconds is None or state.served_since is None or state.served_until:
        return 0.0
    latest = max(moment for moment in (state.served_since, state.started, state.ended) if moment)
    return (now - latest).total_seconds() / state.every_seconds


def overdue(state: ScheduleState, now: datetime, *, running: bool) -> str | None:
    """Return the problem of a schedule as a sentence; ``None`` if it has none.

    A run may take longer than the interval: the next begins when it has ended.
    """
    if running or idle_intervals(state, now) <= OVERDUE_AFTER:
        return None
    since = max(moment for moment in (state.served_since, state.started) if moment)
    minutes = (state.every_seconds or 0) / 60
    return (
        f"the schedule of {state.flow} has stopped: a run is due every {minutes:g} min, "
        f"and none has started since {since:%Y-%m-%dT%H:%M:%SZ}"
    )


def _path(home: Path, flow: str) -> Path:
    return home / FOLDER / f"{flow}.json"


def _read(home: Path, flow: str) -> ScheduleState:
    with suppress(OSError, ValueError):
        return from_json(ScheduleState, _path(home, flow).read_bytes())
    return ScheduleState(flow=flow)


def _write(home: Path, state: ScheduleState) -> None:
    path = _path(home, state.flow)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(to_json(state))
    draft.replace(path)
