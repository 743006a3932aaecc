"""A web server on loopback for tests: answers what it is told to, and counts."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class WebServer:
    """Serves ``routes`` by path; a route is an answer, or a function from the request's headers to one.

    Whatever is posted is taken, and kept by path.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = {}
        self.requests: Counter[str] = Counter()
        self.posted: defaultdict[str, list[bytes]] = defaultdict(list)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.requests[self.path] += 1
                route = server.routes.get(self.path, Answer(b"nothing here", 404))
                answer = route if isinstance(route, Answer) else route(dict(self.headers))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def do_POST(self) -> None:
                server.posted[self.path].append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def feed(self, path: str, items: list[tuple[str, str, str]], etag: str | None = None) -> str:
        """Serve an RSS feed of (link path, title, summary); with an ETag it honours If-None-Match."""
        entries = "".join(
            f"<item><title>{title}</title><link>{self.url}{link}</link><guid>{self.url}{link}</guid>"
            f"<pubDate>Mon, 01 Jun 2026 08:00:00 GMT</pubDate><description>{summary}</description></item>"
            for link, title, summary in items
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Example Wire</title>{entries}</channel></rss>'

        def answer(headers: Mapping[str, str]) -> Answer:
            if etag and headers.get("If-None-Match") == etag:
                return Answer(status=304, headers={"ETag": etag})
            told = {"Content-Type": "application/rss+xml"} | ({"ETag": etag} if etag else {})
            return Answer(body.encode(), headers=told)

        self.routes[path] = answer
        return f"{self.url}{path}"

    def page(self, path: str, title: str, body: str) -> str:
        """Serve an article page."""
        paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in body.split("\n\n"))
        head = f"<head><title>{title}</title></head>"
        story = f"<article><h1>{title}</h1>{paragraphs}</article>"
        html = (
            f"<!doctype html><html lang=en>{head}<body><nav>Home News</nav>{story}<footer>About</footer></body></html>"
        )
        self.routes[path] = Answer(html.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        return f"{self.url}{path}"
