"""Collection of feeds: the document, then the page of each new entry."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.collect.documents import read_document
from pipelines.collect.pages import MAX_RETRIES, PageBudget, PageTaker, capture_of, entry_capture, failure
from pipelines.collect.parser_processes import ParserProcesses, unexpected
from pipelines.errors import FeedError, FetchError
from pipelines.fetch import feeds as feed_documents
from pipelines.fetch.client import Fetcher
from pipelines.fetch.feed_state import failed, polling, succeeded
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from pipelines.fetch.pacing import NOT_ASKED
from pipelines.fetch.robots import RobotsCache
from pipelines.fetch.sources import FeedSource
from pipelines.fetch.validators import conditions, expect_condition
from pipelines.identify.url import SEED_SCHEME, entry_address
from schemas.records import Capture, FeedState, MediaKind, PageRetry, Quarantined, now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.collect.intake import Intake
    from pipelines.errors import InputError
    from pipelines.fetch.client import Response
    from pipelines.fetch.policy import FetchPolicy
    from pipelines.seeds.read import FeedDocument
    from schemas.records import FeedEntry

FULL_TEXT_WORDS = 120
"""Words from which on the text in a feed file counts as the article itself. Summaries have 20 to 60."""
FEEDS_AT_ONCE = 64
"""Concurrent requests for feed documents."""
FEEDS_UNDER_WAY = 512
"""Feeds in progress at once, including the pages of their entries; the number bounds the memory used."""
_NOT_MODIFIED = 304


@dataclass(slots=True)
class FeedsTaken:
    """The outcome of reading feeds."""

    states: list[FeedState] = field(default_factory=list)
    """New states of the feeds, to be stored after all captures are safe in the archive."""
    failed: list[Quarantined] = field(default_factory=list)
    """Feeds that could not be fetched or read."""
    read: set[str] = field(default_factory=set)
    """Addresses of feeds whose document was read."""
    entries: int = 0
    unchanged: int = 0
    """Number of feeds whose server responded "not modified"."""
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Addresses of feeds that were not requested, each with the reason."""
    unasked: int = 0
    """Number of feeds in ``passed_over`` for which the time ran out or whose host did not respond."""
    postponed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Numbers of pages left for a later run, by host and description of the reason."""


def take_feeds(
    sources: Sequence[FeedSource],
    documents: Iterable[FeedDocument],
    intake: Intake,
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
    *,
    only_due: bool = False,
    meanwhile: Callable[[asyncio.Event], Coroutine[None, None, None]] | None = None,
) -> FeedsTaken:
    """Read feeds over HTTP and from files, and archive the articles of their entries.

    ``only_due`` leaves out feeds that are not due by their own rhythm. ``on_progress`` is called with 1 after each
    feed. ``meanwhile`` runs concurrently with the fetching, and must end soon after its event is set.
    """
    return asyncio.run(
        _take_feeds(sources, documents, intake, policy, on_progress, only_due=only_due, meanwhile=meanwhile)
    )


async def _take_feeds(
    sources: Sequence[FeedSource],
    documents: Iterable[FeedDocument],
    intake: Intake,
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
    *,
    only_due: bool,
    meanwhile: Callable[[asyncio.Event], Coroutine[None, None, None]] | None,
) -> FeedsTaken:
    states = intake.store.feed_states([source.url for source in sources]) if intake.store else {}
    fetched = asyncio.Event()
    with ParserProcesses() as parsers:
        async with Fetcher(policy) as fetcher, asyncio.TaskGroup() as background:
            if meanwhile:
                background.create_task(meanwhile(fetched))
            fetcher.pacer.end_after(policy.deadline)
            taker = _FeedTaker(fetcher, parsers, intake, states, only_due=only_due)
            under_way = asyncio.Semaphore(FEEDS_UNDER_WAY)

            async def take(source: FeedSource) -> None:
                async with under_way:
                    await taker.take(source)
                on_progress(1)

            async with asyncio.TaskGroup() as group:
                for source in sources:
                    group.create_task(take(source))
            for document in documents:
                await taker.take_document(document)
                on_progress(1)
            fetched.set()
    intake.settle()
    return taker.taken


class _FeedTaker:
    """A collector of feeds, one at a time or many at once."""

    def __init__(
        self,
        fetcher: Fetcher,
        parsers: ParserProcesses,
        intake: Intake,
        states: Mapping[str, FeedState],
        *,
        only_due: bool,
    ) -> None:
        self._fetcher = fetcher
        self._parsers = parsers
        self._intake = intake
        self._states = states
        self._only_due = only_due
        budget = PageBudget(fetcher.policy.host_pages, fetcher.policy.run_pages)
        self._pages = PageTaker(fetcher, RobotsCache(fetcher), intake, budget)
        self._slots = asyncio.Semaphore(FEEDS_AT_ONCE)
        self.taken = FeedsTaken(postponed=self._pages.postponed)

    async def take(self, source: FeedSource) -> None:
        """Collect a feed of the list if it is due. A bad feed never raises an error."""
        state = self._states.get(source.url, FeedState(url=source.url))
        reason = self._skip_reason(source, state)
        if reason:
            self.taken.passed_over.append((source.url, reason))
            return
        try:
            state = await self._take(source, state)
        except Exception as error:  # noqa: BLE001 - one feed must not end the others
            state = self._failed(source.url, state, unexpected(error))
        self.taken.states.append(state)

    async def _take(self, source: FeedSource, state: FeedState) -> FeedState:
        if source.pause:
            self._fetcher.pacer.slow_down(urlsplit(source.url).netloc.lower(), source.pause)
        waiting = state.pages
        state = await self._ask(source, replace(state, pages=()))
        again = await self._pages.retry_pages(source.url, waiting, source.reading)
        state = replace(state, pages=self._remembered(source.url, (*again, *state.pages)))
        if source.every and state.last_success:
            state = replace(state, due=state.last_success + source.every)
        return state

    def _remembered(self, url: str, pages: Sequence[PageRetry]) -> tuple[PageRetry, ...]:
        """Return the pages of a feed that are kept for another try; quarantine the pages beyond the limit."""
        self._intake.quarantined += [
            Quarantined(url=page.link, stage="fetch", reason="not_retried", detail=f"too many pages of {url} wait")
            for page in pages[:-MAX_RETRIES]
        ]
        return tuple(pages[-MAX_RETRIES:])

    def _failed(self, url: str, state: FeedState, error: InputError) -> FeedState:
        self.taken.failed.append(failure(url, error))
        return failed(state, error, now_utc())

    def _skip_reason(self, source: FeedSource, state: FeedState) -> str | None:
        now = now_utc()
        if source.window and not source.window.contains(now):
            return f"outside its hours, {source.window} UTC"
        return polling(state, now, only_due=self._only_due).skip_reason

    async def _ask(self, source: FeedSource, state: FeedState) -> FeedState:
        address = state.address or source.url
        validators = conditions(state, now_utc())
        try:
            async with self._slots:
                answer = await self._fetcher.fetch(
                    address,
                    validators,
                    credentials=source.credentials,
                    limit=feed_documents.MAX_BYTES,
                )
                if answer.status == _NOT_MODIFIED:
                    expect_condition(validators)
                    self.taken.unchanged += 1
                    self._intake.not_modified(source.url, answer.fetched_at, answer.status, answer.headers)
                    return succeeded(state, answer, None)
                feed = await self._read(source, answer)
        except (FetchError, FeedError) as error:
            if error.reason in NOT_ASKED:  # not this feed's fault
                self.taken.passed_over.append((source.url, error.detail))
                self.taken.unasked += 1
                return state
            return self._failed(source.url, state, error)
        retries = await self._take_entries(feed, source, answer.fetched_at)
        # The entries are offered to the archive before "succeeded" keeps the feed's ETag.
        return replace(succeeded(state, answer, feed), pages=tuple(retries))

    async def _read(self, source: FeedSource, answer: Response) -> ParsedFeed:
        self._intake.keep(capture_of(source.url, answer, MediaKind.FEED))
        feed = await read_document(answer, self._fetcher, self._parsers)
        if source.source is None:
            return feed
        named = tuple(replace(entry, source=source.source, syndicated=False) for entry in feed.entries)
        return replace(feed, title=source.source, entries=named)

    async def take_document(self, document: FeedDocument) -> None:
        """Collect a feed document from disk: its texts are the articles if they are full texts."""
        capture = Capture(
            url=document.url,
            fetched_at=now_utc(),
            kind=MediaKind.FEED,
            body=document.body,
            content_type="text/xml",
        )
        try:
            self._intake.keep(capture)
            feed = await self._parsers.call(parse_feed, document.body, document.url)
            await self._take_entries(feed, FeedSource(document.url), capture.fetched_at)
        except FeedError as error:
            self.taken.failed.append(failure(document.url, error))
        except Exception as error:  # noqa: BLE001 - likewise
            self.taken.failed.append(failure(document.url, unexpected(error)))

    async def _take_entries(self, feed: ParsedFeed, source: FeedSource, listed_at: datetime) -> list[PageRetry]:
        url, reading = source.url, source.reading
        self.taken.read.add(url)
        self.taken.entries += len(feed.entries)
        self._quarantine_faults(feed, url)
        self._offer_sharing(feed, source, listed_at)
        by_link = {entry.link: entry for entry in feed.entries if entry.link and not entry.shares_link}
        # A page once archived is not requested again, even if the feed changes its entry.
        if url.startswith(SEED_SCHEME):
            full_texts = {link: entry for link, entry in by_link.items() if _is_whole(entry)}
            now = now_utc()
            self._intake.take(
                [entry_capture(link, entry, now, reading, listed_at) for link, entry in full_texts.items()]
            )
            by_link = {link: entry for link, entry in by_link.items() if link not in full_texts}
        seen, archived = self._intake.known(by_link.keys())
        self._intake.pending.add([known.ref for link, known in archived.items() if link not in seen])
        self._intake.unchanged += seen.values()
        wanted = self._pages.claim([link for link in by_link if link not in (seen | archived)])
        if not source.pages:
            for link in wanted:
                self._intake.offer(entry_capture(link, by_link[link], now_utc(), reading, listed_at))
            return []
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._pages.take(by_link[link], reading, listed_at)) for link in wanted]
        return [retry for retry in (task.result() for task in tasks) if retry]

    def _offer_sharing(self, feed: ParsedFeed, source: FeedSource, listed_at: datetime) -> None:
        """Archive the feed's own texts of entries that share their link with others, since they have no page alone."""
        sharing = {
            entry_address(entry.link, entry.entry_id): entry
            for entry in feed.entries
            if entry.link and entry.shares_link
        }
        seen, archived = self._intake.known(sharing.keys())
        self._intake.pending.add([known.ref for address, known in archived.items() if address not in seen])
        self._intake.unchanged += seen.values()
        for address in self._pages.claim([address for address in sharing if address not in (seen | archived)]):
            capture = entry_capture(address, sharing[address], now_utc(), source.reading, listed_at)
            self._intake.offer(capture)

    def _quarantine_faults(self, feed: ParsedFeed, url: str) -> None:
        self._intake.quarantined += [
            Quarantined(url=url, stage="feed", reason=refused.reason, detail=f"{refused.entry_id}: {refused.detail}")
            for refused in feed.refused
        ]
        if feed.degraded:
            detail = f"broken, read as far as it goes: {feed.degraded}"
            self._intake.quarantined.append(Quarantined(url=url, stage="feed", reason="degraded", detail=detail))


def _is_whole(entry: FeedEntry) -> bool:
    return len((entry.html or "").split()) >= FULL_TEXT_WORDS
