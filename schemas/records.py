"""The records that travel through wirepicket.

Every record is frozen and slotted. Times are aware datetimes in UTC, cut to whole seconds; ``None`` means
"not known" and is never replaced by a guess. The JSON Schemas, the Elasticsearch mappings and the SQLite
tables follow from these classes; ``tests/unit/test_schema_forms.py`` holds the forms together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
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


class PublishedFrom(StrEnum):
    """Where a publication date was declared."""

    JSON_LD = "json-ld"
    META = "meta"
    TIME = "time"
    URL = "url"
    FEED = "feed"
    SEED = "seed"
    TEXT = "text"


class Block(StrEnum):
    """What a paragraph of a text is in its layout."""

    PARAGRAPH = "p"
    HEADING = "h"
    ITEM = "l"
    QUOTE = "q"
    ROW = "t"
    """A row of a table; " | " stands between its cells."""


class DateDoubt(StrEnum):
    """Why a declared publication date is not believed."""

    FUTURE = "future"
    """More than a day after the page was fetched."""
    BEFORE_1995 = "before_1995"
    """Older than any news site: an unset clock, or the date of what the story is about."""


class AlertState(StrEnum):
    """The life of an alert."""

    NEW = "new"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"


class AlertOrigin(StrEnum):
    """What made an alert."""

    LIVE = "live"
    """An article as it came in."""
    REPLAY = "replay"
    """The archive processed again."""
    BACKFILL = "backfill"
    """Rules applied to articles which were in the store before."""


class MessageKind(StrEnum):
    """What a message says of its alert."""

    NEW = "new"
    """A rule matches a story for the first time."""
    ESCALATED = "escalated"
    """An alert that was told before has become more."""
    EDITED = "edited"
    """An outlet has changed its text: a term has come or gone."""


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
    """The feed's title: the name of the outlet."""


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


