from __future__ import annotations

import asyncio
import gzip
import ipaddress
import socket
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import FetchError
from pipelines.fetch import client
from pipelines.fetch.client import Fetcher, Response
from pipelines.fetch.guard import is_allowed
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.unpack import unpacked
from tests.http_server import Answer, WebServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def fetch(url: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = LOOPBACK) -> Response:
    async def run() -> Response:
        async with Fetcher(FetchPolicy(allowed_networks=networks)) as fetcher:
            return await fetcher.fetch(url)

    return asyncio.run(run())


def refusal(url: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = LOOPBACK) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url, networks)
    return caught.value.reason


def test_a_page(web: WebServer) -> None:
    web.routes["/a"] = Answer(b"hello", headers={"Content-Type": "text/plain", "X-Own": "y"})
    answer = fetch(f"{web.url}/a")
    assert (answer.body, answer.status, answer.header("x-own")) == (b"hello", 200, "y")


def test_gzip_is_unpacked_and_its_header_kept_under_another_name(web: WebServer) -> None:
    web.routes["/a"] = Answer(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
    answer = fetch(f"{web.url}/a")
    assert answer.body == b"hello"
    assert answer.header("content-encoding") is None
    assert answer.header("X-Archive-Orig-Content-Encoding") == "gzip"


def test_a_header_has_no_control_characters(web: WebServer) -> None:
    web.routes["/a"] = Answer(b"hello", headers={"X-Own": "caf\xe9\x85 b\x9fc", "Content-Type": "text/html"})
    answer = fetch(f"{web.url}/a")
    assert answer.header("x-own") == "caf\xe9  b c"
    assert answer.header("content-type") == "text/html"


def test_a_gzip_bomb_is_stopped(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 2**20)
    web.routes["/a"] = Answer(gzip.compress(b"0" * 2**26), headers={"Content-Encoding": "gzip"})
    assert refusal(f"{web.url}/a") == "too_large"


def test_a_large_body_is_stopped(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 1000)
    web.routes["/a"] = Answer(b"0" * 1001)
    assert refusal(f"{web.url}/a") == "too_large"


HELLO = b"hello, this is the body"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("utf-8", HELLO),
        ("none", HELLO),
        ("rubbish", HELLO),
        ("identity", HELLO),
        ("", HELLO),
        ("UTF-8", gzip.compress(HELLO)),
        (None, gzip.compress(HELLO)),
        ("none, gzip", gzip.compress(HELLO)),
        ("GZIP", gzip.compress(HELLO)),
        ("deflate", zlib.compress(HELLO)),
        ("deflate", zlib.compress(HELLO)[2:-4]),
        (None, b"\x1f"),
        (None, b""),
        ("gzip", b""),
    ],
)
def test_a_body_is_read_as_browsers_read_it(web: WebServer, encoding: str | None, body: bytes) -> None:
    web.routes["/a"] = Answer(body, headers={} if encoding is None else {"Content-Encoding": encoding})
    assert fetch(f"{web.url}/a").body == (HELLO if len(body) > 1 else body)


@pytest.mark.parametrize("encoding", ["gzip, br", "gzip, gzip"])
def test_a_body_packed_more_than_once_is_refused(web: WebServer, encoding: str) -> None:
    web.routes["/a"] = Answer(b"xyz", headers={"Content-Encoding": encoding})
    assert refusal(f"{web.url}/a") == "content_encoding"


@given(
    st.binary(max_size=200),
    st.lists(st.integers(1, 20), min_size=1, max_size=8),
    st.sampled_from(["", "gzip", "deflate"]),
)
def test_pieces_in_which_a_body_comes_do_not_matter(body: bytes, sizes: list[int], encoding: str) -> None:
    packed = {"": body, "gzip": gzip.compress(body), "deflate": zlib.compress(body)}[encoding]

    async def pieces() -> AsyncIterator[bytes]:
        at = 0
        for size in [*sizes, len(packed) + 1]:
            yield packed[at : at + size]
            at += size

    if body.startswith(b"\x1f\x8b\x08") and not encoding:
        return
    assert asyncio.run(unpacked(pieces(), encoding, 1_000)) == body


def test_broken_gzip(web: WebServer) -> None:
    web.routes["/a"] = Answer(b"this is not gzip", headers={"Content-Encoding": "gzip"})
    assert refusal(f"{web.url}/a") == "content_encoding"


def test_statuses(web: WebServer) -> None:
    assert refusal(f"{web.url}/none") == "http_404"
    web.routes["/busy"] = Answer(b"", 503)
    assert refusal(f"{web.url}/busy") == "http_503"


def test_redirects_are_followed_within_bounds(web: WebServer) -> None:
    web.routes["/old"] = Answer(status=301, headers={"Location": "/new"})
    web.routes["/new"] = Answer(b"here")
    answer = fetch(f"{web.url}/old")
    assert (answer.body, answer.url) == (b"here", f"{web.url}/new")
    web.routes["/loop"] = Answer(status=302, headers={"Location": "/loop"})
    assert refusal(f"{web.url}/loop") == "too_many_redirects"


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOTAL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/") == "timeout"


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/") == "connection"


def test_private_addresses_are_not_fetched_unless_allowed(web: WebServer) -> None:
    web.routes["/a"] = Answer(b"secret")
    assert refusal(f"{web.url}/a", ()) == "private_address"
    assert refusal(web.url.replace("127.0.0.1", "localhost") + "/a", ()) == "private_address"
    assert web.requests["/a"] == 0


def test_a_redirect_to_a_private_address_is_not_followed(web: WebServer) -> None:
    web.routes["/a"] = Answer(status=302, headers={"Location": "http://10.0.0.1/admin"})
    assert refusal(f"{web.url}/a") == "private_address"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example"])
def test_other_schemes_are_not_fetched(url: str) -> None:
    assert refusal(url) == "scheme"


def test_a_host_that_does_not_exist() -> None:
    assert refusal("http://no-such-host.invalid/") == "no_such_host"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1", False),
        ("2606:4700::1111", True),
    ],
)
def test_which_addresses_are_public(address: str, allowed: bool) -> None:  # noqa: FBT001
    assert is_allowed(ipaddress.ip_address(address), ()) is allowed
