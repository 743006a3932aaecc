"""A Prefect server on this machine, for users without one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from pipelines.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 120.0
"""Seconds until a server must answer; its first start creates its database."""


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A Prefect server of this process."""

    url: str
    """Address of its API."""
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def prefect_server(home: Path, port: int) -> Iterator[PrefectServer]:
    """Run a server on loopback while the context lasts, its data and log in ``home``.

    Raises:
        StoreUnavailableError: the server does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}/api"
    environment = os.environ | {
        "PREFECT_HOME": str(home.resolve()),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = [
        str(Path(sys.executable).parent / "prefect"),
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    log = home / "server.log"
    with (
        log.open("ab") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as server,  # noqa: S603 - ours
    ):
        try:
            _wait(server, url, log)
            yield PrefectServer(url, server, log)
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise StoreUnavailableError(f"the Prefect server did not start; its log is {log}")
