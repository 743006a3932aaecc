"""Collection of the pages of feed entries: paced fetching, and retries after temporary failures."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.archive.captures import read_captures
from pipelines.backoff import doubled
from pipelines.collect.parser_processes import unexpected
from pipelines.errors import FetchError, InputError
from pipelines.fetch.client import AnswerError
from pipelines.fetch.interstitials import TRANSIENT, interstitial_kind
from pipelines.fetch.pacing import NOT_ASKED
from schemas.records import Capture, FeedEntry, MediaKind, PageRetry, Quarantined, now_utc
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.collect.intake import Intake
    from pipelines.fetch.client import Fetcher, Response
    from pipelines.fetch.robots import RobotsCache
    from schemas.records import ReadingOptions

MAX_PAGE_BYTES = 5_000_000
"""Largest page: extraction reads no larger ones."""
POSTPONED = NOT_ASKED | {"page_limit"}
"""Reasons for which a page waits for a later run. Such a page has not failed, since it was not requested."""
TRIES = 4
"""Requests for a page before its feed entry replaces it permanently."""
FIRST_RETRY, LAST_RETRY = timedelta(minutes=20), timedelta(minutes=80)
"""Waits before the second and the last try; each is twice the one before."""
MAX_RETRIES = 2_000
"""Pages of a feed that are kept for another try: the number of entries that are read of a feed."""
_PASSING_REASONS = frozenset({"timeout", "connection", "no_such_host", "robots_unavailable"})
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


def may_pass(error: InputError) -> bool:
    """Return whether the failure of a page may be temporary."""
    if isinstance(error, AnswerError):
        return error.status in _PASSING_STATUSES
    return error.reason in _PASSING_REASONS


def next_try(link: str, attempts: int, now: datetime, error: InputError | None) -> PageRetry | None:
    """Return the next try of a page after a failure; ``None`` if there is none."""
    if attempts >= TRIES:
        return None
    not_before = now + doubled(FIRST_RETRY, LAST_RETRY, attempts)
    if isinstance(error, AnswerError) and error.retry_at:
        not_before = max(not_before, error.retry_at)
    return PageRetry(link=link, attempts=attempts, not_before=not_before)


@dataclass(slots=True)
class PageBudget:
    """The numbers of pages that may be fetched in one run. Pages beyond them wait for the next run."""

    per_host: int
    in_all: int
    _hosts: Counter[str] = field(default_factory=Counter)

    def spend(self, host: str) -> None:
        """Count a page of a host.

        Raises:
            FetchError: ``page_limit`` if the number of the host or of the run is spent.
        """
        if self._hosts[host] >= self.per_host:
            raise FetchError("page_limit", f"{self.per_host} pages of {host} are taken in this run")
        if self._hosts.total() >= self.in_all:
            raise FetchError("page_limit", f"{self.in_all} pages are taken in this run")
        self._hosts[host] += 1


class PageTaker:
    """A collector of the pages of entries, each at most once in a run."""

    def __init__(self, fetcher: Fetcher, robots: RobotsCache, intake: Intake, budget: PageBudget) -> None:
        self.postponed: Counter[tuple[str, str]] = Counter()
        """Numbers of pages left for a later run, by host and description of the reason."""
        self._fetcher = fetcher
        self._robots = robots
        self._intake = intake
        self._budget = budget
        self._claimed: set[str] = set()

    def claim(self, links: Sequence[str]) -> list[str]:
        """Claim links; return those not claimed before in this run, since two feeds may list the same page."""
        fresh = [link for link in links if link not in self._claimed]
        self._claimed.update(fresh)
        return fresh

    async def take(
        self, entry: FeedEntry, reading: ReadingOptions, listed_at: datetime | None, before: PageRetry | None = None
    ) -> PageRetry | None:
        """Archive the page of an entry, or the feed's own text if the page cannot be fetched.

        ``reading`` has the options for reading the source's pages, ``listed_at`` is the time at which the entry was
        first seen. ``before`` is given if an earlier run has postponed the page and archived the feed's own text.
        Returns the next try, if there is one. A bad page never raises an error: it is quarantined.
        """
        link = entry.link
        assert link is not None
        try:
            return await self._take(link, entry, reading, listed_at, before)
        except Exception as error:  # noqa: BLE001 - one page must not end the others
            self._intake.quarantined.append(failure(link, unexpected(error)))
            return None

    async def _take(
        self,
        link: str,
        entry: FeedEntry,
        reading: ReadingOptions,
        listed_at: datetime | None,
        before: PageRetry | None,
    ) -> PageRetry | None:
        attempts = before.attempts if before else 0
        try:
            await self._robots.check(link)
            self._budget.spend(host_of(link))
            answer = await self._fetcher.fetch(link, limit=MAX_PAGE_BYTES)
        except FetchError as error:
            if before is None:
                self._intake.offer(entry_capture(link, entry, now_utc(), reading, listed_at))
            if error.reason in POSTPONED:
                self.postponed[host_of(link), error.detail] += 1
                return PageRetry(link=link, attempts=attempts, not_before=now_utc())
            self._intake.quarantined.append(failure(link, error))
            return next_try(link, attempts + 1, now_utc(), error) if may_pass(error) else None
        page = replace(capture_of(link, answer, MediaKind.HTML), entry=entry, reading=reading, listed_at=listed_at)
        self._intake.offer(page)
        if interstitial_kind(page) in TRANSIENT:
            return next_try(link, attempts + 1, now_utc(), None)
        return None

    async def retry_pages(
        self, feed_url: str, waiting: Sequence[PageRetry], reading: ReadingOptions
    ) -> list[PageRetry]:
        """Request the waiting pages of a feed that are due; return those that still wait or failed again.

        The entry of a page is read from the archive. If another machine's archive holds it, the page is fetched without
        its entry.
        """
        now = now_utc()
        later = [page for page in waiting if page.not_before > now]
        due = {page.link: page for page in waiting if page.not_before <= now}
        claimed = self.claim(list(due))
        held = self._intake.index.latest(claimed)
        entries: dict[str, tuple[FeedEntry, datetime | None]] = {
            link: (_bare_entry(feed_url, link), None) for link in claimed
        }
        for indexed in held.values():
            try:
                ((_, known),) = read_captures(self._intake.writer.folder, [indexed.ref])
            except InputError as error:
                self._intake.quarantined.append(failure(str(indexed.ref), error))
                continue
            if known.entry is not None:
                entries[known.url] = (known.entry, known.listed_at)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.take(entry, reading, listed_at, due[link]))
                for link, (entry, listed_at) in entries.items()
            ]
        return later + [retry for retry in (task.result() for task in tasks) if retry]


def _bare_entry(feed_url: str, link: str) -> FeedEntry:
    """Return an entry with only a link."""
    return FeedEntry(
        feed_url=feed_url, entry_id=link, link=link, title=None, author=None, published=None, html=None, source=None
    )


def host_of(url: str) -> str:
    """Return the host of an address, with its port."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def capture_of(url: str, answer: Response, kind: MediaKind) -> Capture:
    """Return a response as a capture."""
    return Capture(
        url=url,
        fetched_at=answer.fetched_at,
        kind=kind,
        body=answer.body,
        content_type=answer.header("content-type"),
        status=answer.status,
        headers=answer.headers,
        final_url=answer.url if answer.url != url else None,
        request=answer.request,
    )


def entry_capture(
    link: str, entry: FeedEntry, fetched_at: datetime, reading: ReadingOptions, listed_at: datetime | None
) -> Capture:
    """Return a feed entry itself as a capture."""
    return Capture(
        url=link,
        fetched_at=fetched_at,
        kind=MediaKind.FEED_ENTRY,
        body=to_json(entry),
        content_type="application/json",
        entry=entry,
        listed_at=listed_at,
        reading=reading,
    )


def failure(url: str, error: InputError) -> Quarantined:
    """Return the quarantined item of a failed fetch."""
    return Quarantined(url=url, stage=error.stage, reason=error.reason, detail=error.detail)
