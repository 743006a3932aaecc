"""Fetching over HTTP: bounded in size and time, polite to hosts, typed in its failures."""

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
from pipelines.fetch.guard import GuardedTransport, is_own_host
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
"""Largest body, unpacked. The largest news pages have some 5 MB; feeds with full texts come close to 10."""
TOTAL_SECONDS = 30.0
"""Longest time for one address, redirects and body included: bounds servers that drip."""
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 5
TOO_MANY_REQUESTS, UNAVAILABLE = 429, 503
PERMANENT = frozenset({301, 308})
"""Redirects which say that the address has changed for good (RFC 9110, 15.4)."""
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
    """What a server answered."""

    url: str
    """The address that finally answered."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime
    request: tuple[tuple[str, str], ...] = ()
    """Headers of the request, without credentials and cookies."""
    moved_to: str | None = None
    """Where the permanent redirects lead that stand before any other answer; ``None`` without one."""

    def header(self, name: str) -> str | None:
        """First header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class AnswerError(FetchError):
    """A server answered with something else than a success."""

    def __init__(self, status: int, url: str, retry_at: datetime | None = None) -> None:
        """``retry_at`` is when the server wants to be asked again, if it said so."""
        self.status = status
        self.url = url
        self.retry_at = retry_at
        super().__init__(f"http_{status}", f"{url} answered {status}")

    def __reduce__(self) -> tuple[type[FetchError], tuple[str, str]]:
        """Across process borders only the reason counts."""
        return FetchError, (self.reason, self.detail)


class Fetcher:
    """Fetches addresses. Use as an asynchronous context manager."""

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

        ``credentials`` (user, password) go to the origin of ``url`` and nowhere else. ``limit`` is the largest
        body in bytes, ``MAX_BYTES`` where it is not given.

        Raises:
            AnswerError: the answer is neither a success nor 304.
            FetchError: there is no answer, or not one within the bounds: ``timeout``, ``connection``,
                ``no_such_host``, ``private_address``, ``scheme``, ``too_large``, ``too_many_redirects``,
                ``bad_redirect``, ``content_encoding``. Not asked at all: ``held_off``, ``given_up``, ``deadline``.
        """
        url = uri_of(url)
        host = _host(url)
        await self._meet(host)
        async with self.pacer.turn(host):
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    response = await self._follow(url, headers or {}, credentials, limit or MAX_BYTES)
            except TimeoutError as error:
                self.pacer.unanswered(host)
                raise FetchError("timeout", f"no whole answer within {TOTAL_SECONDS:g} s") from error
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

    async def _meet(self, host: str) -> None:
        """Before the first request to a host: set the pause between requests, unless it is one of our own."""
        if host in self._known_hosts:
            return
        async with self._locks[host]:
            if host not in self._known_hosts and not await is_own_host(host, self.policy.allowed_networks):
                self.pacer.slow_down(host, self.policy.host_interval)
            self._known_hosts.add(host)

    async def _follow(
        self, url: str, headers: Mapping[str, str], credentials: tuple[str, str] | None, limit: int
    ) -> Response:
        # Cookies live as long as one address takes: some sites turn in circles without them, and none follows us.
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
        told = {
            "User-Agent": self.policy.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPT_ENCODING,
            **headers,
        }
        if credentials:
            packed = base64.b64encode(":".join(credentials).encode()).decode()
            told["Authorization"] = f"Basic {packed}"
        timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        return httpx.Request("GET", url, headers=told, extensions={"timeout": timeout.as_dict()})


def _target(url: str, location: str) -> str:
    """Where a redirect leads; credentials that stand in it are not ours to send."""
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
        raise FetchError("connection", f"no address: {error}") from error


def _origin(url: str) -> tuple[str, str]:
    return url.partition(":")[0].lower(), _host(url)


def _archived(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Return headers for the archive: without control characters, with other names for those of encodings."""
    return list(archived_headers(printable_headers(headers.multi_items())))
