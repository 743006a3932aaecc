"""What was fetched or read, before anything is done to it. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


class MediaKind(StrEnum):
    """What the bytes of a capture are, and so which way through extraction they take."""

    HTML = "html"
    """A web page."""
    TEXT = "text"
    """Plain text which a scraper got out of a news page, boilerplate lines and all."""
    JSON_ARTICLE = "json_article"
    """One object of a ``.jsonl`` seed: ``url``, ``source``, ``published`` and ``html`` or ``title`` + ``text``."""
    FEED_ENTRY = "feed_entry"
    """The text that a feed itself gave for an entry (JSON: a ``FeedEntry``), used when the page cannot be had."""
    FEED = "feed"
    """A feed document. Archived for replay, not an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry of a feed, as the feed declared it."""

    feed_url: str
    """Address of the feed (or ``seed:`` + file name)."""
    entry_id: str
    """The feed's own id for the entry, or its link where it has none."""
    link: str | None
    title: str | None
    author: str | None
    published: datetime | None
    html: str | None
    """The longest text the feed gave for the entry: content, else summary; HTML or plain."""
    source: str | None
    """The name of the outlet: what an aggregator's entry names as its source, else the feed's title."""
    plain: bool = False
    """Whether ``html`` is plain text by declaration; else it is HTML, or plain text that does not say so."""
    syndicated: bool = False
    """Whether ``source`` is an outlet of another site, which the entry itself names: an aggregator's entry."""
    shares_link: bool = False
    """Whether other entries of the feed have the same link: then the entry is known by its own id and text."""


class Trusted(StrEnum):
    """Whose word counts first on an article's title, author and date."""

    PAGE = "page"
    FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """How the pages of a source are to be read, as the feed list says. Archived with each page for its replay."""

    body: str | None = None
    """Selector of what holds the story: XPath where it begins with ``/`` or ``.//``, else CSS."""
    remove: tuple[str, ...] = ()
    """Selectors of what is not the story's."""
    language: str | None = None
    """ISO 639-1 code: believed more than the page and the detection."""
    trust: Trusted = Trusted.PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What was fetched or read, before anything is done to it. One capture is one WARC record."""

    url: str
    """The address asked for, or ``seed:`` + file name."""
    fetched_at: datetime
    """When it was fetched; of a seed, when it was read, unless an archive says when it was fetched. UTC."""
    kind: MediaKind
    body: bytes
    content_type: str | None = None
    """As declared by the server; not to be trusted."""
    status: int | None = None
    """HTTP status; ``None`` for seeds."""
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP response headers, in order."""
    external_id: str | None = None
    """The ``id`` of a seed, or its file name."""
    entry: FeedEntry | None = None
    """The feed entry which led to this page."""
    listed_at: datetime | None = None
    """When we first saw its address in a feed: before it was fetched, by hours where the page was not to be had."""
    final_url: str | None = None
    """The address that answered, where redirects led to another one."""
    request: tuple[tuple[str, str], ...] = ()
    """HTTP request headers as sent to the address that answered, without credentials and cookies."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CaptureRef:
    """Where in the archive a capture stands."""

    file: str
    """Path of the WARC file, relative to the archive folder."""
    offset: int
    """Byte offset of the gzip member that opens the capture."""

    def __str__(self) -> str:
        """The form kept in ``archive_record``: ``FILE@OFFSET``."""
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
    """The article it showed; ``None`` where it went to quarantine."""
    succeeded_at: datetime | None = None
    """``fetched_at`` where the capture itself showed the article; ``None`` where it went to quarantine, even if the
    feed's own text stood in for the page, and for that text."""
