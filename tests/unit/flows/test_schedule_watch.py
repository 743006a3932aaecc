"""A schedule that has stopped is told and ends the process; one that runs is left alone."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows.progress import Reporter
from flows.schedule_state import (
    ScheduleState,
    idle_intervals,
    is_running,
    overdue,
    read_schedules,
    record_served,
    recorded_run,
)
from flows.schedule_watch import ScheduleStoppedError, ScheduleWatch
from pipelines.config import load_settings
from schemas.records import now_utc
from tests.http_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Apprise
NOW = now_utc().replace(microsecond=0)
EVERY = timedelta(minutes=10)
SERVED = ScheduleState(flow="wirepicket-run", every_seconds=600, served_since=NOW)


RAN_AT_10 = replace(SERVED, started=NOW + EVERY, ended=NOW + EVERY)


@pytest.mark.parametrize(("state", "minutes"), [(SERVED, 21), (RAN_AT_10, 31)])
def test_a_schedule_has_stopped_after_two_intervals_without_a_run(state: ScheduleState, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    assert "has stopped" in (overdue(state, now, running=False) or "")
    assert overdue(state, now, running=True) is None


@pytest.mark.parametrize(
    ("state", "minutes"),
    [
        (SERVED, 19),
        (RAN_AT_10, 29),
        (replace(SERVED, started=NOW, ended=NOW + 3 * EVERY), 49),  # a long run that has just ended
        (replace(SERVED, served_until=NOW), 1_000),  # ended by whoever runs it
        (ScheduleState(flow="wirepicket-run", started=NOW), 1_000),  # deployed elsewhere: no known interval
    ],
)
def test_a_schedule_that_runs_has_not_stopped(state: ScheduleState, minutes: int) -> None:
    assert overdue(state, NOW + timedelta(minutes=minutes), running=False) is None


def test_the_files_say_what_ran_and_what_runs(tmp_path: Path) -> None:
    record_served(tmp_path, "wirepicket-run", EVERY, NOW)
    with recorded_run(tmp_path, "wirepicket-run") as alone:
        assert alone
        (state,) = read_schedules(tmp_path)
        assert is_running(state)
        assert state.process == os.getpid()
        with recorded_run(tmp_path, "wirepicket-run") as second:
            assert not second
        assert read_schedules(tmp_path) == [state]
    assert not is_running(replace(state, process=2**22 + 1))  # above the largest process number of Linux
    assert is_running(replace(state, host="elsewhere", process=1))
    (state,) = read_schedules(tmp_path)
    assert not is_running(state)
    assert state.ended is not None
    assert (state.outcome, idle_intervals(state, state.ended + EVERY)) == ("completed", 1.0)
    (tmp_path / "schedules" / "torn.json").write_text('{"flow":')
    assert read_schedules(tmp_path) == [state]
    with pytest.raises(ValueError, match="broken"), recorded_run(tmp_path, "wirepicket-run"):
        raise ValueError("broken")
    assert read_schedules(tmp_path)[0].outcome == "failed"


def test_a_stopped_schedule_is_told_and_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with WebServer() as server:
        address = server.url.replace("http://", "json://") + "/failures"
        settings = load_settings(home=tmp_path, channels={"desk": (address,)}, failures="desk")
        watch = ScheduleWatch(settings, {"wirepicket-run": timedelta(seconds=1)}, Reporter(), {})
        with pytest.raises(ScheduleStoppedError, match="the schedule of wirepicket-run has stopped"), watch:  # noqa: SIM117
            with pytest.raises(KeyboardInterrupt):
                watch.failed.wait(60)
        assert watch.failed.is_set()
        posted = [json.loads(body)["message"] for body in server.posted["/failures"]]
    assert len(posted) == 2
    assert all("has stopped" in message for message in posted)
    assert capsys.readouterr().err.count("has stopped") == 1  # the second time it is the error of the command


def test_a_schedule_that_runs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(home=tmp_path)
    every = {"wirepicket-run": timedelta(seconds=1)}
    with ScheduleWatch(settings, every, Reporter(), {}) as watch, recorded_run(tmp_path, "wirepicket-run"):
        assert not watch.failed.wait(5)  # five intervals: one run that goes on
    (state,) = read_schedules(tmp_path)
    assert state.served_until is not None


def test_the_end_of_a_companion_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("flows.schedule_watch.LONGEST_PAUSE", 0.05)
    with subprocess.Popen(["false"]) as stream:
        watch = ScheduleWatch(
            load_settings(home=tmp_path), {"wirepicket-run": EVERY}, Reporter(), {"the stream": stream}
        )
        with pytest.raises(ScheduleStoppedError, match=r"the stream has ended \(exit code 1\)"), watch:  # noqa: SIM117
            with pytest.raises(KeyboardInterrupt):
                watch.failed.wait(60)
