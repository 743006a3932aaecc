"""Feeds, sources, runs, and what could not be processed. See ``schemas.records``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time

from schemas.records.captures import MediaKind  # noqa: TC001 - likewise

_ID_CHARACTERS = 24
"""Hexadecimal digits of an id made of a hash: 96 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An input which could not be processed, and why. Nothing of it is lost: the archive has it."""

    url: str
    stage: str
    """``fetch``, ``feed``, ``seed``, ``extract``, ``clean``, ``store`` …"""
    reason: str
    """A short fixed word: ``empty``, ``binary``, ``http_404``, ``timeout`` …"""
    detail: str
    archive_record: str | None = None
    """Of the latest capture that failed so: ``FILE@OFFSET``; ``None`` where nothing was captured."""
    captured_at: datetime | None = None
    """When that capture was made."""
    kind: MediaKind | None = None
    """What kind of capture it is."""
    first_seen: datetime | None = None
    """When the failure was met for the first time; ``None``: before such times were kept."""
    last_seen: datetime | None = None
    """When it was last met."""
    closed_at: datetime | None = None
    """When the same capture, address or feed was last processed well. Met again later, the item is open again."""
    mended_at: datetime | None = None
    """When the capture was made that was processed well; a later one that fails opens the item again at once."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Two quarantined items with the same key are the same event."""
        return (self.url, self.stage, self.reason)

    @property
    def id(self) -> str:
        """Hash of the key: what the item is named by on the command line."""
        key = "\0".join(self.key).encode("utf-8", "backslashreplace")
        return hashlib.sha256(key).hexdigest()[:_ID_CHARACTERS]

    @property
    def is_open(self) -> bool:
        """Whether the failure still stands."""
        if self.closed_at is None or (self.last_seen is not None and self.last_seen > self.closed_at):
            return True
        return self.captured_at is not None and self.mended_at is not None and self.captured_at > self.mended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """A change in the life of a feed."""

    at: datetime
    change: str
    """``failed``, ``recovered``, ``moved``, ``retired``, ``revived``, ``degraded``, ``mended``, ``validators``."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRetry:
    """A page which could not be had for a reason that may pass."""

    link: str
    attempts: int
    """Times it was asked for."""
    not_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What must be remembered of a feed between two runs."""

    url: str
    """Address in the feed list: what the feed is known by, whatever becomes of it."""
    etag: str | None = None
    """As the server gave it, where it can be sent back; likewise ``last_modified``."""
    last_modified: str | None = None
    read_at: datetime | None = None
    """When a whole document last came, and not "not modified"."""
    entries_digest: str | None = None
    """SHA-256 of the entries of that document, hex."""
    validators_failed_at: datetime | None = None
    """When its entries were seen to have changed under the same ETag and Last-Modified: since then none is sent."""
    last_success: datetime | None = None
    last_attempt: datetime | None = None
    failures: int = 0
    """Failures in a row."""
    last_error: str | None = None
    title: str | None = None
    entries: int = 0
    """Entries in the feed when it was last read."""
    address: str | None = None
    """Where the feed is asked for since a permanent move held; ``None``: at ``url``."""
    moved_to: str | None = None
    """Where permanent redirects (301, 308) lead at present, while that has not held for long enough."""
    moved_runs: int = 0
    """Runs in a row in which they led there."""
    retired_at: datetime | None = None
    """When the feed said that it is gone for good (410)."""
    not_before: datetime | None = None
    """No request before that: backing off, or asked to by ``Retry-After``."""
    due: datetime | None = None
    """When the feed is worth the next request by its own rhythm."""
    poll_seconds: int | None = None
    """The rhythm: seconds between two requests."""
    newest: datetime | None = None
    """Date of the newest entry seen."""
    degraded: str | None = None
    """What is wrong with the document, where it could be read in spite of it."""
    hub: str | None = None
    """WebSub hub that the feed names."""
    topic: str | None = None
    """WebSub topic: the address that the feed calls its own."""
    pages: tuple[PageRetry, ...] = ()
    """Pages to be asked for again."""
    events: tuple[FeedEvent, ...] = ()
    """The latest changes, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSample:
    """How the reading of one capture came out."""

    key: str
    """Hash of the place in the archive."""
    words: int
    """Words of the story; 0 where no text was found."""
    dropped_words: int
    """Words of the lines which cleaning took out."""
    title_echoes: int
    """Times the headline stood in the text and had to be taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionDay:
    """How the pages of one source read on one day: the measure by which a change of its layout is noticed."""

    source: str
    day: str
    """Day of the captures, UTC: ``2026-06-01``."""
    samples: tuple[ExtractionSample, ...]
    """Those with the smallest keys, at most 64: the same whatever the order in which they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLine:
    """A line which a source prints with its articles, learned from several of them."""

    source: str
    line: str
    """In the form in which lines are compared: lower case, plain quotes and dashes, single spaces."""
    articles: int
    """Articles, no two of them near-duplicates, that had it near an edge when it was learned."""
    learned_at: datetime
    refused_at: datetime | None = None
    """When somebody said that it belongs to the stories: then it stays, and is not learned again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many elements of a kind went into a step of the pipeline, or of copying, or came out of it."""

    step: str
    """``refine``, ``regroup``; ``bring``, ``send``: from and to a remote archive."""
    element: str
    """``captures``, ``articles``, ``fingerprints``, ``alerts``, ``quarantined``; ``files``, ``bytes``, ``failures``."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The summary of a run, kept for ``status``."""

    id: str
    started_at: datetime
    articles: int
    new: int
    revised: int
    duplicates: int
    stories: int
    alerts: int
    quarantined: int
    seconds: float
    counters: tuple[StepCount, ...] = ()
    """What Beam has counted of its pipeline, unless a runner does not tell, and what was copied from or to a remote
    archive. What is done again counts again."""
