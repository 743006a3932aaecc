"""Captures: fetched pages and read files before any processing. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


class MediaKind(StrEnum):
    """Kind of the bytes of a capture; it decides how they are extracted."""

    HTML = "html"
    """A web page."""
    TEXT = "text"
    """Plain text that a scraper took from a news page, boilerplate lines included."""
    JSON_ARTICLE = "json_article"
    """One object of a ``.jsonl`` seed: ``url``, ``source``, ``published`` and ``html`` or ``title`` + ``text``."""
    FEED_ENTRY = "feed_entry"
    """The text of an entry in the feed itself (JSON: a ``FeedEntry``), used if its page cannot be fetched."""
    FEED = "feed"
    """A feed document. Archived for replay, not an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An entry of a feed, as declared by the feed."""

    feed_url: str
    """Address of the feed (or ``seed:`` + file name)."""
    entry_id: str
    """Id of the entry in the feed, or its link if it has no id."""
    link: str | None
    title: str | None
    author: str | None
    published: datetime | None
    html: str | None
    """The longest text of the entry: content, else summary; HTML or plain."""
    source: str | None
    """Name of the outlet: the source that an aggregator's entry names, else the title of the feed."""
    plain: bool = False
    """True if ``html`` is declared to be plain text; else it is HTML, or plain text without a declaration."""
    syndicated: bool = False
    """True if the entry itself names ``source``, an outlet of another site: an aggregator's entry."""
    shares_link: bool = False
    """True if other entries of the feed have the same link; the entry is then identified by its own id and text."""


class Trusted(StrEnum):
    """Preferred source of an article's title, author and date."""

    PAGE = "page"
    FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """Options of the feed list for extraction of a source's pages. Archived with each page for its replay."""

    body: str | None = None
    """Selector of the element that holds the story: XPath if it begins with ``/`` or ``.//``, else CSS."""
    remove: tuple[str, ...] = ()
    """Selectors of elements that are not part of the story."""
    language: str | None = None
    """ISO 639-1 code: takes precedence over the page's declaration and over detection."""
    trust: Trusted = Trusted.PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A fetched page or a read file, before any processing. One capture is one WARC record."""

    url: str
    """The requested address, or ``seed:`` + file name."""
    fetched_at: datetime
    """Time of the fetch, UTC; for a seed the time of reading, unless its archive has the time of the fetch."""
    kind: MediaKind
    body: bytes
    content_type: str | None = None
    """Content type as declared by the server; it may be wrong."""
    status: int | None = None
    """HTTP status; ``None`` for a seed."""
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP response headers, in order."""
    external_id: str | None = None
    """The ``id`` of a seed, or its file name."""
    entry: FeedEntry | None = None
    """The feed entry that led to this page."""
    listed_at: datetime | None = None
    """Time at which its address was first seen in a feed; hours before the fetch if that failed at first."""
    final_url: str | None = None
    """The address that answered, if redirects led to another one."""
    request: tuple[tuple[str, str], ...] = ()
    """HTTP request headers as sent to the address that answered, without credentials and cookies."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CaptureRef:
    """Position of a capture in the archive."""

    file: str
    """Path of the WARC file, relative to the archive folder."""
    offset: int
    """Byte offset of the gzip member that opens the capture."""

    def __str__(self) -> str:
        """Return the form kept in ``archive_record``: ``FILE@OFFSET``."""
        return f"{self.file}@{self.offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCapture:
    """The latest capture of an address that has been processed into a store."""

    url: str
    payload_digest: str
    """SHA-256 of the bytes, hex."""
    fetched_at: datetime
    archive_record: str
    article_id: str | None
    """Id of the article it contained; ``None`` if it went to quarantine."""
    succeeded_at: datetime | None = None
    """``fetched_at`` if the capture itself contained the article; ``None`` if it went to quarantine, even if the feed's
    own text was used in its place, and for that text."""
