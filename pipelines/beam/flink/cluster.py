"""A standalone Flink cluster of real processes on this machine: a job manager and some task managers.

::

    HOME/flink/
    ├── conf/config.yaml   written again at each start
    ├── logs/NAME.log      output of each process
    ├── tmp/
    ├── up.lock            locked while processes are started or stopped
    └── NAME.json          process id; locked by the process while it lives

All processes listen on loopback only. ``up`` starts the processes that do not live, so that it also replaces a task
manager that died.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.beam.flink.install import OPENED, FlinkInstallation, installed
from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.java.detached import end, living_pid, locked
from pipelines.java.ports import HOST, check_port, free_port

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 120.0
"""Seconds to wait for a start. Measured: 6 s on two shared cores."""
TASK_MANAGERS = 2
SLOTS = 2
"""Parallel tasks in a task manager: if the other dies, one alone has slots for the jobs of both."""
_POLL = 0.2
_REQUEST_SECONDS = 5.0
_TAIL = 2_000
_JOB_MANAGER = "jobmanager"
_CLASSES = {
    _JOB_MANAGER: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster of a home folder."""

    root: Path
    flink: FlinkInstallation
    port: int
    """Port of the job manager's REST interface; 0 if it was never started."""

    def state(self, name: str) -> Path:
        """Return the file with the process id of a member; it is locked while the member lives."""
        return self.root / f"{name}.json"

    def log(self, name: str) -> Path:
        """Return the file with the output of a member since its start."""
        return self.root / "logs" / f"{name}.log"

    @property
    def config(self) -> Path:
        """Folder of the configuration."""
        return self.root / "conf"

    @property
    def address(self) -> str:
        """Address for ``--flink_master``."""
        return f"{HOST}:{self.port}"

    def pids(self) -> dict[str, int]:
        """Return the process ids of the members that live, by name."""
        names = sorted(path.stem for path in self.root.glob("*manager*.json"))
        return {name: pid for name in names if (pid := living_pid(self.state(name))) is not None}

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the response of the job manager's REST interface; ``None`` without a response."""
        connection = http.client.HTTPConnection(self.address, timeout=_REQUEST_SECONDS)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def task_managers(self) -> int:
        """Return the number of task managers that the job manager knows."""
        overview = self.get("/overview")
        return int(overview["taskmanagers"]) if isinstance(overview, dict) and "taskmanagers" in overview else 0


def cluster_of(home: Path) -> Cluster:
    """Return the cluster of a home folder as it was last started."""
    root = home.resolve() / "flink"
    port = root / "port"
    return Cluster(root, installed(home), int(port.read_text(encoding="ascii")) if port.exists() else 0)


def up(home: Path, port: int = 8081, task_managers: int = TASK_MANAGERS) -> Cluster:
    """Start the members of the cluster that do not live, and wait until the job manager knows all task managers.

    ``port`` is the port of the job manager's REST interface and pages.

    Raises:
        ConfigurationError: Flink has not been fetched, or the port is in use.
        StoreUnavailableError: the cluster did not start.
    """
    if not installed(home).complete:
        raise ConfigurationError(f"there is no Flink in {installed(home).folder.parent}: `make flink` fetches it")
    root = cluster_of(home).root
    for folder in (root / "conf", root / "logs", root / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(root / "up.lock"):
        cluster = cluster_of(home)
        if living_pid(cluster.state(_JOB_MANAGER)) is None:
            check_port(port)
            (root / "port").write_text(str(port), encoding="ascii")
            cluster = cluster_of(home)
            text = configuration(port, free_port(), root)
            (cluster.config / "config.yaml").write_text(text, encoding="utf-8")
        elif cluster.port != port:
            raise ConfigurationError(f"The Flink cluster of {home} already runs at {cluster.address}.")
        names = [_JOB_MANAGER, *(f"taskmanager-{number + 1}" for number in range(task_managers))]
        for name in names:
            if living_pid(cluster.state(name)) is None:
                _start(cluster, name)
        _wait(cluster, names)
    return cluster


def down(home: Path) -> bool:
    """Stop the cluster. Return False if no member lived."""
    cluster = cluster_of(home)
    if not cluster.root.is_dir():
        return False
    with locked(cluster.root / "up.lock"):
        # Task managers first: they would wait for a job manager that has ended.
        ended = [end(cluster.state(name)) for name in sorted(cluster.pids(), reverse=True)]
        return any(ended)


def configuration(rest_port: int, rpc_port: int, root: Path) -> str:
    """Return the configuration of job manager and task managers."""
    # A task manager needs every part of its memory by name, since no script of Flink computes them. A crash is noticed
    # within 5 s, since the default of 50 s is long for one machine. Jobs are restarted without limit.
    return f"""jobmanager.rpc.address: {HOST}
jobmanager.rpc.port: {rpc_port}
jobmanager.bind-host: {HOST}
rest.address: {HOST}
rest.bind-address: {HOST}
rest.port: {rest_port}
taskmanager.host: {HOST}
taskmanager.bind-host: {HOST}
taskmanager.numberOfTaskSlots: {SLOTS}
taskmanager.load-balance.mode: SLOTS
taskmanager.cpu.cores: 1.0
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.heap.size: 256m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.managed.size: 64m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 64m
taskmanager.memory.jvm-overhead.max: 64m
parallelism.default: {TASK_MANAGERS}
io.tmp.dirs: "{root / "tmp"}"
classloader.resolve-order: parent-first
heartbeat.interval: 1000
heartbeat.timeout: 5000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 2147483647
restart-strategy.fixed-delay.delay: 1s
"""


def _start(cluster: Cluster, name: str) -> None:
    """Start a member in a session of its own. It inherits its locked state file, and holds the lock until it ends."""
    state = os.open(cluster.state(name), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(state, fcntl.LOCK_EX)
        os.ftruncate(state, 0)
        with cluster.log(name).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own arguments
                _command(cluster, name),
                cwd=cluster.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[state],
                start_new_session=True,
            )
        os.pwrite(state, json.dumps({"pid": child.pid}).encode(), 0)
    finally:
        os.close(state)


def _command(cluster: Cluster, name: str) -> list[str]:
    kind = name.partition("-")[0]
    opens = [f"--add-opens={package}=ALL-UNNAMED" for package in OPENED]
    log = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    java = [str(cluster.flink.java), "-Xmx512m", *opens, *log, "-classpath", f"{cluster.flink.jars}/*"]
    own = [] if kind == _JOB_MANAGER else ["-D", f"taskmanager.resource-id={name}"]
    return [*java, _CLASSES[kind], "--configDir", str(cluster.config), *own]


def _wait(cluster: Cluster, names: list[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while cluster.task_managers() < len(names) - 1:
        dead = set(names) - cluster.pids().keys()
        if dead or time.monotonic() > deadline:
            name = min(dead, default=_JOB_MANAGER)
            output = cluster.log(name).read_text(encoding="utf-8", errors="replace")[-_TAIL:]
            raise StoreUnavailableError(
                f"Flink did not start ({name}):\n{output}\nThe logs are in {cluster.root}/logs."
            )
        time.sleep(_POLL)
