"""Two machines and an object store between them: what one fetches, the other's stream makes of it what a run makes.

The store is a real S3 server, spoken to over HTTP.
"""

from __future__ import annotations

import json
import signal
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from pipelines.archive.copying import sizes
from tests.e2e.conftest import counters
from tests.e2e.streams import RULES, all_ended, seeds, stored, streaming, told, until
from tests.s3_server import BUCKET, KEY, SECRET, free_port, s3_server, wire_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Program
    from tests.s3_server import S3

pytestmark = pytest.mark.timeout(900)
PLACE = f"s3://{BUCKET}/warc"


@pytest.fixture(autouse=True)
def rules(program: Program) -> None:
    (program.folder / "rules.yaml").write_text(RULES, encoding="utf-8")


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    with s3_server(tmp_path / "s3") as server:
        yield server


def batch_of(program: Program, *files: str) -> dict[str, object]:
    """The exports of a run over the seeds, on a machine of its own."""
    assert program("run", *files, "--rules", "rules.yaml", WIREPICKET_HOME="batch").code == 0
    return told(program, "batch")


def fetch(program: Program, file: str, home: str, s3: S3) -> None:
    done = program("fetch", "--seeds", file, "--to", PLACE, WIREPICKET_HOME=home, **s3.environment())
    assert (done.code, done.err) == (0, "")


def archive(program: Program, home: str) -> Path:
    return program.folder / home / "archive"


def name_of(key: str) -> str:
    return key.rpartition("/")[2]


def test_what_machines_fetch_the_stream_of_another_makes_what_a_run_makes(program: Program, s3: S3) -> None:
    first, second = seeds(program, "first.jsonl", range(5)), seeds(program, "second.jsonl", range(3, 8))
    batch = batch_of(program, first, second)
    environment = s3.environment() | {"WIREPICKET_HOME": "stream", "WIREPICKET_LOG": "text"}
    with streaming(program, "--from", PLACE, "--json", **environment) as process:
        fetch(program, first, "here", s3)
        until(lambda: stored(program, "stream") == 10)
        fetch(program, second, "there", s3)
        until(lambda: stored(program, "stream") == 16)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert told(program, "stream") == batch
    fetched = sizes(archive(program, "here")) | sizes(archive(program, "there"))
    assert sizes(archive(program, "stream")) == fetched
    summary = json.loads(out)
    assert (summary["brought_files"], summary["brought_bytes"]) == (2, sum(fetched.values()))
    counted = counters(program, "stream")
    assert (counted["bring.files"], counted["bring.bytes"]) == (2, sum(fetched.values()))
    assert "step=bring" in err
    # A run beside it sends too, and brings nothing twice.
    again = program("stream", "--from", PLACE, "--until-idle", "1", "--json", **environment)
    assert (again.code, again.summary["brought_bytes"], again.summary["captures"]) == (0, 0, 0)
    logs = "".join(path.read_text() for path in program.folder.glob("*/logs/*"))
    assert SECRET not in err + logs
    assert KEY not in err + logs


def test_cut_wires_grown_and_cut_off_objects_and_kills_change_nothing(program: Program, s3: S3) -> None:
    files = [seeds(program, f"{number}.jsonl", range(3 * number, 3 * number + 4)) for number in range(3)]
    batch = batch_of(program, *files)
    for file in files:
        fetch(program, file, "fetched", s3)
    whole = s3.objects()
    first, second, third = whole
    # Of the first a beginning only, as of an upload that broke off; the second is not there yet.
    s3.put(first, whole[first][: len(whole[first]) // 3])
    s3.delete(second)
    brought = partial(sizes, archive(program, "stream"))
    with wire_to(s3.port) as wire:
        environment = s3.environment(wire.port) | {"WIREPICKET_HOME": "stream"}
        # The server goes in the midst of an object, for longer than its client is patient.
        wire.cut_after = 2_500
        with streaming(program, "--from", PLACE, **environment) as process:
            until(lambda: wire.refused > 4)
            wire.down = False
            until(lambda: brought().get(name_of(third)) == len(whole[third]))
            s3.put(first, whole[first][: len(whole[first]) // 2])
            until(lambda: brought().get(name_of(first)) == len(whole[first]) // 2)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=120)
        assert f"s3://{BUCKET}/{first}: " in err
        assert "the next round copies the missing files" in err
        # The rest comes slowly, and whoever brings it is killed in the midst of it.
        for key, body in whole.items():
            s3.put(key, body)
        wire.delay = 0.2
        for _ in range(2):
            wire.carried = 0
            with streaming(program, "--from", PLACE, **environment) as process:
                until(lambda: wire.carried > 3_500)
                children = psutil.Process(process.pid).children(recursive=True)
                process.kill()
                process.wait()
                until(partial(all_ended, children))
        wire.delay = 0.0
        last = program("stream", "--rules", "rules.yaml", "--from", PLACE, "--until-idle", "3", **environment)
        assert last.code == 0, last.err
    assert {path.name: path.read_bytes() for path in archive(program, "stream").glob("*.gz")} == {
        name_of(key): body for key, body in whole.items()
    }
    assert told(program, "stream") == batch


def test_a_server_that_is_away_is_said_and_costs_nothing(program: Program, tmp_path: Path) -> None:
    file, port = seeds(program, "seeds.jsonl", range(3)), free_port()
    with s3_server(tmp_path / "s3", port) as s3:
        environment = s3.environment()
    fetched = program("fetch", "--seeds", file, "--to", PLACE, WIREPICKET_HOME="fetched", **environment)
    assert fetched.code == 1
    assert f"{PLACE}: " in fetched.err
    assert "127.0.0.1" in fetched.err
    stream = ("stream", "--rules", "rules.yaml", "--from", PLACE, "--until-idle", "1", "--json")
    away = program(*stream, WIREPICKET_HOME="stream", **environment)
    assert (away.code, away.summary["captures"]) == (1, 0)
    assert f"{PLACE}: " in away.err
    with s3_server(tmp_path / "s3", port):
        # A run sends as well, and it sends what the fetch before it could not.
        run = ("run", file, "--rules", "rules.yaml")
        again = program(*run, WIREPICKET_HOME="fetched", WIREPICKET_ARCHIVE_REMOTE=PLACE, **environment)
        assert again.code == 0, again.err
        assert counters(program, "fetched")["send.files"] == 1
        done = program(*stream, WIREPICKET_HOME="stream", **environment)
    assert (done.code, done.summary["captures"]) == (0, 6)
    assert told(program, "stream") == batch_of(program, file)


def test_a_place_that_cannot_be_used_is_said_with_the_remedy(program: Program) -> None:
    for command in (("stream", "--from"), ("fetch", "--seeds", seeds(program, "seeds.jsonl", range(1)), "--to")):
        done = program(*command, "gs://bucket/warc")
        assert done.code == 2
        assert "pip install 'gcsfs'" in done.err
    assert not (program.folder / "var").exists(), "nothing was done"
