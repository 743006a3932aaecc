"""A run with a Prefect server: a real one, in a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
import yaml

from flows.prefect_server import START_SECONDS, prefect_server
from tests.e2e.conftest import PROGRAM
from tests.http_server import Answer
from tests.synthetic import prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.conftest import Program
    from tests.http_server import WebServer

T = TypeVar("T")


@pytest.fixture
def prefect_api(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with prefect_server(tmp_path / "prefect", port) as url:
        yield url


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


FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour Gazette</title>
<item><title>A title of some words</title><guid>1</guid><link>URL/page</link></item></channel></rss>"""


def test_serve_runs_its_deployments(program: Program, prefect_api: str, web: WebServer) -> None:
    page = f"<html><body><article><h1>A title of some words</h1><p>{prose(1, 120)}</p></article></body></html>"
    web.routes = {
        "/feed": Answer(FEED.replace(b"URL", web.url.encode()), headers={"Content-Type": "application/rss+xml"}),
        "/page": Answer(page.encode(), headers={"Content-Type": "text/html"}),
    }
    (program.folder / "feeds.txt").write_text(f"{web.url}/feed\n", encoding="utf-8")
    (program.folder / "wirepicket.toml").write_text('index_prefix = "served"\n', encoding="utf-8")
    environment = program.environment | {"PREFECT_API_URL": prefect_api}
    with (program.folder / "serve.log").open("wb") as log:
        served = subprocess.Popen(
            [PROGRAM, "serve", "--feeds", "feeds.txt"], cwd=program.folder, env=environment, stdout=log, stderr=log
        )
        try:
            names = {"wirepicket-run", "wirepicket-report", "wirepicket-health"}
            flows = wait_for(lambda: deployments(prefect_api, names), served, program.folder / "serve.log")
            for name in ("wirepicket-run", "wirepicket-report", "wirepicket-health"):
                new = f"{prefect_api}/deployments/{flows[name]}/create_flow_run"
                created = wait_for(lambda new=new: ask("POST", new), served, program.folder / "serve.log")
                wait_for(lambda one=created["id"]: ended(prefect_api, one), served, program.folder / "serve.log")
        finally:
            served.send_signal(signal.SIGINT)
            served.wait(60)
    (article,) = program.exported("articles")
    assert article["source"] == "Harbour Gazette"
    assert b"A title of some words" in (program.folder / "var" / "report.html").read_bytes()


def ask(method: str, url: str) -> Any:
    """What the server answers; nothing where it has an error: its own SQLite file may be locked for a while."""
    answer = httpx.request(method, url, json={} if method == "POST" else None)
    return answer.json() if answer.status_code < 500 else None


def deployments(api: str, names: set[str]) -> dict[str, str] | None:
    """Ids of the deployments by the names of their flows, once all are there."""
    flows = {flow["id"]: flow["name"] for flow in ask("POST", f"{api}/flows/filter") or ()}
    found = ask("POST", f"{api}/deployments/filter") or ()
    ids = {flows[deployment["flow_id"]]: deployment["id"] for deployment in found if deployment["flow_id"] in flows}
    return ids if ids.keys() == names else None


def ended(api: str, flow_run: str) -> bool:
    found = ask("GET", f"{api}/flow_runs/{flow_run}")
    if not found:
        return False
    state = found["state_type"]
    assert state not in {"FAILED", "CRASHED", "CANCELLED"}, state
    return bool(state == "COMPLETED")


def wait_for(ask: Callable[[], T], process: subprocess.Popen[bytes], log: Path) -> T:
    deadline = time.monotonic() + START_SECONDS
    while not (answer := ask()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)
    return answer


def test_the_file_of_deployments_names_flows_that_exist() -> None:
    told = yaml.safe_load((Path(__file__).parent.parent.parent / "infra" / "prefect.yaml").read_text())
    assert {deployment["name"] for deployment in told["deployments"]} == {"fetch", "run", "replay", "report", "health"}
    for deployment in told["deployments"]:
        path, _, name = deployment["entrypoint"].partition(":")
        assert path == "flows/deployments.py"
        assert f"\ndef {name}(" in (Path(__file__).parent.parent.parent / path).read_text()
