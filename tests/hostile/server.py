"""A server on loopback which misbehaves as servers of the web do, or worse. It writes raw bytes to the socket."""

from __future__ import annotations

import gzip
import socketserver
import threading
import time
import zlib
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import brotli
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    Behaviour = Callable[["Exchange"], Iterator[bytes]]

DRIP_SECONDS = 0.05
ZEROS = 64 * 2**20
"""What a bomb holds, unpacked."""


class Exchange:
    """A request under way."""

    def __init__(self, path: str, headers: Mapping[str, str], server: HostileServer) -> None:
        self.path = path
        self.headers = headers
        self.server = server
        self.count = server.requests[path]
        """Requests for this path, this one included."""


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    told = {"Content-Length": str(len(body)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def rss(base: str, *names: str) -> bytes:
    items = "".join(
        f"<item><title>Report {name}</title><link>{base}/page/{name}</link><description>About {name}.</description>"
        "<pubDate>Mon, 01 Jun 2026 08:00:00 GMT</pubDate></item>"
        for name in names
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Hostile</title>{items}</channel></rss>'.encode()


def _slow_loris(_: Exchange) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        time.sleep(DRIP_SECONDS)
        yield b"X-More: x\r\n"


def _dripping_body(_: Exchange) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    while True:
        time.sleep(DRIP_SECONDS)
        yield b"."


def _endless_body(_: Exchange) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    while True:
        yield b"<item/>" * 10_000


def _endless_headers(_: Exchange) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    number = 0
    while True:
        number += 1
        yield f"X-Header-{number}: {'x' * 8_000}\r\n".encode()


def _silence(_: Exchange) -> Iterator[bytes]:
    time.sleep(30)
    yield b""


def _gzip_bomb(_: Exchange) -> Iterator[bytes]:
    yield answer(gzip.compress(bytes(ZEROS)), Content_Encoding="gzip")


def _brotli_bomb(_: Exchange) -> Iterator[bytes]:
    yield answer(brotli.compress(bytes(ZEROS), quality=5), Content_Encoding="br")


def _zstd_bomb(_: Exchange) -> Iterator[bytes]:
    yield answer(zstandard.compress(bytes(ZEROS)), Content_Encoding="zstd")


def _wide_zstd(_: Exchange) -> Iterator[bytes]:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    yield answer(writer.compress(bytes(ZEROS)) + writer.flush(), Content_Encoding="zstd")


def _chunked_rubbish(_: Exchange) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nno number\r\n"


def _short(exchange: Exchange) -> Iterator[bytes]:
    body = rss(exchange.server.url, "short")
    yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + 1000}\r\nConnection: close\r\n\r\n".encode() + body


def _flapping(exchange: Exchange) -> Iterator[bytes]:
    if exchange.count % 2:
        yield answer(b"busy", "503 Service Unavailable")
    else:
        yield answer(rss(exchange.server.url, "flap"), Content_Type="application/rss+xml")


def redirect(target: str, status: str = "302 Found") -> Behaviour:
    def behave(exchange: Exchange) -> Iterator[bytes]:
        yield answer(status=status, Location=target.format(server=exchange.server.url))

    return behave


def _fixed(body: bytes, status: str = "200 OK", **headers: str) -> Behaviour:
    def behave(_: Exchange) -> Iterator[bytes]:
        yield answer(body, status, **headers)

    return behave


def _feed(*names: str, **headers: str) -> Behaviour:
    def behave(exchange: Exchange) -> Iterator[bytes]:
        yield answer(rss(exchange.server.url, *names), **headers)

    return behave


def _page(exchange: Exchange) -> Iterator[bytes]:
    name = exchange.path.rpartition("/")[2]
    story = "".join(f"<p>Sentence {number} of the report on {name} from the yard.</p>" for number in range(20))
    body = (
        f"<!doctype html><html><head><title>Report {name}</title></head><body><article>{story}</article></body></html>"
    )
    yield answer(body.encode(), Content_Type="text/html")


_LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
_BILLION_LAUGHS = f'<!DOCTYPE rss [<!ENTITY a0 "ha">{_LAUGHS}]><rss><channel><title>&a9;</title></channel></rss>'

HOSTILE: dict[str, tuple[Behaviour, frozenset[str]]] = {
    "/slow-loris": (_slow_loris, frozenset({"timeout", "connection"})),
    "/dripping": (_dripping_body, frozenset({"timeout"})),
    "/endless": (_endless_body, frozenset({"too_large"})),
    "/endless-headers": (_endless_headers, frozenset({"connection"})),
    "/silence": (_silence, frozenset({"timeout"})),
    "/gzip-bomb": (_gzip_bomb, frozenset({"too_large"})),
    "/brotli-bomb": (_brotli_bomb, frozenset({"too_large"})),
    "/zstd-bomb": (_zstd_bomb, frozenset({"too_large"})),
    "/zstd-window": (_wide_zstd, frozenset({"content_encoding"})),
    "/broken-gzip": (_fixed(b"no gzip at all", Content_Encoding="gzip"), frozenset({"content_encoding"})),
    "/cut-gzip": (_fixed(gzip.compress(b"x" * 9_999)[:-12], Content_Encoding="gzip"), frozenset({"content_encoding"})),
    "/broken-br": (_fixed(b"\xff\xff no brotli", Content_Encoding="br"), frozenset({"content_encoding"})),
    "/broken-zstd": (_fixed(b"no zstd at all", Content_Encoding="zstd"), frozenset({"content_encoding"})),
    "/cut-deflate": (
        _fixed(zlib.compress(b"x" * 99)[:-4], Content_Encoding="deflate"),
        frozenset({"content_encoding"}),
    ),
    "/unnamed-bomb": (_fixed(gzip.compress(bytes(2**26))), frozenset({"too_large"})),
    "/chunks": (_chunked_rubbish, frozenset({"connection"})),
    "/short": (_short, frozenset({"connection"})),
    "/no-http": (lambda _: iter([b"220 mail.example ESMTP\r\n"]), frozenset({"connection"})),
    "/hang-up": (lambda _: iter([b""]), frozenset({"connection"})),
    "/loop": (redirect("/loop"), frozenset({"too_many_redirects"})),
    "/to-metadata": (redirect("http://169.254.169.254/latest/meta-data/"), frozenset({"private_address"})),
    "/to-private": (redirect("http://10.0.0.1/admin", "301 Moved"), frozenset({"private_address"})),
    "/to-file": (redirect("file:///etc/passwd"), frozenset({"scheme"})),
    "/to-nowhere": (redirect("http://"), frozenset({"bad_redirect", "too_many_redirects"})),
    "/to-rubbish": (redirect("http://[::1"), frozenset({"bad_redirect"})),
    "/gone": (_fixed(b"", "410 Gone"), frozenset({"http_410"})),
    "/busy": (_fixed(b"", "429 Too Many Requests", Retry_After="1200"), frozenset({"http_429"})),
    "/picture": (
        _fixed(b"\x89PNG\r\n\x1a\n" + bytes(500), Content_Type="application/rss+xml"),
        frozenset({"not_a_feed"}),
    ),
    "/laughs": (_fixed(_BILLION_LAUGHS.encode()), frozenset({"not_a_feed", "degraded", "no_link"})),
    "/page": (_fixed(b"<!doctype html><html><body>Hi</body></html>"), frozenset({"html"})),
}
"""What is served at a path, and the reasons of which one must be given for it."""
_MIXED = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Caf\xe9</title>'.encode("latin-1")
KIND: dict[str, Behaviour] = {
    "/robots.txt": _fixed(b"", "404 Not Found"),
    "/good": _feed("good"),
    "/html-type": _feed("typed", Content_Type="text/html"),
    "/flapping": _flapping,
    "/mixed": lambda exchange: iter([answer(_MIXED + rss(exchange.server.url, "mixed").partition(b"</title>")[2])]),
    "/broken-xml": lambda exchange: iter([answer(rss(exchange.server.url, "broken")[:-20] + b"<item><title>half")]),
}
"""Oddities which must not cost an entry."""


class HostileServer:
    """Serves ``HOSTILE``, ``KIND`` and pages. Counts requests and keeps what headers they had."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.received: list[tuple[str, dict[str, str]]] = []
        self.routes: dict[str, Behaviour] = {path: behave for path, (behave, _) in HOSTILE.items()} | KIND
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    outer._serve(self.rfile.readline, self.wfile.write)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=True)
        self._tcp.daemon_threads = True
        self._tcp.block_on_close = False
        self._thread = threading.Thread(target=lambda: self._tcp.serve_forever(poll_interval=0.05), daemon=True)

    def _serve(self, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        parts = read().split()
        if len(parts) < 2:
            return
        path = parts[1].decode()
        headers = {}
        while (line := read().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        self.requests[path] += 1
        self.received.append((path, headers))
        behave = self.routes.get(path, _page)
        for part in behave(Exchange(path, headers, self)):
            write(part)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._tcp.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tcp.shutdown()
        self._tcp.server_close()
        self._thread.join()
