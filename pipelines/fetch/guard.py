"""No private addresses: what we are told to fetch comes from strangers.

The host is resolved here, every address checked, and the connection made to the very address which was
checked, so that neither a redirect nor a name that changes its mind between look-up and connection gets
through.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

import httpx

from pipelines.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.config import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address may be fetched from: a public one, or one in a network that is allowed by name."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return (address.is_global and not address.is_multicast) or any(address in network for network in allowed)


async def resolve(host: str, port: int, allowed: Sequence[Network]) -> str:
    """An address of a host. Raises ``FetchError`` where it has none, or any of them is private."""
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
    return str(addresses[0])


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects only to addresses which passed ``resolve``."""

    def __init__(self, inner: httpx.AsyncBaseTransport, allowed: Sequence[Network]) -> None:
        self._inner = inner
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the checked address, under the name that was asked for."""
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        address = await resolve(host, port, self._allowed)
        guarded = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # the Host header keeps the name
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(guarded)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
