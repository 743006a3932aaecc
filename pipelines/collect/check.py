"""Check of feeds without collecting anything: the responses and contents of each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.collect.documents import read_document
from pipelines.collect.parser_processes import ParserProcesses
from pipelines.errors import FeedError, FetchError
from pipelines.fetch import feeds as feed_documents
from pipelines.fetch.client import Fetcher
from pipelines.fetch.discover import DiscoveredFeed, discover
from pipelines.fetch.feed_state import failed, succeeded
from schemas.records import FeedState, now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelines.fetch.policy import FetchPolicy
    from pipelines.fetch.sources import FeedSource


def check_feeds(
    sources: Sequence[FeedSource],
    states: Mapping[str, FeedState],
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
) -> list[FeedState]:
    """Fetch every feed once, even retired and delayed ones, and return its resulting state. Nothing is stored."""
    return asyncio.run(_check_all(sources, states, policy, on_progress))


async def _check_all(
    sources: Sequence[FeedSource],
    states: Mapping[str, FeedState],
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
) -> list[FeedState]:
    slots = asyncio.Semaphore(64)
    with ParserProcesses() as parsers:
        async with Fetcher(policy) as fetcher:

            async def check(source: FeedSource) -> FeedState:
                async with slots:
                    state = await _check(source, states.get(source.url, FeedState(url=source.url)), fetcher, parsers)
                on_progress(1)
                return state

            return list(await asyncio.gather(*map(check, sources)))


async def _check(source: FeedSource, state: FeedState, fetcher: Fetcher, parsers: ParserProcesses) -> FeedState:
    address = state.address or source.url
    try:
        answer = await fetcher.fetch(address, credentials=source.credentials, limit=feed_documents.MAX_BYTES)
        feed = await read_document(answer, fetcher, parsers)
    except (FetchError, FeedError) as error:
        return failed(state, error, now_utc())
    return succeeded(replace(state, retired_at=None), answer, feed)


def feeds_of_site(url: str, policy: FetchPolicy) -> list[DiscoveredFeed]:
    """Return the feeds of a site.

    Raises:
        FetchError: the page of the site could not be fetched.
    """

    async def run() -> list[DiscoveredFeed]:
        with ParserProcesses() as parsers:
            async with Fetcher(policy) as fetcher:
                return await discover(url, fetcher, parsers.call)

    return asyncio.run(run())
