"""A run with a Prefect server: a real one, in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import psutil
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
    with prefect_server(tmp_path / "prefect", free_port()) as server:
        yield server.url


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


PAGE = "<html><body><article><h1>A title of some words</h1><p>{}</p></article></body></html>"


def feed_of(web: WebServer, *pages: int) -> Answer:
    items = "".join(
        f"<item><title>Title number {page}</title><guid>{page}</guid><link>{web.url}/page-{page}</link></item>"
        for page in pages
    )
    document = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour Gazette</title>{items}</channel></rss>'
    return Answer(document.encode(), headers={"Content-Type": "application/rss+xml"})


@contextmanager
def serving(program: Program, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """``wirepicket serve`` with a Prefect server of its own, ended by an interrupt."""
    port = free_port()
    with (program.folder / "serve.log").open("ab") as log:
        command = ["env", "--default-signal=INT", str(PROGRAM), "serve", *options, "--port", str(port)]
        served = subprocess.Popen(
            command, cwd=program.folder, env=program.environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield served
        finally:
            if served.poll() is None:
                served.send_signal(signal.SIGINT)
            served.wait(120)


def test_serve_takes_in_what_comes_without_anybody_starting_a_run(program: Program, web: WebServer) -> None:
    web.routes = {f"/page-{page}": Answer(PAGE.format(prose(page, 120)).encode()) for page in (1, 2)}
    web.routes["/feed"] = feed_of(web, 1)
    # Its own rhythm would be ten minutes at the least.
    (program.folder / "feeds.toml").write_text(f'[[feeds]]\nurl = "{web.url}/feed"\nevery = "1m"\n', encoding="utf-8")
    (program.folder / "wirepicket.toml").write_text(f"metrics_port = {free_port()}\n", encoding="utf-8")
    with serving(program, "--feeds", "feeds.toml", "--every", "1") as served:
        log = program.folder / "serve.log"
        wait_for(lambda: len(articles(program)) == 1, served, log)
        web.routes["/feed"] = feed_of(web, 1, 2)
        wait_for(lambda: len(articles(program)) == 2, served, log)
        # A run by hand beside it takes no port.
        beside = program("fetch", "--feeds", "feeds.toml", "--all")
        assert beside.code == 0, beside.err
        scraped = httpx.get(f"http://127.0.0.1:{metrics_port(program)}/metrics").text
        assert 'wirepicket_articles_total{outcome="new"} 2.0' in scraped
        told = json.loads(program("status", "--json").out)["schedules"]
        assert {one["flow"]: one["problem"] for one in told} == {
            "wirepicket-run": None,
            "wirepicket-health": None,
            "wirepicket-report": None,
        }
    assert {article["source"] for article in articles(program)} == {"Harbour Gazette"}


def test_serve_ends_with_its_server(program: Program, web: WebServer) -> None:
    web.routes["/feed"] = feed_of(web)
    (program.folder / "feeds.txt").write_text(f"{web.url}/feed\n", encoding="utf-8")
    with serving(program, "--feeds", "feeds.txt", "--every", "1") as served:
        log = program.folder / "serve.log"
        state = program.folder / "var" / "schedules" / "wirepicket-run.json"
        wait_for(lambda: state.exists() and json.loads(state.read_text())["ended"], served, log)
        (server,) = [child for child in psutil.Process(served.pid).children() if "server" in child.cmdline()]
        server.kill()
        assert served.wait(120) == 1
    assert "the Prefect server (its log is var/prefect/server.log) has ended" in log.read_text()


def test_serve_goes_on_after_its_machine_has_lost_power_in_a_run(program: Program, web: WebServer) -> None:
    asked, gone = threading.Event(), threading.Event()

    def slow(_headers: object) -> Answer:
        asked.set()
        gone.wait(60)
        return Answer(PAGE.format(prose(1, 120)).encode())

    web.routes = {"/feed": feed_of(web, 1), "/page-1": slow}
    (program.folder / "feeds.txt").write_text(f"{web.url}/feed\n", encoding="utf-8")
    log = program.folder / "serve.log"
    with serving(program, "--feeds", "feeds.txt", "--every", "1") as served:
        wait_for(asked.is_set, served, log)
        process = psutil.Process(served.pid)
        for each in (process, *process.children(recursive=True)):
            each.kill()
        gone.set()
    with serving(program, "--feeds", "feeds.txt", "--every", "1") as served:
        wait_for(lambda: articles(program), served, log)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def metrics_port(program: Program) -> int:
    return int(tomllib.loads((program.folder / "wirepicket.toml").read_text())["metrics_port"])


def articles(program: Program) -> list[dict[str, Any]]:
    ran = program("export", "articles")
    return ran.lines if ran.code == 0 else []


def wait_for(ask: Callable[[], T], process: subprocess.Popen[bytes], log: Path) -> T:
    deadline = time.monotonic() + 2 * START_SECONDS
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
