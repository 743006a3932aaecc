"""A run with a Prefect server: a real one, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.synthetic import prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Program

START_SECONDS = 120


@pytest.fixture
def prefect_api(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = os.environ | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    with (tmp_path / "server.log").open("wb") as log:
        command = [
            Path(sys.executable).parent / "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    if httpx.get(f"{url}/health", timeout=2).is_success:
                        break
                except httpx.HTTPError:
                    pass
                assert server.poll() is None, (tmp_path / "server.log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
                time.sleep(0.5)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def test_a_run_is_a_flow_run_with_its_steps_as_tasks(program: Program, prefect_api: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    store = f"sqlite:///{tmp_path}/secret-name.db"
    ran = program("run", "--seeds", "a.txt", "--json", "--store", store, PREFECT_API_URL=prefect_api)
    assert (ran.code, ran.err) == (0, "")
    assert ran.summary["new"] == 1
    (flow,) = httpx.post(f"{prefect_api}/flow_runs/filter", json={}).json()
    assert (flow["state_type"], flow["parameters"]) == ("COMPLETED", {})
    tasks = httpx.post(f"{prefect_api}/task_runs/filter", json={}).json()
    assert {task["name"].rpartition("-")[0] for task in tasks} == {"collect", "process", "notify"}
    assert {task["state_type"] for task in tasks} == {"COMPLETED"}
    (artifact,) = httpx.post(f"{prefect_api}/artifacts/filter", json={}).json()
    assert '"new": 1' in artifact["data"] or '"new":1' in artifact["data"]

    # A failed run is a failed flow run, and the same words and exit code as without a server.
    failed = program("run", "--seeds", "a.txt", "--store", "http://127.0.0.2:9", PREFECT_API_URL=prefect_api)
    assert failed.code == 3
    assert "Traceback" not in failed.err
    states = {one["state_type"] for one in httpx.post(f"{prefect_api}/flow_runs/filter", json={}).json()}
    assert states == {"COMPLETED", "FAILED"}


def test_a_server_that_does_not_answer_stops_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    ran = program("run", "--seeds", "a.txt", "--json", PREFECT_API_URL="http://127.0.0.2:9/api")
    assert ran.code == 0, ran.err
    assert ran.summary["new"] == 1
    assert "does not answer" in ran.err
