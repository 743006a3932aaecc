"""robots.txt according to RFC 9309: fetched once a day per site, cached between runs.

The rules apply to pages. Feeds in a feed list are fetched without them: their publishers offer them for polling, and
a person has chosen each. The pauses between requests to their hosts are kept all the same.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego

from pipelines.errors import FetchError
from pipelines.fetch.client import AnswerError
from pipelines.fetch.pacing import NOT_ASKED
from pipelines.fetch.policy import ROBOTS_TOKEN
from schemas.records import now_utc

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.fetch.client import Fetcher

MAX_AGE = 86_400
"""Seconds for which a robots.txt is cached: RFC 9309, 2.4, "no longer than 24 hours"."""
MAX_BYTES = 512 * 1024
"""Largest robots.txt, in bytes: RFC 9309, 2.5, requires at least 500 KiB."""
FILE_NAME = "robots.sqlite"
_EVERYTHING, _NOTHING = "", "User-agent: *\nDisallow: /\n"
_CLIENT_ERRORS = range(400, 500)
_TABLE = (
    "CREATE TABLE IF NOT EXISTS robots"
    " (origin TEXT PRIMARY KEY, fetched_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of a site for our user agent."""

    rules: Protego
    reachable: bool
    """True if the file could be fetched; else everything is forbidden for the time being (RFC 9309, 2.3.1.4)."""

    def allows(self, url: str) -> bool:
        """Return whether an address may be fetched."""
        return bool(self.rules.can_fetch(url, ROBOTS_TOKEN))

    @property
    def delay(self) -> float | None:
        """``Crawl-delay`` in seconds; ``None`` if it is not given."""
        seconds = self.rules.crawl_delay(ROBOTS_TOKEN)
        return float(seconds) if seconds is not None else None


class RobotsCache:
    """Cache of the rules of all sites in a run. Each robots.txt is fetched once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._disk = _DiskCache(fetcher.policy.cache)
        self._known: dict[str, Robots] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, url: str) -> None:
        """Check that an address may be fetched, and keep the pause between requests that the site asks for.

        Raises:
            FetchError: ``robots`` if the rules forbid it, ``robots_unavailable`` if the file cannot be read now.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        async with self._locks[origin]:
            if origin not in self._known:
                self._known[origin] = await self._load(origin)
        robots = self._known[origin]
        if not robots.reachable:
            raise FetchError("robots_unavailable", f"{origin}/robots.txt could not be read; it is fetched again later")
        if not robots.allows(url):
            raise FetchError("robots", f"{origin}/robots.txt forbids this address")
        if robots.delay:
            self._fetcher.pacer.slow_down(parts.netloc.rpartition("@")[2].lower(), robots.delay)

    async def _load(self, origin: str) -> Robots:
        cached = self._disk.get(origin)
        if cached is not None:
            return _read(cached)
        try:
            answer = await self._fetcher.fetch(f"{origin}/robots.txt", limit=MAX_BYTES)
            text = answer.body.decode("utf-8", "replace")
        except AnswerError as error:
            # 429 is a client error, but it means "not now", not "no rules".
            if error.status not in _CLIENT_ERRORS or error.status == 429:  # noqa: PLR2004
                return Robots(Protego.parse(_NOTHING), reachable=False)
            text = _EVERYTHING
        except FetchError as error:
            if error.reason in NOT_ASKED:
                raise  # no request was made: the rules are unknown
            if error.reason not in {"too_large", "too_many_redirects"}:
                return Robots(Protego.parse(_NOTHING), reachable=False)
            text = _EVERYTHING
        self._disk.put(origin, text)
        return _read(text)


def _read(text: str) -> Robots:
    # An HTML page instead of rules has no line with a valid rule and so allows everything.
    return Robots(Protego.parse(text), reachable=True)


class _DiskCache:
    """Stored robots.txt files of earlier runs. This cache may be deleted at any time."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE_NAME if folder else None

    def _open(self, path: Path) -> closing[sqlite3.Connection]:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        connection.execute(_TABLE)
        return closing(connection)

    def get(self, origin: str) -> str | None:
        if self._path is None or not self._path.exists():
            return None
        oldest = int(now_utc().timestamp()) - MAX_AGE
        with self._open(self._path) as connection:
            row = connection.execute(
                "SELECT body FROM robots WHERE origin = ? AND fetched_at > ?", (origin, oldest)
            ).fetchone()
        return str(row[0]) if row else None

    def put(self, origin: str, body: str) -> None:
        if self._path is None:
            return
        with self._open(self._path) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", (origin, int(now_utc().timestamp()), body)
            )
