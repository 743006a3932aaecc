"""Guard against requests to private addresses (server-side request forgery), since links come from strangers.

The host is resolved here, every address is checked, and the connection is made to the checked address. So neither a
redirect nor a DNS record that changes between look-up and connection (DNS rebinding) leads to a private address.
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
"""IPv4-mapped addresses (RFC 4291, 2.5.5.2): the form of IPv4 addresses on an IPv6 socket."""
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"),)
"""Prefix of IPv4 addresses translated for an IPv6-only network: RFC 6052."""
_IPV6_UNICAST = (ipaddress.IPv6Network("2000::/3"), *_NAT64)
"""The addresses that IANA assigns as global unicast. All others (site-local, link-local, unique local, IPv4-compatible,
IPv4-translated, local-use NAT64, multicast) are refused."""
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
            "192.88.99.0/24",  # 6to4 relays
            "224.0.0.0/4",  # multicast
        ),
    )
)
"""Refused besides the addresses for which ``is_global`` is false; both follow IANA's special-purpose registries."""
_ISATAP, _ISATAP_MASK = 0x0000_5EFE, 0xFCFF_FFFF
"""First half of an interface identifier that embeds an IPv4 address: RFC 5214, 6.1."""
_TRIED = 4
"""Maximum number of addresses of a host that are tried, in the resolver's order."""


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Return whether an address may be fetched from: public, or in an explicitly allowed network.

    Public addresses are those assigned as global unicast. An address that embeds an IPv4 address, for a translator
    or a tunnel, is public only if the IPv4 address is.
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
    """Yield the IPv4 addresses that are embedded in an IPv6 address."""
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
    """Return at most four addresses of a host. Raises ``FetchError`` if it has none or if any of them is private."""
    loop = asyncio.get_running_loop()
    try:
        entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise FetchError("no_such_host", f"{host}: {error}") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in entries]
    for address in addresses:
        if not is_allowed(address, allowed):
            raise FetchError(
                "private_address",
                f"{host} is {address}; WIREPICKET_ALLOW_NETS can allow a private network",
            )
    return tuple(dict.fromkeys(map(str, addresses)))[:_TRIED]


async def is_internal_host(netloc: str, allowed: Sequence[Network]) -> bool:
    """Return whether a host (``name`` or ``name:port``) is in an explicitly allowed private network."""
    if not allowed:
        return False
    try:
        name = httpx.URL(f"http://{netloc}").host
        address = ipaddress.ip_address((await resolve(name, 80, allowed))[0])
    except (FetchError, httpx.InvalidURL, ValueError):
        return False
    return not is_allowed(address, ())


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Network backend that connects only to addresses checked by ``resolve``.

    It works below the connection pool, so the pool, TLS and HTTP/2 use the name of the host: two names with the same
    address never share a connection.
    """

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of httpcore
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
        """Wait before a retry."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 and HTTP/2 transport over guarded connections, which are kept open between requests.

    Raises the exceptions of ``httpcore``, and ``FetchError`` for a refused address.
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
        """Send a request. The caller must read the body of the response and close the response."""
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
    """The body of a response, as a stream of httpx."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        """Return the connection to the pool."""
        await self._answer.aclose()
