"""robots.txt, as RFC 9309 wants it read: asked for once a day a site, remembered from run to run.

It is asked for before pages. Feeds named in a feed list are fetched without: their publishers offer them for being
polled, and a person has chosen each; their hosts' pauses are kept all the same.
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
"""Seconds for which a robots.txt is believed: RFC 9309, 2.4, "no longer than 24 hours"."""
MAX_BYTES = 512 * 1024
"""Read that far: RFC 9309, 2.5, asks for 500 KiB at least."""
FILE_NAME = "robots.sqlite"
_EVERYTHING, _NOTHING = "", "User-agent: *\nDisallow: /\n"
_CLIENT_ERRORS = range(400, 500)
_TABLE = (
    "CREATE TABLE IF NOT EXISTS robots"
    " (origin TEXT PRIMARY KEY, fetched_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for us."""

    rules: Protego
    reachable: bool
    """Whether they were to be had; where not, everything is forbidden for the time being (RFC 9309, 2.3.1.4)."""

    def allows(self, url: str) -> bool:
        """Whether an address may be fetched."""
        return bool(self.rules.can_fetch(url, ROBOTS_TOKEN))

    @property
    def delay(self) -> float | None:
        """``Crawl-delay`` in seconds, where one is given."""
        told = self.rules.crawl_delay(ROBOTS_TOKEN)
        return float(told) if told is not None else None


class RobotsCache:
    """The rules of all sites met in a run. Fetches each robots.txt once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._memory = _Memory(fetcher.policy.cache)
        self._known: dict[str, Robots] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, url: str) -> None:
        """Raise ``FetchError`` unless an address may be fetched: ``robots``, or ``robots_unavailable`` for now.

        Where the site asks for a pause between requests, it is kept from here on.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        async with self._locks[origin]:
            if origin not in self._known:
                self._known[origin] = await self._load(origin)
        robots = self._known[origin]
        if not robots.reachable:
            raise FetchError("robots_unavailable", f"{origin}/robots.txt could not be read; asked again later")
        if not robots.allows(url):
            raise FetchError("robots", f"{origin}/robots.txt forbids this address")
        if robots.delay:
            self._fetcher.pacer.slow_down(parts.netloc.rpartition("@")[2].lower(), robots.delay)

    async def _load(self, origin: str) -> Robots:
        remembered = self._memory.get(origin)
        if remembered is not None:
            return _read(remembered)
        try:
            answer = await self._fetcher.fetch(f"{origin}/robots.txt", limit=MAX_BYTES)
            text = answer.body.decode("utf-8", "replace")
        except AnswerError as error:
            # 429 is a client error by its number, but says "not now", not "no rules".
            if error.status not in _CLIENT_ERRORS or error.status == 429:  # noqa: PLR2004
                return Robots(Protego.parse(_NOTHING), reachable=False)
            text = _EVERYTHING
        except FetchError as error:
            if error.reason in NOT_ASKED:
                raise  # nothing is known of the site's rules then
            if error.reason not in {"too_large", "too_many_redirects"}:
                return Robots(Protego.parse(_NOTHING), reachable=False)
            text = _EVERYTHING
        self._memory.put(origin, text)
        return _read(text)


def _read(text: str) -> Robots:
    # A page of HTML instead of rules has no line that reads as one, and so allows everything.
    return Robots(Protego.parse(text), reachable=True)


class _Memory:
    """robots.txt files of earlier runs. Only a cache: it may be deleted at any time."""

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
