"""Feeds, sources, runs, and inputs that could not be processed. See ``schemas.records``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time

from schemas.records.captures import MediaKind  # noqa: TC001 - likewise

_ID_CHARACTERS = 24
"""Hexadecimal digits of an id made from a hash: 96 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An input that could not be processed, with the reason. It is not lost: the archive has it."""

    url: str
    stage: str
    """``fetch``, ``feed``, ``seed``, ``extract``, ``clean``, ``store`` …"""
    reason: str
    """A short fixed word: ``empty``, ``binary``, ``http_404``, ``timeout`` …"""
    detail: str
    archive_record: str | None = None
    """Position of the latest capture that failed so, ``FILE@OFFSET``; ``None`` if nothing was captured."""
    captured_at: datetime | None = None
    """Time of that capture."""
    kind: MediaKind | None = None
    """Kind of that capture."""
    first_seen: datetime | None = None
    """Time of the first failure; ``None`` if it was recorded before such times were kept."""
    last_seen: datetime | None = None
    """Time of the latest failure."""
    closed_at: datetime | None = None
    """Time at which the same capture, address or feed was last processed without failure. A later failure opens the
    item again."""
    mended_at: datetime | None = None
    """Time of the capture that was processed without failure; a later failing capture opens the item again at once."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity of the item: two items with the same key are the same event."""
        return (self.url, self.stage, self.reason)

    @property
    def id(self) -> str:
        """Hash of the key, by which the command line names the item."""
        key = "\0".join(self.key).encode("utf-8", "backslashreplace")
        return hashlib.sha256(key).hexdigest()[:_ID_CHARACTERS]

    @property
    def is_open(self) -> bool:
        """True while the failure persists."""
        if self.closed_at is None or (self.last_seen is not None and self.last_seen > self.closed_at):
            return True
        return self.captured_at is not None and self.mended_at is not None and self.captured_at > self.mended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """A change of the state of a feed."""

    at: datetime
    change: str
    """``failed``, ``recovered``, ``moved``, ``retired``, ``revived``, ``degraded``, ``mended``, ``validators``."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRetry:
    """A page that could not be fetched for a temporary reason."""

    link: str
    attempts: int
    """Number of requests made for it."""
    not_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """State of a feed between two runs."""

    url: str
    """Address in the feed list: identifies the feed, even if it moves."""
    etag: str | None = None
    """ETag as the server sent it, if it can be sent back; likewise ``last_modified``."""
    last_modified: str | None = None
    read_at: datetime | None = None
    """Time at which a whole document was last received, not "not modified"."""
    entries_digest: str | None = None
    """SHA-256 of the entries of that document, hex."""
    validators_failed_at: datetime | None = None
    """Time at which its entries changed under the same ETag and Last-Modified; no validator is sent since then."""
    last_success: datetime | None = None
    last_attempt: datetime | None = None
    failures: int = 0
    """Number of consecutive failures."""
    last_error: str | None = None
    title: str | None = None
    entries: int = 0
    """Number of entries in the feed at the last reading."""
    address: str | None = None
    """Address in use since a permanent move was confirmed; ``None`` if ``url`` is in use."""
    moved_to: str | None = None
    """Target of permanent redirects (301, 308) that are not yet confirmed by enough runs."""
    moved_runs: int = 0
    """Number of consecutive runs in which redirects led to ``moved_to``."""
    retired_at: datetime | None = None
    """Time at which the feed answered that it is permanently gone (410)."""
    not_before: datetime | None = None
    """No request before this time: after failures, or as asked by ``Retry-After``."""
    due: datetime | None = None
    """Time of the next request according to the feed's own rhythm."""
    poll_seconds: int | None = None
    """Seconds between two requests, from the feed's own rhythm."""
    newest: datetime | None = None
    """Date of the newest entry."""
    degraded: str | None = None
    """Defect of a document that could nevertheless be read; ``None`` if it has none."""
    hub: str | None = None
    """Address of the WebSub hub that the feed declares."""
    topic: str | None = None
    """WebSub topic: the address that the feed declares as its own."""
    pages: tuple[PageRetry, ...] = ()
    """Pages to be requested again."""
    events: tuple[FeedEvent, ...] = ()
    """The latest changes, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSample:
    """Result of the extraction of one capture."""

    key: str
    """Hash of the position in the archive."""
    words: int
    """Number of words of the story; 0 if there was no text."""
    dropped_words: int
    """Number of words in the lines that cleaning removed."""
    title_echoes: int
    """Number of times the headline was in the text and had to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionDay:
    """Results of the extraction of one source on one day, by which a change of its layout is detected."""

    source: str
    day: str
    """Day of the captures, UTC: ``2026-06-01``."""
    samples: tuple[ExtractionSample, ...]
    """The results with the smallest keys, at most 64: independent of the order of processing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLine:
    """A line that a source prints with its articles, learned from several of them."""

    source: str
    line: str
    """The line in the form used for comparison: lower case, plain quotes and dashes, single spaces."""
    articles: int
    """Number of articles, no two of them near-duplicates, that had it near the beginning or end when it was learned."""
    learned_at: datetime
    refused_at: datetime | None = None
    """Time at which a user declared that it belongs to the stories: it is kept then, and not learned again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """Number of elements of a kind that went into a step of the pipeline or of copying, or came out of it."""

    step: str
    """``refine``, ``regroup``; ``bring``, ``send``: from and to a remote archive."""
    element: str
    """``captures``, ``articles``, ``fingerprints``, ``alerts``, ``quarantined``; ``files``, ``bytes``, ``failures``."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Summary of a run, kept for ``status``."""

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
    """Counts of Beam's pipeline, if the runner reports them, and of copies from or to a remote archive. Repeated work
    counts again."""
