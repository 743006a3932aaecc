"""Taking in feeds: the document, then the page of each entry that is new."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.errors import FeedError, FetchError, InputError
from pipelines.fetch.client import Fetcher
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from pipelines.identify.url import SEED_SCHEME
from schemas.records import Capture, FeedEntry, FeedState, MediaKind, Quarantined, now_utc
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.collect.intake import Intake
    from pipelines.config import Network
    from pipelines.fetch.client import Response
    from pipelines.fetch.opml import FeedSource
    from pipelines.seeds.read import FeedDocument

FULL_TEXT_WORDS = 120
"""Words from which the text in a feed file counts as the article itself. Summaries have 20 to 60."""
_NOT_MODIFIED = 304


@dataclass(slots=True)
class FeedsTaken:
    """What reading the feeds came to."""

    states: list[FeedState] = field(default_factory=list)
    """To be remembered once everything taken in is safe."""
    failed: list[Quarantined] = field(default_factory=list)
    """Feeds which could not be had or read."""
    entries: int = 0
    unchanged: int = 0
    """Feeds that answered "not modified"."""


def take_feeds(
    sources: Sequence[FeedSource],
    documents: Iterable[FeedDocument],
    intake: Intake,
    allowed_networks: Sequence[Network],
    on_progress: Callable[[int], None],
) -> FeedsTaken:
    """Read feeds over HTTP and from files, and take in the articles they offer.

    ``on_progress`` is told after each feed that one more is done.
    """
    return asyncio.run(_take_feeds(sources, documents, intake, allowed_networks, on_progress))


async def _take_feeds(
    sources: Sequence[FeedSource],
    documents: Iterable[FeedDocument],
    intake: Intake,
    allowed_networks: Sequence[Network],
    on_progress: Callable[[int], None],
) -> FeedsTaken:
    taken = FeedsTaken()
    states = intake.store.feed_states([source.url for source in sources]) if intake.store else {}
    async with Fetcher(allowed_networks) as fetcher:

        async def one(source: FeedSource) -> None:
            await _take_source(source, states, fetcher, intake, taken)
            on_progress(1)

        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(one(source))
        for document in documents:
            await _take_document(document, fetcher, intake, taken)
            on_progress(1)
    return taken


async def _take_source(
    source: FeedSource, states: Mapping[str, FeedState], fetcher: Fetcher, intake: Intake, taken: FeedsTaken
) -> None:
    state = states.get(source.url, FeedState(url=source.url))
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    try:
        answer = await fetcher.fetch(source.url, {name: value for name, value in conditions.items() if value})
        if answer.status == _NOT_MODIFIED:
            taken.unchanged += 1
            taken.states.append(_succeeded(state, answer, None))
            return
        intake.keep(_capture(source.url, answer, MediaKind.FEED))
        feed = parse_feed(answer.body, answer.url)
    except (FetchError, FeedError) as error:
        taken.failed.append(_failure(source.url, error))
        taken.states.append(_failed(state, error))
        return
    await _take_entries(feed, source.url, fetcher, intake, taken)
    taken.states.append(_succeeded(state, answer, feed))


async def _take_document(document: FeedDocument, fetcher: Fetcher, intake: Intake, taken: FeedsTaken) -> None:
    """A feed that lies on disk: the texts in it are taken as the articles, where they are whole ones."""
    capture = Capture(
        url=document.url,
        fetched_at=now_utc(),
        kind=MediaKind.FEED,
        body=document.body,
        content_type="text/xml",
    )
    intake.keep(capture)
    try:
        feed = parse_feed(document.body, document.url)
    except FeedError as error:
        taken.failed.append(_failure(document.url, error))
        return
    await _take_entries(feed, document.url, fetcher, intake, taken)


async def _take_entries(feed: ParsedFeed, url: str, fetcher: Fetcher, intake: Intake, taken: FeedsTaken) -> None:
    taken.entries += len(feed.entries)
    intake.quarantined += [
        Quarantined(url=url, stage="feed", reason=refused.reason, detail=f"{refused.entry_id}: {refused.detail}")
        for refused in feed.refused
    ]
    if feed.degraded:
        detail = f"broken, read as far as it goes: {feed.degraded}"
        intake.quarantined.append(Quarantined(url=url, stage="feed", reason="degraded", detail=detail))
    by_link = {entry.link: entry for entry in feed.entries if entry.link}
    on_disk = {link: entry for link, entry in by_link.items() if url.startswith(SEED_SCHEME) and _is_whole(entry)}
    now = now_utc()
    intake.take([_entry_capture(link, entry, now) for link, entry in on_disk.items()])
    # A page once taken in is not asked for again, whatever the feed now calls it.
    seen, archived = intake.known(by_link.keys() - on_disk.keys())
    intake.pending.add([one.ref for link, one in archived.items() if link not in seen])
    intake.unchanged += seen.values()
    wanted = [entry for link, entry in by_link.items() if link not in (on_disk | seen | archived)]
    async with asyncio.TaskGroup() as group:
        pages = [group.create_task(_page(entry, fetcher, intake)) for entry in wanted]
    intake.take([page.result() for page in pages])


def _is_whole(entry: FeedEntry) -> bool:
    return len((entry.html or "").split()) >= FULL_TEXT_WORDS


async def _page(entry: FeedEntry, fetcher: Fetcher, intake: Intake) -> Capture:
    """The page of an entry, or what the feed itself says of it when the page cannot be had."""
    assert entry.link is not None
    try:
        answer = await fetcher.fetch(entry.link)
    except FetchError as error:
        intake.quarantined.append(_failure(entry.link, error))
        return _entry_capture(entry.link, entry, now_utc())
    return replace(_capture(entry.link, answer, MediaKind.HTML), entry=entry)


def _capture(url: str, answer: Response, kind: MediaKind) -> Capture:
    return Capture(
        url=url,
        fetched_at=answer.fetched_at,
        kind=kind,
        body=answer.body,
        content_type=answer.header("content-type"),
        status=answer.status,
        headers=answer.headers,
    )


def _entry_capture(link: str, entry: FeedEntry, fetched_at: datetime) -> Capture:
    return Capture(
        url=link,
        fetched_at=fetched_at,
        kind=MediaKind.FEED_ENTRY,
        body=to_json(entry),
        content_type="application/json",
        entry=entry,
    )


def _failure(url: str, error: InputError) -> Quarantined:
    return Quarantined(url=url, stage=error.stage, reason=error.reason, detail=error.detail)


def _succeeded(state: FeedState, answer: Response, feed: ParsedFeed | None) -> FeedState:
    now = replace(state, last_success=answer.fetched_at, last_attempt=answer.fetched_at, failures=0, last_error=None)
    if feed is None:
        return now
    return replace(
        now,
        etag=answer.header("etag"),
        last_modified=answer.header("last-modified"),
        title=feed.title,
        entries=len(feed.entries),
    )


def _failed(state: FeedState, error: InputError) -> FeedState:
    return replace(state, last_attempt=now_utc(), failures=state.failures + 1, last_error=str(error))
