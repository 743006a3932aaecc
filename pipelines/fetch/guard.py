"""No private addresses: what we are told to fetch comes from strangers.

The host is resolved here, every address checked, and the connection made to the very address which was
checked, so that neither a redirect nor a name that changes its mind between look-up and connection gets
through.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterable
from contextlib import suppress
from typing import TYPE_CHECKING

import httpcore
import httpx

from pipelines.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from pipelines.config import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAPPED = (ipaddress.IPv6Network("::ffff:0:0/96"),)
"""IPv4-mapped addresses (RFC 4291, 2.5.5.2): how an operating system names IPv4 to a socket for IPv6."""
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"),)
"""The translator of a network that has IPv6 only: RFC 6052."""
_IPV6_UNICAST = (ipaddress.IPv6Network("2000::/3"), *_NAT64)
"""The addresses that IANA assigns as global unicast. All else (site-local, link-local, unique local, IPv4-compatible,
IPv4-translated, local-use NAT64, multicast) is refused."""
_IPV6_REFUSED = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_IPV4_REFUSED = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "192.0.0.0/24",  # IETF protocol assignments
            "192.88.99.0/24",  # relays of 6to4
            "224.0.0.0/4",  # multicast
        ),
    )
)
"""Beside what ``is_global`` leaves out; both after IANA's registries of special-purpose addresses."""
_ISATAP, _ISATAP_MASK = 0x0000_5EFE, 0xFCFF_FFFF
"""The first half of an interface identifier that holds an IPv4 address: RFC 5214, 6.1."""
_TRIED = 4
"""Addresses of one host that are tried, in the resolver's order."""


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Return whether an address may be fetched from: a public one, or one in a network that is allowed by name.

    Public is what is assigned as global unicast. An address that leads on to an IPv4 address, by a translator or a
    tunnel, is as public as that one is.
    """
    if any(address in network for network in allowed):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not _within(address, _IPV4_REFUSED)
    if _within(address, _MAPPED):
        return is_allowed(_ipv4(address), allowed)
    if not _within(address, _IPV6_UNICAST) or _within(address, _IPV6_REFUSED):
        return False
    return all(is_allowed(embedded, allowed) for embedded in _embedded(address))


def _embedded(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address leads on to by its form."""
    if _within(address, _NAT64):
        yield _ipv4(address)
    if address.sixtofour:
        yield address.sixtofour
    if int(address) >> 32 & _ISATAP_MASK == _ISATAP:
        yield _ipv4(address)


def _ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    """Return the IPv4 address in the last 32 bits."""
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


async def resolve(host: str, port: int, allowed: Sequence[Network]) -> tuple[str, ...]:
    """The addresses of a host, at most four. Raises ``FetchError`` where it has none, or any of them is private."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise FetchError("no_such_host", f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_allowed(address, allowed):
            raise FetchError(
                "private_address",
                f"{host} is {address}; WIREPICKET_ALLOW_NETS can allow a private network",
            )
    return tuple(dict.fromkeys(map(str, addresses)))[:_TRIED]


async def is_own_host(netloc: str, allowed: Sequence[Network]) -> bool:
    """Whether a host (``name`` or ``name:port``) is one of our own: in a private network that is allowed by name."""
    if not allowed:
        return False
    try:
        name = httpx.URL(f"http://{netloc}").host
        address = ipaddress.ip_address((await resolve(name, 80, allowed))[0])
    except (FetchError, httpx.InvalidURL, ValueError):
        return False
    return not is_allowed(address, ())


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections, to addresses which passed ``resolve`` only.

    It stands below the connection pool, so that the pool, TLS and HTTP/2 go by the name of the host: two names
    at one address never share a connection.
    """

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the form which httpcore gives
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        *others, last = await resolve(host, port, self._allowed)
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait before another try."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 and HTTP/2 over guarded connections, kept open between requests.

    Raises ``httpcore``'s exceptions as they are, and ``FetchError`` for an address that is refused.
    """

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=100,
            max_keepalive_connections=40,
            keepalive_expiry=30.0,
            http2=True,
            retries=1,
            network_backend=GuardedBackend(allowed),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is still to be read, and the answer to be closed."""
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as httpx reads it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._answer.aclose()
