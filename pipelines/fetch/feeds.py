"""Parser of feed documents: RSS, Atom and RDF with feedparser, JSON Feed and news sitemaps with our own readers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.errors import FeedError
from pipelines.fetch.feed_entries import (
    FeedFacts,
    RawEntry,
    RefusedEntry,
    distinct_entries,
    entry_of,
    facts_of,
    from_document,
)
from pipelines.fetch.feed_parser import parse_document
from pipelines.fetch.feed_people import joined_names
from pipelines.fetch.feed_text import title_of, web_address
from pipelines.fetch.json_feed import is_json, read_json_feed
from pipelines.fetch.sitemap import is_sitemap, read_sitemap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.fetch.feed_parser import ParsedDocument
    from schemas.records import FeedEntry

MAX_BYTES = 8 * 2**20
"""Largest feed document in bytes. The largest in the shipped list has 2 MB."""
MAX_ENTRIES = 2_000
"""Maximum number of entries read from a document. News sitemaps have at most 1,000, feeds some hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A parsed feed document."""

    title: str | None
    entries: tuple[FeedEntry, ...]
    refused: tuple[RefusedEntry, ...]
    degraded: str | None
    """Fault of a document whose entries could be read all the same."""
    hub: str | None = None
    """WebSub hub (``rel=hub``), http(s)."""
    topic: str | None = None
    """WebSub topic (``rel=self``), http(s)."""


def parse_feed(body: bytes, url: str) -> ParsedFeed:
    """Parse a feed document.

    Entries beyond ``MAX_ENTRIES`` are refused, with one refusal for all.

    Raises:
        FeedError: the document is not a feed: ``empty``, ``html``, ``not_a_feed``, ``too_large``.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if not start:
        raise FeedError("empty", "the document has no content")
    if len(body) > MAX_BYTES:
        raise FeedError("too_large", f"{len(body)} bytes; the limit for a feed is {MAX_BYTES}")
    if is_json(body):
        facts, items = read_json_feed(body, url)
        entries, refused = _within_limit(items)
        return ParsedFeed(title=facts.title, entries=entries, refused=refused, degraded=None)
    if is_sitemap(body):
        return _sitemap(body, url)
    document = parse_document(body, url)
    if not document.version and not document.entries:
        if b"<html" in start or b"<!doctype html" in start:
            raise FeedError("html", "an HTML page, not a feed; look for the address of its feed")
        raise FeedError("not_a_feed", document.fault or "not RSS, Atom, RDF or JSON Feed")
    return _document(document, url)


def _document(document: ParsedDocument, url: str) -> ParsedFeed:
    feed = document.feed
    # Only in Atom is the author of a feed the author of its entries; in other formats it is the editor.
    author = joined_names(feed.get("authors") or ()) if document.version.startswith("atom") else None
    title = title_of(feed.get("title"), plain=False)
    facts = facts_of(url, title=title, author=author, language=feed.get("language"))
    raw = (entry_of(from_document(entry, facts, document), facts) for entry in document.entries)
    entries, refused = _within_limit(raw)
    links = {str(link.get("rel")): link.get("href") for link in reversed(feed.get("links", ()))}
    return ParsedFeed(
        title=title,
        entries=entries,
        refused=refused,
        degraded=document.fault,
        hub=web_address(links.get("hub"), url),
        topic=web_address(links.get("self"), url),
    )


def _sitemap(body: bytes, url: str) -> ParsedFeed:
    entries, refused = _within_limit(_page(page, url) for page in read_sitemap(body))
    source = next((entry.source for entry in entries if entry.source), None)
    return ParsedFeed(title=source, entries=entries, refused=refused, degraded=None)


def _page(page: dict[str, str], url: str) -> FeedEntry | RefusedEntry:
    link = web_address(page.get("link"), url)
    title = title_of(page.get("title"), plain=False)
    raw = RawEntry(entry_id=link, links=(link,), title=title, dates=(page.get("published"),), outlet=page.get("source"))
    return entry_of(raw, FeedFacts(url=url))


def _within_limit(
    candidates: Iterable[FeedEntry | RefusedEntry],
) -> tuple[tuple[FeedEntry, ...], tuple[RefusedEntry, ...]]:
    """Return the distinct entries among the first ``MAX_ENTRIES``, and all refusals."""
    remaining: Iterator[FeedEntry | RefusedEntry] = iter(candidates)
    entries, refused = distinct_entries(islice(remaining, MAX_ENTRIES))
    beyond = sum(1 for _ in remaining)
    return entries, refused + beyond_limit(beyond)


def beyond_limit(count: int) -> tuple[RefusedEntry, ...]:
    """Return the refusal of ``count`` entries beyond the limit; an empty tuple if ``count`` is 0."""
    if not count:
        return ()
    detail = f"{count} entries beyond the first {MAX_ENTRIES} were left out"
    return (RefusedEntry(entry_id=f"entry {MAX_ENTRIES + 1}", reason="too_many", detail=detail),)
