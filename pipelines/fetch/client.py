"""Fetching over HTTP: bounded in size and time, polite to hosts, typed in its failures."""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx

from pipelines.errors import FetchError
from pipelines.fetch.guard import GuardedTransport
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from pipelines.config import Network

USER_AGENT = "wirepicket/0.1 (news monitoring; +https://pypi.org/project/wirepicket/)"
MAX_BYTES = 16 * 2**20
"""Largest body, decompressed. The largest news pages have some 5 MB; feeds with full texts come close to 10."""
TOTAL_SECONDS = 30.0
"""Longest time for one address, redirects and body included: bounds servers that drip."""
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 5
CONCURRENCY = 16
"""Requests under way at once. Fetching waits far more than it works."""
HOST_CONCURRENCY = 2
"""Requests under way at once to one host: no more than a reader's browser opens for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a server answered."""

    url: str
    """The address that finally answered."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime

    def header(self, name: str) -> str | None:
        """First header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Fetcher:
    """Fetches addresses. Use as an asynchronous context manager."""

    def __init__(self, allowed_networks: Sequence[Network] = ()) -> None:
        inner = httpx.AsyncHTTPTransport(http2=True, retries=1)
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(inner, allowed_networks),
            # Only what we can decompress within a bound.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        )
        self._all = asyncio.Semaphore(CONCURRENCY)
        self._hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(HOST_CONCURRENCY))

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """Fetch an address. Raises ``FetchError`` unless the answer is a success or 304."""
        async with self._hosts[urlsplit(url).netloc.lower()], self._all:
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    response = await self._get(url, headers or {})
            except TimeoutError as error:
                raise FetchError("timeout", f"no whole answer within {TOTAL_SECONDS:.0f} s") from error
            except httpx.TimeoutException as error:
                raise FetchError("timeout", str(error) or type(error).__name__) from error
            except httpx.TooManyRedirects as error:
                raise FetchError("too_many_redirects", f"more than {MAX_REDIRECTS}") from error
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise FetchError("connection", str(error) or type(error).__name__) from error
        if not (200 <= response.status < 300 or response.status == httpx.codes.NOT_MODIFIED):  # noqa: PLR2004
            raise FetchError(f"http_{response.status}", f"{response.url} answered {response.status}")
        return response

    async def _get(self, url: str, headers: Mapping[str, str]) -> Response:
        if not url.startswith(("http://", "https://")):
            raise FetchError("scheme", "only http and https are fetched")
        async with self._client.stream("GET", url, headers=dict(headers)) as answer:
            body = await _bounded(answer.aiter_raw(), answer.headers.get("content-encoding", "identity"))
            return Response(
                url=str(answer.url),
                status=answer.status_code,
                headers=tuple(_archived(answer.headers)),
                body=body,
                fetched_at=now_utc(),
            )


def _archived(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Headers as they are archived: the body is kept decoded, so how it was packed moves to other names."""
    packing = {"content-encoding", "transfer-encoding", "content-length"}
    return [(f"X-Archive-Orig-{k}" if k.lower() in packing else k, v) for k, v in headers.multi_items()]


async def _bounded(chunks: AsyncIterator[bytes], encoding: str) -> bytes:
    """The body, decompressed, never more than ``MAX_BYTES`` of it in memory."""
    encoding = encoding.strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        unpack = zlib.decompressobj(wbits=31)
    elif encoding in {"", "identity"}:
        unpack = None
    else:
        raise FetchError("content_encoding", f"{encoding!r} was not asked for")
    body = bytearray()
    async for chunk in chunks:
        try:
            body += unpack.decompress(chunk, MAX_BYTES + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise FetchError("content_encoding", f"broken gzip: {error}") from error
        if len(body) > MAX_BYTES:
            raise FetchError("too_large", f"more than {MAX_BYTES // 2**20} MB")
    return bytes(body)
