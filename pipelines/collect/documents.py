"""Parsing of a feed server's response into a feed, including the sitemaps of a sitemap index."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipelines.errors import FeedError, FetchError
from pipelines.fetch import feeds as feed_documents
from pipelines.fetch.feeds import MAX_ENTRIES, ParsedFeed, beyond_limit, parse_feed
from pipelines.fetch.sitemap import SitemapIndexError

if TYPE_CHECKING:
    from pipelines.collect.parser_processes import ParserProcesses
    from pipelines.fetch.client import Fetcher, Response


async def read_document(answer: Response, fetcher: Fetcher, parsers: ParserProcesses) -> ParsedFeed:
    """Return the feed of a response, parsed in a separate process.

    Raises:
        FeedError: the document is not a feed, or a sitemap index without a news sitemap.
        FetchError: no sitemap of an index could be fetched.
    """
    try:
        return await parsers.call(parse_feed, answer.body, answer.url)
    except SitemapIndexError as index:
        children = index.children
    sitemaps: list[ParsedFeed] = []
    failure: FeedError | FetchError = FeedError("no_news", "an index of sitemaps, none of them with news entries")
    for child in children:
        try:
            sitemap = await fetcher.fetch(urljoin(answer.url, child), limit=feed_documents.MAX_BYTES)
            sitemaps.append(await parsers.call(parse_feed, sitemap.body, sitemap.url))
        except (FeedError, FetchError) as error:
            # One level only: an index within an index leads to the archives of a site.
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
