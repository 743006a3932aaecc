"""HTTP client: bounded in size and time, polite to hosts, with typed failures."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpcore
import httpx

from pipelines.archive.http import archived_headers
from pipelines.errors import FetchError
from pipelines.fetch.guard import GuardedTransport, is_internal_host
from pipelines.fetch.headers import retry_after
from pipelines.fetch.pacing import Pacer
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.unpack import ACCEPT_ENCODING, unpacked
from pipelines.identify.url import uri_of
from pipelines.printable import printable_headers
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

MAX_BYTES = 16 * 2**20
"""Largest unpacked body. The largest news pages have about 5 MB, feeds with full texts nearly 10 MB."""
TOTAL_SECONDS = 30.0
"""Longest time for an address, with redirects and body: a bound for servers that send byte by byte."""
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 5
TOO_MANY_REQUESTS, UNAVAILABLE = 429, 503
PERMANENT = frozenset({301, 308})
"""Status codes of permanent redirects (RFC 9110, 15.4)."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BROKEN = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response of a server."""

    url: str
    """Address of the response, after redirects."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime
    request: tuple[tuple[str, str], ...] = ()
    """Headers of the request, without credentials and cookies."""
    moved_to: str | None = None
    """Target of the permanent redirects at the start of the chain; ``None`` if the first response is another."""

    def header(self, name: str) -> str | None:
        """Return the first header of a name, in any case; ``None`` without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class AnswerError(FetchError):
    """Error for a response that is not a success."""

    def __init__(self, status: int, url: str, retry_at: datetime | None = None) -> None:
        """Create the error. ``retry_at`` is the time of the next request that the server asks for, if any."""
        self.status = status
        self.url = url
        self.retry_at = retry_at
        super().__init__(f"http_{status}", f"{url} answered {status}")

    def __reduce__(self) -> tuple[type[FetchError], tuple[str, str]]:
        """Pickle as a plain ``FetchError``: in other processes only the reason counts."""
        return FetchError, (self.reason, self.detail)


class Fetcher:
    """HTTP client for addresses; an asynchronous context manager."""

    def __init__(self, policy: FetchPolicy | None = None, pacer: Pacer | None = None) -> None:
        self.policy = policy or FetchPolicy()
        self.pacer = pacer or Pacer()
        self._transport = GuardedTransport(self.policy.allowed_networks)
        self._known_hosts: set[str] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def fetch(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        credentials: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> Response:
        """Fetch an address, in its URI form.

        ``credentials`` (user, password) are sent only to the origin of ``url``. ``limit`` is the largest body in bytes,
        by default ``MAX_BYTES``.

        Raises:
            AnswerError: the response is neither a success nor 304.
            FetchError: there is no response within the bounds: ``timeout``, ``connection``,
                ``no_such_host``, ``private_address``, ``scheme``, ``too_large``, ``too_many_redirects``,
                ``bad_redirect``, ``content_encoding``. Without a request: ``held_off``, ``given_up``, ``deadline``.
        """
        url = uri_of(url)
        host = _host(url)
        await self._set_pace(host)
        async with self.pacer.turn(host):
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    response = await self._follow(url, headers or {}, credentials, limit or MAX_BYTES)
            except TimeoutError as error:
                self.pacer.unanswered(host)
                raise FetchError("timeout", f"no complete response within {TOTAL_SECONDS:g} s") from error
            except httpcore.TimeoutException as error:
                self.pacer.unanswered(host)
                raise FetchError("timeout", str(error) or type(error).__name__) from error
            except httpcore.ConnectError as error:
                self.pacer.unanswered(host)
                raise FetchError("connection", str(error) or type(error).__name__) from error
            except (*_BROKEN, httpx.InvalidURL, ValueError) as error:
                raise FetchError("connection", str(error) or type(error).__name__) from error
            self.pacer.answered(host)
        if not (200 <= response.status < 300 or response.status == httpx.codes.NOT_MODIFIED):  # noqa: PLR2004
            retry_at = retry_after(response.header("retry-after"), response.fetched_at)
            if retry_at and response.status in {TOO_MANY_REQUESTS, UNAVAILABLE}:
                self.pacer.hold(host, (retry_at - response.fetched_at).total_seconds())
            raise AnswerError(response.status, response.url, retry_at)
        return response

    async def _set_pace(self, host: str) -> None:
        """Set the pause between requests to a host before its first request, unless the host is internal."""
        if host in self._known_hosts:
            return
        async with self._locks[host]:
            if host not in self._known_hosts and not await is_internal_host(host, self.policy.allowed_networks):
                self.pacer.slow_down(host, self.policy.host_interval)
            self._known_hosts.add(host)

    async def _follow(
        self, url: str, headers: Mapping[str, str], credentials: tuple[str, str] | None, limit: int
    ) -> Response:
        # Cookies last for one address only: some sites redirect endlessly without them, and none can track us.
        cookies = httpx.Cookies()
        origin = _origin(url)
        moved_to, permanent = None, True
        for _ in range(MAX_REDIRECTS + 1):
            if not url.lower().startswith(("http://", "https://")):
                raise FetchError("scheme", f"only http and https are fetched, not {url[:100]}")
            request = self._request(url, headers, credentials if _origin(url) == origin else None)
            cookies.set_cookie_header(request)
            answer = await self._transport.handle_async_request(request)
            try:
                cookies.extract_cookies(answer)
                location = answer.headers.get("location")
                if answer.status_code not in _REDIRECTS or not location:
                    encoding = answer.headers.get("content-encoding", "")
                    body = await unpacked(answer.aiter_raw(), encoding, limit)
                    return Response(
                        url=url,
                        status=answer.status_code,
                        headers=tuple(_archived(answer.headers)),
                        body=body,
                        fetched_at=now_utc(),
                        request=printable_headers(
                            (k, v) for k, v in request.headers.items() if k.lower() not in _PRIVATE
                        ),
                        moved_to=moved_to,
                    )
            finally:
                await answer.aclose()
            url = _target(url, location)
            permanent = permanent and answer.status_code in PERMANENT
            moved_to = url if permanent else moved_to
        raise FetchError("too_many_redirects", f"more than {MAX_REDIRECTS}")

    def _request(self, url: str, headers: Mapping[str, str], credentials: tuple[str, str] | None) -> httpx.Request:
        sent = {
            "User-Agent": self.policy.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPT_ENCODING,
            **headers,
        }
        if credentials:
            packed = base64.b64encode(":".join(credentials).encode()).decode()
            sent["Authorization"] = f"Basic {packed}"
        timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        return httpx.Request("GET", url, headers=sent, extensions={"timeout": timeout.as_dict()})


def _target(url: str, location: str) -> str:
    """Return the target of a redirect, without credentials in it: these must not be sent."""
    try:
        joined = httpx.URL(url).join(location)
        if not joined.host and joined.scheme in {"http", "https"}:
            raise FetchError("bad_redirect", f"{location[:100]!r} names no host")
        return str(joined.copy_with(userinfo=b"", fragment=None))
    except (httpx.InvalidURL, UnicodeError) as error:
        raise FetchError("bad_redirect", f"{location[:100]!r}: {error}") from error


def _host(url: str) -> str:
    try:
        return (urlsplit(url).netloc.rpartition("@")[2]).lower()
    except ValueError as error:
        raise FetchError("connection", f"not a valid address: {error}") from error


def _origin(url: str) -> tuple[str, str]:
    return url.partition(":")[0].lower(), _host(url)


def _archived(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Return headers for the archive: without control characters, with encoding headers renamed."""
    return list(archived_headers(printable_headers(headers.multi_items())))
