"""The wheel as somebody installs it who has no checkout: with an old pip as with the newest."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.http_server import Answer
from tests.synthetic import prose

if TYPE_CHECKING:
    from tests.e2e.conftest import Program
    from tests.http_server import WebServer

ROOT = Path(__file__).parent.parent.parent
OLDEST_PIP = "22.3"
"""What the first release of Python 3.11 brought: README.md and pyproject.toml ask for that Python."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pip", [f"pip=={OLDEST_PIP}", "pip"])
def test_an_installed_wheel_runs_searches_and_serves(pip: str, wheel: Path, program: Program, web: WebServer) -> None:
    environment = program.folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", pip], check=True)
    # The locked versions, so that the test says the same tomorrow; which packages they are, pip works out.
    locked = {found.name: found.version for found in distributions() if found.name != "wirepicket"}
    pinned = program.folder / "constraints.txt"
    pinned.write_text("\n".join(f"{name}=={version}" for name, version in locked.items()), encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(pinned), str(wheel)]
    subprocess.run(install, check=True, env=program.environment)

    installed = environment / "bin" / "wirepicket"
    (program.folder / "a.txt").write_text(f"Launchers reach the range\n\n{prose(1, 80)} A HIMARS was seen there.")
    for arguments, wanted in (
        (["run", "--seeds", "a.txt", "--json"], '"new": 1'),
        (["search", "HIMARS"], "Launchers reach the range"),
    ):
        ran = subprocess.run(
            [installed, *arguments],
            cwd=program.folder,
            env=program.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, wanted in ran.stdout) == (0, True), ran.stderr

    web.feed("/feed", [])
    web.routes["/feed"] = Answer(b"<rss version='2.0'><channel><title>Wire</title></channel></rss>")
    (program.folder / "feeds.txt").write_text(f"{web.url}/feed\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = ["env", "--default-signal=INT", str(installed), "serve", "--feeds", "feeds.txt", "--every", "1"]
    with (program.folder / "serve.log").open("wb") as log:
        served = subprocess.Popen(
            [*command, "--port", str(port)], cwd=program.folder, env=program.environment, stdout=log, stderr=log
        )
    try:
        state = program.folder / "var" / "schedules" / "wirepicket-run.json"
        deadline = time.monotonic() + 600
        while not (state.exists() and json.loads(state.read_bytes())["ended"]):
            assert served.poll() is None, (program.folder / "serve.log").read_text()
            assert time.monotonic() < deadline, (program.folder / "serve.log").read_text()
            time.sleep(0.5)
    finally:
        served.send_signal(signal.SIGINT)
        served.wait(120)
    assert json.loads(state.read_bytes())["outcome"] == "completed"
