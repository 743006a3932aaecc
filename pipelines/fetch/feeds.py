"""Feed documents: RSS, Atom and RDF by feedparser, JSON Feed by ourselves.

feedparser gets bytes only: it would open paths and addresses, without a time limit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import feedparser

from pipelines.errors import FeedError
from pipelines.fetch.links import direct_link
from pipelines.fetch.sitemap import is_sitemap, read_sitemap
from pipelines.identify.url import uri_of
from schemas.records import FeedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 8 * 2**20
"""Largest feed document. The largest in the shipped list has 2 MB."""
MAX_ENTRIES = 2_000
"""Entries read of one document; a news sitemap has at most 1,000, and feeds some hundreds."""
MAX_LINK = 2_000
"""Longest address in characters that servers and browsers agree on."""
MAX_TEXT = 1_000_000
"""Characters of an entry's own text that are kept: a book."""


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
    hub: str | None = None
    """WebSub hub (``rel=hub``), http(s)."""
    topic: str | None = None
    """WebSub topic (``rel=self``), http(s)."""


def parse_feed(body: bytes, url: str) -> ParsedFeed:
    """Read a feed document. Raises ``FeedError`` for what is no feed: ``empty``, ``html``, ``not_a_feed``."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if not start:
        raise FeedError("empty", "the document has no content")
    if len(body) > MAX_BYTES:
        raise FeedError("too_large", f"{len(body)} bytes; the limit for a feed is {MAX_BYTES}")
    if start.startswith(b"{"):
        return _json_feed(body, url)
    if is_sitemap(body):
        return _sitemap(body, url)
    parsed = feedparser.parse(
        body,
        response_headers={"content-location": url, "content-type": "application/xml"},
        sanitize_html=False,
    )
    if not parsed.version and not parsed.entries:
        if b"<html" in start or b"<!doctype html" in start:
            raise FeedError("html", "an HTML page where a feed was expected; look for its feed's address")
        raise FeedError("not_a_feed", str(parsed.get("bozo_exception", "no RSS, Atom, RDF or JSON Feed")))
    title = _text(parsed.feed.get("title"))
    entries, refused = _sort_out(_entry(_declared(raw, body), url, title) for raw in parsed.entries[:MAX_ENTRIES])
    degraded = str(parsed.get("bozo_exception")) if parsed.bozo and _matters(parsed) else None
    links = {str(link.get("rel")): link.get("href") for link in reversed(parsed.feed.get("links", ()))}
    return ParsedFeed(
        title=title,
        entries=entries,
        refused=refused,
        degraded=degraded,
        hub=_web(links.get("hub"), url),
        topic=_web(links.get("self"), url),
    )


def _sitemap(body: bytes, url: str) -> ParsedFeed:
    entries, refused = _sort_out(_entry(raw, url, raw.get("source")) for raw in read_sitemap(body, MAX_ENTRIES))
    source = next((entry.source for entry in entries if entry.source), None)
    return ParsedFeed(title=source, entries=entries, refused=refused, degraded=None)


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
    identity = _text(raw.get("id")) or _text(raw.get("link")) or _text(raw.get("title")) or ""
    link = _link(raw, url)
    if link is None:
        return RefusedEntry(entry_id=identity, reason="no_link", detail="the entry has no http(s) link")
    texts = [_text(part.get("value")) or "" for part in raw.get("content", ())] + [_text(raw.get("summary")) or ""]
    return FeedEntry(
        feed_url=url,
        entry_id=identity or link,
        link=link,
        title=_text(raw.get("title")),
        author=_text(raw.get("author")),
        published=parse_date(raw.get("published")) or parse_date(raw.get("updated")),
        html=max(texts, key=len)[:MAX_TEXT] or None,
        source=source,
    )


def _declared(raw: Mapping[str, Any], body: bytes) -> Mapping[str, Any]:
    """An entry without the link that feedparser makes of a bare ``<guid>`` by joining it to the feed's address."""
    if raw.get("links") or not raw.get("guidislink"):
        return raw
    guid = str(raw.get("id"))
    if any(form.encode("utf-8", "replace") in body for form in (guid, escape(guid))):
        return raw  # it stands there as a whole address
    return {key: value for key, value in raw.items() if key not in {"id", "link"}}


def _link(raw: Mapping[str, Any], url: str) -> str | None:
    """The address of an entry's page: the one before a feed service's counting link, else the page, else the id."""
    links = [link for link in raw.get("links", ()) if link.get("rel", "alternate") == "alternate"]
    pages = [link.get("href") for link in links if "html" in str(link.get("type") or "html")]
    told = raw.get("link")
    enclosed = [
        link.get("href")
        for link in raw.get("links", ())
        if link.get("rel") == "enclosure" and "html" in str(link.get("type") or "")
    ]
    found = (_web(raw.get("feedburner_origlink"), None), *(_web(page, url) for page in pages), _web(told, url))
    rest = (_web(raw.get("id"), None), *(_web(one, url) for one in enclosed))
    link = next((link for link in (*found, *rest) if link), None)
    return direct_link(link) if link else None


def _text(value: object) -> str | None:
    """A text as UTF-8 can express it: a feed may hold halves of surrogate pairs."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.encode("utf-8", "replace").decode()


def _web(link: object, base: str | None) -> str | None:
    text = _text(link)
    if text is None or len(text) > MAX_LINK:
        return None
    try:
        joined = uri_of(urljoin(base, text.strip()) if base else text.strip())
        parts = urlsplit(joined)
        _ = parts.port
    except ValueError:
        return None
    return joined if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


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
