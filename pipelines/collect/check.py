"""Looking at feeds without taking anything in: does each answer, and what does it hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.collect.apart import ParserProcesses
from pipelines.collect.documents import read_document
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


def look_at_feeds(
    sources: Sequence[FeedSource],
    states: Mapping[str, FeedState],
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
) -> list[FeedState]:
    """Ask every feed once, retired and held off ones too, and say what its state would be. Nothing is kept."""
    return asyncio.run(_look(sources, states, policy, on_progress))


async def _look(
    sources: Sequence[FeedSource],
    states: Mapping[str, FeedState],
    policy: FetchPolicy,
    on_progress: Callable[[int], None],
) -> list[FeedState]:
    slots = asyncio.Semaphore(64)
    with ParserProcesses() as parsers:
        async with Fetcher(policy) as fetcher:

            async def look(source: FeedSource) -> FeedState:
                async with slots:
                    state = await _look_at(source, states.get(source.url, FeedState(url=source.url)), fetcher, parsers)
                on_progress(1)
                return state

            return list(await asyncio.gather(*map(look, sources)))


async def _look_at(source: FeedSource, state: FeedState, fetcher: Fetcher, parsers: ParserProcesses) -> FeedState:
    address = state.address or source.url
    try:
        answer = await fetcher.fetch(address, credentials=source.credentials, limit=feed_documents.MAX_BYTES)
        feed = await read_document(answer, fetcher, parsers)
    except (FetchError, FeedError) as error:
        return failed(state, error, now_utc())
    return succeeded(replace(state, retired_at=None), answer, feed)


def feeds_of_site(url: str, policy: FetchPolicy) -> list[DiscoveredFeed]:
    """The feeds of a site. Raises ``FetchError`` where its page cannot be had."""

    async def run() -> list[DiscoveredFeed]:
        with ParserProcesses() as parsers:
            async with Fetcher(policy) as fetcher:
                return await discover(url, fetcher, parsers.call)

    return asyncio.run(run())
