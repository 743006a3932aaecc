"""Extraction of stories from captures: title, lines and the metadata that the page declares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from pipelines.errors import ExtractionError
from pipelines.extract.authors import further_byline
from pipelines.extract.dates import believed, doubt
from pipelines.extract.feed_entry import extract_feed_entry
from pipelines.extract.html import extract_html
from pipelines.extract.json_article import extract_json
from pipelines.extract.text import extract_text
from pipelines.extract.titles import without_site
from pipelines.identify.url import same_site
from pipelines.text.lines import tidy
from pipelines.text.names import believable_authors
from schemas.records import FeedEntry, MediaKind, PublishedFrom, Trusted
from schemas.serial import RecordFormatError, from_json

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.records import Capture, Extracted

__all__ = ["extract", "extract_feed_entry", "extract_html", "extract_json", "extract_text"]


def extract(capture: Capture) -> Extracted:
    """Extract the story of a capture according to its kind. Pure: the same capture always gives the same result.

    If the capture was linked from a feed, the feed's title, author and date fill in what the page does not declare.

    Raises:
        ExtractionError: with a short fixed reason; ``feed`` for a feed document, which is not an article.
    """
    kind, reference = capture.kind, capture.fetched_at
    if kind is MediaKind.HTML:
        page = extract_html(
            capture.body,
            url=capture.final_url or capture.url,
            content_type=capture.content_type,
            reference=reference,
            reading=capture.reading,
        )
        if _is_syndicated(capture):
            page = replace(page, site_name=None)
        return _filled(page, capture.entry, reference, capture.reading.trust)
    if kind is MediaKind.TEXT:
        return extract_text(capture.body, reference=reference)
    if kind is MediaKind.JSON_ARTICLE:
        return extract_json(capture.body, url=capture.url, reference=reference)
    if kind is MediaKind.FEED_ENTRY:
        return extract_feed_entry(capture.entry or read_feed_entry(capture.body), reference=reference)
    if kind is MediaKind.FEED:
        raise ExtractionError("feed", "a feed document is not an article")
    assert_never(kind)


def read_feed_entry(body: bytes) -> FeedEntry:
    """Return the feed entry of a capture whose body is the entry as a JSON object.

    Raises:
        ExtractionError: ``bad_json`` if the body is not a feed entry.
    """
    try:
        return from_json(FeedEntry, body)
    except (RecordFormatError, UnicodeDecodeError) as error:
        raise ExtractionError("bad_json", f"not a feed entry: {error}") from error


def _is_syndicated(capture: Capture) -> bool:
    """Return whether a page is an aggregator's copy: its site name is then the aggregator's, not the outlet's."""
    entry = capture.entry
    return entry is not None and entry.syndicated and same_site(capture.final_url or capture.url, entry.feed_url)


def _filled(page: Extracted, entry: FeedEntry | None, reference: datetime, trust: Trusted) -> Extracted:
    if entry is None:
        return page
    outlets = tuple(name for name in (page.site_name, entry.source) if name)
    title = without_site(entry.title or "", outlets) or tidy(entry.title or "") or None
    author = believable_authors([entry.author], outlets=outlets) if entry.author else None
    feed_first = trust is Trusted.FEED
    filled = replace(
        page,
        title=title or page.title if feed_first else page.title or title,
        author=author or page.author if feed_first else page.author or author,
        site_name=page.site_name or entry.source,
        byline=page.byline or further_byline([entry.author or ""], author),
    )
    published = believed(entry.published, reference)
    if published is not None and (feed_first or filled.published is None):
        filled = replace(filled, published=published, published_from=PublishedFrom.FEED, date_doubt=None)
    elif filled.published is None:
        filled = replace(filled, date_doubt=filled.date_doubt or doubt(entry.published, reference))
    return filled
