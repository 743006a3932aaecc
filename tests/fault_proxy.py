"""A proxy before a real Elasticsearch, which refuses, loses and delays what passes through it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import elasticsearch

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Faults:
    """What the proxy does to the next requests. Counted down as it happens."""

    refuse: list[int] = field(default_factory=list)
    """Answer so, without asking the node."""
    refuse_items: int = 0
    """Refuse every other action of so many bulk requests with 429, and carry out the rest."""
    drop_answers: int = 0
    """Let the node act, then hang up."""
    slow_answers: list[float] = field(default_factory=list)
    """Let the node act, and answer so many seconds later."""
    refuse_writes: int = 0
    """Answer every bulk request so, without asking the node; 0: let them pass."""
    full_disk: str | None = None
    """Before each bulk request, put these indices under the block which the node itself sets at the flood-stage
    watermark (and lifts within half a minute where there is room, so that a test cannot rely on it)."""
    largest_body: int = 1 << 30
    strip_product: bool = False
    policies: dict[str, Any] | None = None
    """Answer as a server with index lifecycle management, which keeps policies here; the node itself has none, so
    settings of that kind are kept in ``lifecycle_settings`` and not passed on."""
    refuse_lifecycle: int = 0
    """Answer every request about it so."""
    lifecycle_settings: list[tuple[str, Any]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: Any) -> Any:
        with self.lock:
            value = getattr(self, name)
            if isinstance(value, list):
                return value.pop(0) if value else None
            if value:
                setattr(self, name, value - 1)
            return value


def split_bulk(body: bytes) -> Any:
    """The actions of a bulk request: lists of one or two lines."""
    lines = [line for line in body.split(b"\n") if line]
    actions = []
    while lines:
        head = lines.pop(0)
        actions.append([head] if b'"delete"' in head[:10] else [head, lines.pop(0)])
    return actions


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: Faults
    target: str

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.faults.seen.append(f"{self.command} {urlsplit(self.path).path}")
        if len(body) > self.faults.largest_body:
            self.answer(413, b"")
            return
        status = self.faults.take("refuse")
        if status:
            self.answer(status, b'{"error": "busy"}')
            return
        if self.faults.policies is not None:
            path = urlsplit(self.path).path
            body = self.without_lifecycle(path, body)
            if path.startswith("/_ilm/") or (path.endswith("/_settings") and body == b"{}"):
                self.answer_as_lifecycle(path, body)
                return
        is_bulk = urlsplit(self.path).path.endswith("/_bulk")
        if is_bulk and self.faults.refuse_writes:
            self.answer(self.faults.refuse_writes, b'{"error": "busy"}')
            return
        if is_bulk and self.faults.take("refuse_items"):
            self.part_of_bulk(body)
            return
        if is_bulk and self.faults.full_disk:
            set_full_disk(self.target, self.faults.full_disk, full=True)
        status, answer = self.forward(body)
        writes = self.command != "GET" and "_search" not in self.path and "_mget" not in self.path
        if writes and self.faults.take("drop_answers"):
            self.close_connection = True
            self.connection.shutdown(2)
            return
        time.sleep(self.faults.take("slow_answers") or 0)
        self.answer(status, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the base class names them

    def answer_as_lifecycle(self, path: str, body: bytes) -> None:
        assert self.faults.policies is not None
        name = path.rpartition("/")[2]
        if self.faults.refuse_lifecycle:
            self.answer(self.faults.refuse_lifecycle, b'{"error": "no"}')
        elif path == "/_ilm/status":
            self.answer(200, b'{"operation_mode": "RUNNING"}')
        elif name == "_settings":
            self.answer(200, b'{"acknowledged": true}')
        elif self.command == "PUT":
            self.faults.policies[name] = json.loads(body)["policy"]
            self.answer(200, b'{"acknowledged": true}')
        elif name in self.faults.policies:
            self.answer(200, json.dumps({name: {"policy": self.faults.policies[name]}}).encode())
        else:
            self.answer(404, b'{"error": {"type": "resource_not_found_exception", "reason": "no policy"}}')

    def without_lifecycle(self, path: str, body: bytes) -> bytes:
        if b"index.lifecycle" not in body:
            return body
        told = json.loads(body)
        settings = told["template"]["settings"] if "template" in told else told
        taken = {name: settings.pop(name) for name in list(settings) if name.startswith("index.lifecycle")}
        self.faults.lifecycle_settings.append((path, taken))
        return json.dumps(told).encode()

    def part_of_bulk(self, body: bytes) -> None:
        actions = split_bulk(body)
        kept = [action for number, action in enumerate(actions) if number % 2]
        items = []
        if kept:
            _, answer = self.forward(b"\n".join(line for action in kept for line in action) + b"\n")
            items = json.loads(answer)["items"]
        busy = {"create": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}}
        mixed = [items.pop(0) if number % 2 else busy for number in range(len(actions))]
        self.answer(200, json.dumps({"items": mixed}).encode())

    def forward(self, body: bytes) -> Any:
        node = urlsplit(self.target)
        connection = http.client.HTTPConnection(node.hostname or "", node.port, timeout=60)
        kept = {name: value for name, value in self.headers.items() if name.lower() in {"content-type", "accept"}}
        connection.request(self.command, self.path, body=body or None, headers=kept)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        if not self.faults.strip_product:
            self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(ConnectionError):  # whoever asked has not waited
                self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def set_full_disk(url: str, indices: str, *, full: bool) -> None:
    with elasticsearch.Elasticsearch(url) as client:
        client.indices.put_settings(index=indices, settings={"index.blocks.read_only_allow_delete": full or None})


@contextmanager
def proxy(target: str, faults: Faults) -> Iterator[str]:
    """The proxy's address, before the Elasticsearch at ``target``."""
    handler = type("BoundProxy", (Proxy,), {"faults": faults, "target": target})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
