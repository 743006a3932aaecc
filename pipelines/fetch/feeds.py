"""Feed documents: RSS, Atom and RDF by feedparser, JSON Feed by ourselves.

feedparser gets bytes only: it would open paths and addresses, without a time limit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser

from pipelines.errors import FeedError
from schemas.records import FeedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEntry:
    """An entry of which nothing can be made, and why."""

    entry_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document, read."""

    title: str | None
    entries: tuple[FeedEntry, ...]
    refused: tuple[RefusedEntry, ...]
    degraded: str | None
    """What is wrong with the document, where entries could be read in spite of it."""


def parse_feed(body: bytes, url: str) -> ParsedFeed:
    """Read a feed document. Raises ``FeedError`` for what is no feed: ``empty``, ``html``, ``not_a_feed``."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if not start:
        raise FeedError("empty", "the document has no content")
    if start.startswith(b"{"):
        return _json_feed(body, url)
    parsed = feedparser.parse(
        body,
        response_headers={"content-location": url, "content-type": "application/xml"},
        sanitize_html=False,
    )
    if not parsed.version and not parsed.entries:
        if b"<html" in start or b"<!doctype html" in start:
            raise FeedError("html", "an HTML page where a feed was expected; look for its feed's address")
        raise FeedError("not_a_feed", str(parsed.get("bozo_exception", "no RSS, Atom, RDF or JSON Feed")))
    title = parsed.feed.get("title") or None
    entries, refused = _sort_out(_entry(raw, url, title) for raw in parsed.entries)
    degraded = str(parsed.get("bozo_exception")) if parsed.bozo and _matters(parsed) else None
    return ParsedFeed(title=title, entries=entries, refused=refused, degraded=degraded)


def _matters(parsed: Any) -> bool:  # noqa: ANN401 - feedparser is untyped
    """A declared character set that differs from the server's is feedparser's mildest complaint."""
    return not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride)


def _sort_out(
    found: Iterator[FeedEntry | RefusedEntry],
) -> tuple[tuple[FeedEntry, ...], tuple[RefusedEntry, ...]]:
    entries: dict[str, FeedEntry] = {}
    refused = []
    for entry in found:
        if isinstance(entry, RefusedEntry):
            refused.append(entry)
        else:
            entries.setdefault(entry.link or entry.entry_id, entry)
    return tuple(entries.values()), tuple(refused)


def _entry(raw: Mapping[str, Any], url: str, source: str | None) -> FeedEntry | RefusedEntry:
    identity = str(raw.get("id") or raw.get("link") or raw.get("title") or "")
    link = _web(raw.get("link"), url) or _web(raw.get("id"), None)
    if link is None:
        return RefusedEntry(entry_id=identity, reason="no_link", detail="the entry has no http(s) link")
    texts = [part.get("value") or "" for part in raw.get("content", ())] + [raw.get("summary") or ""]
    return FeedEntry(
        feed_url=url,
        entry_id=identity or link,
        link=link,
        title=raw.get("title") or None,
        author=raw.get("author") or None,
        published=parse_date(raw.get("published") or raw.get("updated")),
        html=max(texts, key=len) or None,
        source=source,
    )


def _web(link: object, base: str | None) -> str | None:
    if not isinstance(link, str) or not link.strip():
        return None
    joined = urljoin(base, link.strip()) if base else link.strip()
    return joined if joined.lower().startswith(("http://", "https://")) else None


def _json_feed(body: bytes, url: str) -> ParsedFeed:
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FeedError("not_a_feed", f"broken JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise FeedError("not_a_feed", "JSON without the list 'items' of a JSON Feed")
    title = document.get("title") if isinstance(document.get("title"), str) else None
    items = (item for item in document["items"] if isinstance(item, dict))
    entries, refused = _sort_out(_json_entry(item, url, title) for item in items)
    return ParsedFeed(title=title, entries=entries, refused=refused, degraded=None)


def _json_entry(item: Mapping[str, Any], url: str, source: str | None) -> FeedEntry | RefusedEntry:
    def text(name: str) -> str | None:
        value = item.get(name)
        return value if isinstance(value, str) and value else None

    authors = item.get("authors")
    author = authors[0].get("name") if isinstance(authors, list) and authors and isinstance(authors[0], dict) else None
    return _entry(
        {
            "id": str(item.get("id") or ""),
            "link": text("url") or text("external_url"),
            "title": text("title"),
            "author": author if isinstance(author, str) else None,
            "published": text("date_published") or text("date_modified"),
            "summary": text("content_html") or text("content_text") or text("summary"),
        },
        url,
        source,
    )


def parse_date(text: object) -> datetime | None:
    """An RFC 3339 or RFC 822 date as UTC, whole seconds.

    ``None`` where it cannot be read or names a zone we do not know for certain (``IST`` and ``CET`` have
    several meanings or none in the standard; feedparser takes them for UTC).
    """
    if not isinstance(text, str) or not text.strip():
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = read(text.strip())
            if date.tzinfo is None:
                continue
            return date.astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
