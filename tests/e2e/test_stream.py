"""The stream by the command line: what it makes of an archive is what a run makes of it."""

from __future__ import annotations

import json
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pipelines.beam.flink.install import installed
from pipelines.beam.runners import prism_path
from tests.e2e.conftest import counters
from tests.e2e.streams import RULES, all_ended, seeds, stored, streaming, told, until

if TYPE_CHECKING:
    from tests.e2e.conftest import Program

CHECKOUT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def rules(program: Program) -> None:
    (program.folder / "rules.yaml").write_text(RULES, encoding="utf-8")


def test_a_stream_makes_what_a_run_makes(program: Program) -> None:
    first, second = seeds(program, "first.jsonl", range(6)), seeds(program, "second.jsonl", range(3, 10))
    for file in (first, second):
        assert program("run", "--seeds", file, "--rules", "rules.yaml", WIREPICKET_HOME="batch").code == 0
    batch = told(program, "batch")
    assert batch["alerts"]
    with streaming(program, "--json", WIREPICKET_HOME="stream") as process:
        assert program("fetch", "--seeds", first, WIREPICKET_HOME="stream").code == 0
        until(lambda: stored(program, "stream") == 12)
        assert program("fetch", "--seeds", second, WIREPICKET_HOME="stream").code == 0
        until(lambda: stored(program, "stream") == 20)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(out)["new"] == 20
    assert told(program, "stream") == batch
    # Alerts were delivered while it ran, each once.
    log = [json.loads(line) for line in (program.folder / "stream" / "alerts.jsonl").read_text().splitlines()]
    assert len(log) == len({one["message_id"] for one in log}) == len(batch["alerts"])
    status = json.loads(program("status", "--json", WIREPICKET_HOME="stream").out)
    assert status["waiting_in_archive"] == 0
    assert status["runs"][0]["new"] == 20
    assert counters(program, "stream")["refine.captures"] >= 20


def test_a_killed_stream_goes_on_where_it_was(program: Program) -> None:
    file = seeds(program, "seeds.jsonl", range(12))
    assert program("run", "--seeds", file, "--rules", "rules.yaml", WIREPICKET_HOME="batch").code == 0
    assert program("fetch", "--seeds", file, WIREPICKET_HOME="stream").code == 0
    for seconds in (2.5, 4.0, 5.5):
        with streaming(program, WIREPICKET_HOME="stream") as process:
            time.sleep(seconds)
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            until(partial(all_ended, children))
    done = program("stream", "--rules", "rules.yaml", "--until-idle", "2", "--json", WIREPICKET_HOME="stream")
    assert done.code == 0, done.err
    assert told(program, "stream") == told(program, "batch")


def test_new_rules_are_taken_up_and_broken_ones_are_not(program: Program) -> None:
    assert program("fetch", "--seeds", seeds(program, "a.jsonl", range(1))).code == 0
    with streaming(program) as process:
        until(lambda: len(program.exported("alerts")) == 1)
        (program.folder / "rules.yaml").write_text("- {id: rockets, query: '('}\n", encoding="utf-8")
        time.sleep(1)
        more = RULES + "- {id: reports, query: 'title:report'}\n"
        (program.folder / "rules.yaml").write_text(more, encoding="utf-8")
        time.sleep(1)
        assert program("fetch", "--seeds", seeds(program, "b.jsonl", range(1, 2))).code == 0
        until(lambda: any(one["rule_id"] == "reports" for one in program.exported("alerts")))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
    assert "The previous rules stay in use" in err
    assert "has changed" in err


@pytest.fixture
def runners(program: Program) -> None:
    """The homes of these tests have the runners of the checkout: they are fetched and built once."""
    assert installed(CHECKOUT / "var").complete, "`make flink` fetches it; `make test` does so"
    assert prism_path(CHECKOUT / "var").exists(), "`make prism` builds it; `make test` does so"
    for home in ("batch", "engine"):
        (program.folder / home).mkdir()
        (program.folder / home / "runners").symlink_to(CHECKOUT / "var" / "runners")


@pytest.mark.parametrize("runner", ["prism", "flink"])
@pytest.mark.usefixtures("runners")
def test_an_engine_makes_of_a_stream_what_a_run_makes(program: Program, runner: str) -> None:
    """The pipeline that never ends, on runners with real watermarks."""
    file = seeds(program, "seeds.jsonl", range(8))
    assert program("run", "--seeds", file, "--rules", "rules.yaml", WIREPICKET_HOME="batch").code == 0
    assert program("fetch", "--seeds", file, WIREPICKET_HOME="engine").code == 0
    done = program(
        *("stream", "--rules", "rules.yaml", "--runner", runner, "--until-idle", "15", "--json"),
        WIREPICKET_HOME="engine",
    )
    assert done.code == 0, done.err
    assert done.summary["captures"] == 16
    assert told(program, "engine") == told(program, "batch")
    if runner == "prism":  # Flink tells what was counted when a job has ended, and a stream's is cancelled
        assert counters(program, "engine").items() >= {"refine.captures": 16, "regroup.fingerprints": 16}.items()


@pytest.mark.usefixtures("runners")
def test_flink_makes_what_the_runner_of_this_process_makes(program: Program) -> None:
    file = seeds(program, "seeds.jsonl", range(8))
    assert program("run", "--seeds", file, "--rules", "rules.yaml", WIREPICKET_HOME="batch").code == 0
    run = ("run", "--seeds", file, "--rules", "rules.yaml", "--runner", "flink", "--json")
    done = program(*run, WIREPICKET_HOME="engine")
    assert done.code == 0, done.err
    assert done.summary["new"] == 16
    assert told(program, "engine") == told(program, "batch")
    assert counters(program, "engine") == counters(program, "batch")


@pytest.mark.parametrize("runner", ["prism", "flink"])
def test_a_runner_that_is_not_here_is_said_with_the_remedy(program: Program, runner: str) -> None:
    for command in ("run", "stream"):
        done = program(command, "--runner", runner, PATH="/usr/bin:/bin")
        assert done.code == 2
        assert f"make {runner}" in done.err


def test_a_runner_that_is_none_is_wrong_use(program: Program) -> None:
    assert program("stream", "--runner", "Steam").code == 2
