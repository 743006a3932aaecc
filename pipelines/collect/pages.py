"""The pages of feed entries: fetched politely, and asked for again where they were not to be had for the moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.archive.captures import read_captures
from pipelines.collect.apart import unexpected
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
"""Reasons for which a page waits for a later run. It has not failed: nobody has asked for it."""
TRIES = 4
"""Times a page is asked for before its feed entry has to do for good."""
FIRST_RETRY = timedelta(minutes=20)
"""Wait before the second try; doubled for each further one."""
MAX_RETRIES = 2_000
"""Pages of one feed that are remembered for another try: as many as entries are read of a feed."""
_PASSING_REASONS = frozenset({"timeout", "connection", "no_such_host", "robots_unavailable"})
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


def may_pass(error: InputError) -> bool:
    """Whether a page may be had later that was not to be had now."""
    if isinstance(error, AnswerError):
        return error.status in _PASSING_STATUSES
    return error.reason in _PASSING_REASONS


def next_try(link: str, attempts: int, now: datetime, error: InputError | None) -> PageRetry | None:
    """When to ask for a page again after a failure; ``None``: never."""
    if attempts >= TRIES:
        return None
    when = now + FIRST_RETRY * 2 ** (attempts - 1)
    if isinstance(error, AnswerError) and error.retry_at:
        when = max(when, error.retry_at)
    return PageRetry(link=link, attempts=attempts, not_before=when)


@dataclass(slots=True)
class PageBudget:
    """The numbers of pages that may be fetched in one run. What is beyond waits for the next."""

    per_host: int
    in_all: int
    _hosts: Counter[str] = field(default_factory=Counter)

    def spend(self, host: str) -> None:
        """Count a page of a host. Raises ``FetchError`` (``page_limit``) where its number is spent."""
        if self._hosts[host] >= self.per_host:
            raise FetchError("page_limit", f"{self.per_host} pages of {host} are taken in this run")
        if self._hosts.total() >= self.in_all:
            raise FetchError("page_limit", f"{self.in_all} pages are taken in this run")
        self._hosts[host] += 1


class PageTaker:
    """Takes the pages of entries into the archive, each once a run."""

    def __init__(self, fetcher: Fetcher, robots: RobotsCache, intake: Intake, budget: PageBudget) -> None:
        self.postponed: Counter[tuple[str, str]] = Counter()
        """Pages left for a later run, by their host and the reason in words."""
        self._fetcher = fetcher
        self._robots = robots
        self._intake = intake
        self._budget = budget
        self._claimed: set[str] = set()

    def claim(self, links: Sequence[str]) -> list[str]:
        """Return those of some links which nobody has claimed in this run: two feeds may name one page."""
        fresh = [link for link in links if link not in self._claimed]
        self._claimed.update(fresh)
        return fresh

    async def take(
        self, entry: FeedEntry, reading: ReadingOptions, listed_at: datetime | None, before: PageRetry | None = None
    ) -> PageRetry | None:
        """Take in the page of an entry, or the feed's own text where the page cannot be had.

        ``reading`` is how the source's pages are to be read, ``listed_at`` when the entry was first seen. ``before`` is
        given where an earlier run has left the page, and taken in the feed's own text. Returns what is to be tried
        again. Never raises for the fault of a page: it goes to quarantine.
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

    async def take_again(self, feed_url: str, waiting: Sequence[PageRetry], reading: ReadingOptions) -> list[PageRetry]:
        """Ask again for pages of a feed whose time has come; return those that wait on, with those that failed again.

        The entry of a page is taken from the archive. Where that is another machine's, the page is had without it.
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
    """Return an entry of which nothing but the link is known."""
    return FeedEntry(
        feed_url=feed_url, entry_id=link, link=link, title=None, author=None, published=None, html=None, source=None
    )


def host_of(url: str) -> str:
    """Return the host of an address, with its port."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def capture_of(url: str, answer: Response, kind: MediaKind) -> Capture:
    """What was fetched, as a capture."""
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
    """What a feed says of an entry, as a capture."""
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
    """What could not be had, for the quarantine."""
    return Quarantined(url=url, stage=error.stage, reason=error.reason, detail=error.detail)