@dataclass(frozen=True, slots=True)
class DroppedLine:
    """A line which cleaning took out of a text, and why."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A line which is something other than a plain paragraph."""

    line: str
    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page or seed says, before the line cleaner."""

    title: str | None
    lines: tuple[str, ...]
    """Paragraphs, sub-headings and list items in reading order, no blank ones."""
    description: str | None = None
    author: str | None = None
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    language: str | None = None
    """As declared (``lang`` attribute, meta); ISO 639-1 lower case."""
    site_name: str | None = None
    canonical_url: str | None = None
    """``rel=canonical``, resolved, as declared."""
    modified: datetime | None = None
    """When the page says it was last changed."""
    modified_from: PublishedFrom | None = None
    date_doubt: DateDoubt | None = None
    """Why the publication date that is declared was not taken, where none was."""
    section: str | None = None
    """Part of the site, as declared: "World", "Defence"."""
    image: str | None = None
    """Address of the picture that the page declares as its own."""
    layout: tuple[LaidOut, ...] = ()
    """The lines that are headings, list items, quotes or table rows."""
    dropped: tuple[DroppedLine, ...] = ()
    """Lines which extraction itself already set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One place in an article where a rule's term stands."""

    field: str
    """``title`` or ``body``."""
    sentence: str
    start: int
    """Offset of the first character of ``form`` in the field's text, in code points."""
    end: int
    """Offset behind its last character."""
    form: str
    """The text as it stands there: ``text[start:end]``."""
    term: str
    """The term of the rule which it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """All the places where one rule matches one article."""

    rule_id: str
    rule_version: str
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedHit:
    """A rule that would match an article if the lines which cleaning dropped counted. It gives no alert."""

    rule_id: str
    form: str
    """What stands in the dropped line."""
    term: str
    """The term of the rule which it stands for."""
    line: str
    reason: str
    """Why the line was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One capture of an article: when, which text, and where in the archive."""

    fetched_at: datetime
    digest: str
    """Digest of the content (``ArticleContent.digest``)."""
    archive_record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleContent:
    """One revision of an article: everything which comes from its text alone."""

    article_id: str
    """Hash of the canonical URL."""
    digest: str
    """Hash of title, description, author, published and body: equal digests are the same revision."""
    url: str
    external_id: str | None
    source: str | None
    title: str | None
    description: str | None
    author: str | None
    published: datetime | None
    published_from: PublishedFrom | None
    language: str | None
    body: str
    """Paragraphs joined by a blank line."""
    dropped: tuple[DroppedLine, ...]
    word_count: int
    modified: datetime | None = None
    """When the page says it was last changed."""
    modified_from: PublishedFrom | None = None
    date_doubt: DateDoubt | None = None
    """Why the publication date that is declared was not taken, where none was."""
    site_name: str | None = None
    """What the page or its feed calls the site; ``source`` is the name that counts."""
    section: str | None = None
    """Part of the site, as declared."""
    image: str | None = None
    """Address of the picture that the page declares as its own."""
    layout: str = ""
    """What each paragraph of the body is, a letter each (``Block``); empty: all are plain paragraphs."""
    hits: tuple[RuleHit, ...] = ()
    dropped_hits: tuple[DroppedHit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as it stands in the store: its current revision, its history and its place among the others."""

    content: ArticleContent
    observations: tuple[Observation, ...]
    """Every capture of it, sorted by time."""
    revision: int
    """1 for the first text, one more with every change of it."""
    first_seen: datetime
    """Time of the first capture."""
    canonical_id: str | None = None
    """Earliest article of its copy group (itself, when it is that one); ``None`` until it has been grouped."""
    copies: tuple[str, ...] = ()
    """On a canonical article: ids of the others of its group, sorted."""
    story_id: str | None = None

    @property
    def id(self) -> str:
        """Hash of the canonical URL."""
        return self.content.article_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A paragraph before and after."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionChange:
    """What one revision of an article has changed."""

    article_id: str
    url: str
    revision: int
    """Number of the new revision: 2 for the first change."""
    seen_at: datetime
    """When the new text was first captured: it was changed between the capture before and then."""
    not_before: datetime
    """When the old text was last captured."""
    cosmetic: bool
    """No word of title, description or body is another."""
    title: Rewritten | None
    numbers_removed: tuple[str, ...]
    numbers_added: tuple[str, ...]
    names_removed: tuple[str, ...]
    names_added: tuple[str, ...]
    removed: tuple[str, ...]
    """Paragraphs that are gone."""
    added: tuple[str, ...]
    rewritten: tuple[Rewritten, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The place of an article among the others, as regrouping decided it."""

    article_id: str
    canonical_id: str
    copies: tuple[str, ...]
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """All that grouping needs to know of an article: no text. This is what Beam shuffles and the memory keeps."""

    article_id: str
    digest: str
    source: str | None
    title_key: int
    """Hash of the normalised title."""
    published: datetime | None
    first_seen: datetime
    word_count: int
    shingles: bytes
    """Hashes of the word 3-grams in the order of the text, little-endian uint64 (see ``pipelines/dedup``)."""
    numbers: bytes
    """Sorted unique hashes of the numbers in the text, little-endian uint64."""
    copy_keys: tuple[int, ...]
    """At most 25 winnowed shingles, sorted, each below 2**63."""
    story_features: bytes
    """Packed feature vectors (see ``pipelines/stories``)."""
    story_keys: tuple[int, ...]
    """Hashes of the most telling terms, sorted, each below 2**63."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEntry:
    """A fingerprint in the store, with where grouping has put it."""

    fingerprint: Fingerprint
    copy_component: str
    """Smallest article id of the articles connected with it by copy edges."""
    canonical_id: str
    story_component: str
    """Smallest article id of the canonical articles connected with it by story edges; its own id for a copy."""
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """Articles with the same text, carried by several outlets."""

    canonical_id: str
    article_ids: tuple[str, ...]


class Grouping(StrEnum):
    """The two ways in which articles are grouped."""

    COPIES = "copies"
    """By text."""
    STORIES = "stories"
    """By event."""


class Regrouped(StrEnum):
    """What happened to groups."""

    MERGED = "merged"
    SPLIT = "split"
    RENAMED = "renamed"
    """The same articles, or more of them, under another id: an earlier member has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """Groups or stories that became others. Kept for good, in the order in which it happened."""

    id: str
    """Hash of everything but the time: a step that is done again after a crash is kept once."""
    at: datetime
    grouping: Grouping
    change: Regrouped
    before: tuple[str, ...]
    """Ids of the groups that were, sorted."""
    after: tuple[str, ...]
    """Ids of the groups that are, sorted."""
    article_ids: tuple[str, ...]
    """Articles that have another group than before, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Articles about one event."""

    id: str
    """Id of its earliest member."""
    title: str | None
    first_published: datetime | None
    last_published: datetime | None
    article_ids: tuple[str, ...]
    """All members, copies included, sorted."""
    sources: tuple[str, ...]
    """Names of the outlets, sorted."""
    independent_sources: int
    """Outlets counted once for each copy group, an agency's texts as the agency's: syndicated copies do not add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How often a rule may speak."""

    per: str = "story"
    window: str = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What of a story that was told makes its alert worth another message."""

    by: tuple[str, ...] = ("source", "term")
    """``source``: a further independent outlet; ``term``: a further term of the rule."""
    articles: int | None = None
    """So many matching articles; ``None``: their number does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTests:
    """Examples which a rule carries with it."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alert rule as its author wrote it."""

    id: str
    query: str
    severity: str = "medium"
    notify: tuple[str, ...] = ()
    """Names of notification channels."""
    throttle: Throttle = field(default_factory=Throttle)
    escalate: Escalation = field(default_factory=Escalation)
    tests: RuleTests = field(default_factory=RuleTests)
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMatch:
    """A match within an alert: which article, and where."""

    article_id: str
    field: str
    sentence: str
    start: int
    end: int
    form: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule has matched one story."""

    id: str
    """Hash of rule and story."""
    rule_id: str
    rule_version: str
    story_id: str
    article_id: str
    """The first article that matched."""
    matched_at: datetime
    """When the match was made (not when the article was published)."""
    matches: tuple[AlertMatch, ...]
    state: AlertState = AlertState.NEW
    origin: AlertOrigin = AlertOrigin.LIVE
    thread: str | None = None
    """The id under which it was first raised. It stays when stories merge or split; ``None``: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One alert on its way to one channel. Written before the alert, removed never: it is the record of delivery."""

    id: str
    """Hash of alert, time of its match, channel, kind and what is new: lets a receiver drop repeats."""
    alert_id: str
    channel: str
    kind: MessageKind = MessageKind.NEW
    reason: str | None = None
    """What has changed since the alert was told, for people; ``None`` for a new alert."""
    topic: str | None = None
    """What the throttle of its rule counts by; ``None``: it is never held back."""
    created_at: datetime
    attempts: int = 0
    next_attempt: datetime
    delivered_at: datetime | None = None
    """When its channel took it, or when it turned out that it need not be sent (``last_error`` says why)."""
    last_error: str | None = None


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

    @property
    def key(self) -> tuple[str, str, str]:
        """Two quarantined items with the same key are the same event."""
        return (self.url, self.stage, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """A change in the life of a feed."""

    at: datetime
    change: str
    """``failed``, ``recovered``, ``moved``, ``retired``, ``revived``, ``degraded``, ``mended``."""
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
    last_modified: str | None = None
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


def now_utc() -> datetime:
    """The current time, UTC, cut to whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
