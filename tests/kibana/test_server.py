"""What is asked of a Kibana, by a server on loopback that answers as one does."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from flows.shipped import DASHBOARDS, shipped
from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.kibana.description import load_description
from pipelines.kibana.server import Kibana

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION = load_description(shipped(DASHBOARDS))


@dataclass
class Answering:
    """Remembers what it was sent, by path; an alerting rule exists once it was made."""

    version: str = "9.5.3"
    refuse: str = ""
    """A path that begins so is answered with 403."""
    broken: bool = False
    """Whether an import tells of a failure."""
    bodies: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        self.asked.append((method, path))
        if self.refuse and path.startswith(self.refuse):
            return 403, {"message": "no"}
        if path == "/api/status":
            return 200, {"version": {"number": self.version}}
        if path.startswith("/api/saved_objects/_import"):
            lines = [line for line in body.splitlines() if line.startswith(b'{"type"')]
            self.bodies[path] = [json.loads(line) for line in lines]
            error = {"type": "dashboard", "id": "x", "error": {"type": "missing_references"}}
            return 200, {"success": not self.broken, "errors": [error] if self.broken else []}
        if method == "GET":
            return (200, self.bodies[path]) if path in self.bodies else (404, {})
        self.bodies[path] = json.loads(body)
        return 200, {}


@pytest.fixture
def kibana() -> Iterator[Answering]:
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.headers.append(dict(self.headers))
            status, answer = told.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PUT = _any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        yield told
        server.shutdown()
        thread.join()


def test_a_new_kibana_takes_dashboards_by_its_api(kibana: Answering) -> None:
    with Kibana(kibana.url, api_key="secret") as server:
        done = server.install(DESCRIPTION, "desk", with_rules=True)
    assert done.by_api
    imported = kibana.bodies["/api/saved_objects/_import?overwrite=true"]
    assert {one["type"] for one in imported} == {"index-pattern", "search"}
    assert kibana.bodies["/api/dashboards/desk-dashboard-news"]["title"] == "wirepicket: news"
    rule = kibana.bodies["/api/alerting/rule/desk-rule-new-alert"]
    assert (rule["rule_type_id"], rule["params"]["index"]) == (".es-query", ["desk-alerts"])
    assert all(sent["kbn-xsrf"] and sent["Authorization"] == "ApiKey secret" for sent in kibana.headers)


def test_doing_it_again_asks_for_the_same(kibana: Answering) -> None:
    with Kibana(kibana.url) as server:
        server.install(DESCRIPTION, "desk", with_rules=True)
        before = {path: body for path, body in kibana.bodies.items() if "alerting" not in path}
        server.install(DESCRIPTION, "desk", with_rules=True)
    assert {path: body for path, body in kibana.bodies.items() if "alerting" not in path} == before
    changed = [path for method, path in kibana.asked if method == "PUT" and "alerting" in path]
    assert changed == ["/api/alerting/rule/desk-rule-new-alert"], "a rule that exists is changed, not made twice"
    assert "rule_type_id" not in kibana.bodies[changed[0]]


def test_an_older_kibana_takes_saved_objects(kibana: Answering) -> None:
    kibana.version = "8.19.2"
    with Kibana(kibana.url + "/") as server:
        done = server.install(DESCRIPTION, "desk", with_rules=False)
    assert not done.by_api
    imported = kibana.bodies["/api/saved_objects/_import?overwrite=true"]
    assert {one["type"] for one in imported} == {"index-pattern", "search", "dashboard"}
    assert {method for method, _ in kibana.asked} == {"GET", "POST"}


def test_what_goes_wrong_is_said(kibana: Answering) -> None:
    kibana.broken = True
    with Kibana(kibana.url) as server, pytest.raises(StoreUnavailableError, match="missing_references"):
        server.install(DESCRIPTION, "desk", with_rules=False)
    kibana.refuse = "/api/status"
    address = kibana.url.replace("http://", "http://user:hidden@")
    with Kibana(address) as server, pytest.raises(StoreUnavailableError, match="refuses us") as raised:
        server.install(DESCRIPTION, "desk", with_rules=False)
    assert "hidden" not in str(raised.value)
    with Kibana("http://127.0.0.1:9") as server, pytest.raises(StoreUnavailableError, match="cannot be reached"):
        server.install(DESCRIPTION, "desk", with_rules=False)
    with pytest.raises(ConfigurationError, match="address of a Kibana"):
        Kibana("kibana.example")
