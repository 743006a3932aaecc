"""From the answer of a feed's server to the feed: parsed, and for an index of sitemaps those behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipelines.errors import FeedError, FetchError
from pipelines.fetch import feeds as feed_documents
from pipelines.fetch.feeds import MAX_ENTRIES, ParsedFeed, beyond_limit, parse_feed
from pipelines.fetch.sitemap import SitemapIndexError

if TYPE_CHECKING:
    from pipelines.collect.apart import ParserProcesses
    from pipelines.fetch.client import Fetcher, Response


async def read_document(answer: Response, fetcher: Fetcher, parsers: ParserProcesses) -> ParsedFeed:
    """Return the feed of an answer, parsed in a process of its own.

    Raises:
        FeedError: it is no feed, or an index of sitemaps without one of news.
        FetchError: no sitemap behind an index could be had.
    """
    try:
        return await parsers.call(parse_feed, answer.body, answer.url)
    except SitemapIndexError as index:
        children = index.children
    sitemaps: list[ParsedFeed] = []
    failure: FeedError | FetchError = FeedError("no_news", "an index of sitemaps, none of them with news entries")
    for child in children:
        try:
            behind = await fetcher.fetch(urljoin(answer.url, child), limit=feed_documents.MAX_BYTES)
            sitemaps.append(await parsers.call(parse_feed, behind.body, behind.url))
        except (FeedError, FetchError) as error:
            # One level: an index behind an index leads to the archives of a site.
            failure = error
    if not sitemaps:
        raise failure
    entries = {entry.entry_id: entry for feed in sitemaps for entry in feed.entries}
    refused = tuple(refused for feed in sitemaps for refused in feed.refused)
    return replace(
        sitemaps[0],
        entries=tuple(entries.values())[:MAX_ENTRIES],
        refused=refused + beyond_limit(max(0, len(entries) - MAX_ENTRIES)),
    )
