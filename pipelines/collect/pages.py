"""The pages of feed entries: fetched politely, and asked for again where they were not to be had for the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.archive.captures import read_captures
from pipelines.errors import FetchError, InputError
from pipelines.fetch.barriers import PASSING, barrier
from pipelines.fetch.client import AnswerError
from schemas.records import Capture, MediaKind, PageRetry, Quarantined, now_utc
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.collect.intake import Intake
    from pipelines.fetch.client import Fetcher, Response
    from pipelines.fetch.robots import RobotsCache
    from schemas.records import FeedEntry, ReadingOptions

MAX_PAGE_BYTES = 5_000_000
"""Largest page: extraction reads no larger ones."""
TRIES = 4
"""Times a page is asked for before its feed entry has to do for good."""
FIRST_RETRY = timedelta(minutes=20)
"""Wait before the second try; doubled for each further one."""
MAX_RETRIES = 200
"""Pages of one feed that are remembered for another try."""
_PASSING_REASONS = frozenset({"timeout", "connection", "no_such_host", "robots_unavailable", "held_off"})
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


class PageTaker:
    """Takes the pages of entries into the archive, each once a run."""

    def __init__(self, fetcher: Fetcher, robots: RobotsCache, intake: Intake) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._intake = intake
        self._claimed: set[str] = set()

    def claim(self, links: Sequence[str]) -> list[str]:
        """Those of some links which nobody has claimed in this run: two feeds may name one page."""
        fresh = [link for link in links if link not in self._claimed]
        self._claimed.update(fresh)
        return fresh

    async def take(
        self, entry: FeedEntry, reading: ReadingOptions, listed_at: datetime | None, attempts: int = 0
    ) -> PageRetry | None:
        """Take the page of an entry in, or what its feed says of it where the page cannot be had.

        ``reading`` is how the source's pages are to be read, ``listed_at`` when the entry was first seen, ``attempts``
        how often the page was asked for before. What is to be tried again is given back.
        """
        link = entry.link
        assert link is not None
        try:
            await self._robots.check(link)
            answer = await self._fetcher.fetch(link, limit=MAX_PAGE_BYTES)
        except FetchError as error:
            self._intake.quarantined.append(failure(link, error))
            if not attempts:
                self._intake.offer(entry_capture(link, entry, now_utc(), reading, listed_at))
            return next_try(link, attempts + 1, now_utc(), error) if may_pass(error) else None
        page = replace(capture_of(link, answer, MediaKind.HTML), entry=entry, reading=reading, listed_at=listed_at)
        self._intake.offer(page)
        if barrier(page) in PASSING:
            return next_try(link, attempts + 1, now_utc(), None)
        return None

    async def take_again(self, waiting: Sequence[PageRetry], reading: ReadingOptions) -> list[PageRetry]:
        """Ask again for pages whose time has come; those which still have to wait are given back with the rest."""
        now = now_utc()
        later = [one for one in waiting if one.not_before > now]
        due = {one.link: one for one in waiting if one.not_before <= now}
        held = self._intake.index.latest(due.keys())
        refs = [held[link].ref for link in self.claim(list(due)) if link in held]
        for ref in refs:
            try:
                ((_, known),) = read_captures(self._intake.writer.folder, [ref])
            except InputError as error:
                self._intake.quarantined.append(failure(str(ref), error))
                continue
            if known.entry is not None:
                again = await self.take(known.entry, reading, known.listed_at, due[known.url].attempts)
                later += [again] if again else []
        return later


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
