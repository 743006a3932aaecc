"""Articles: results of extraction and of cleaning, and revisions. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


class PublishedFrom(StrEnum):
    """Place of declaration of a publication date."""

    JSON_LD = "json-ld"
    META = "meta"
    TIME = "time"
    URL = "url"
    FEED = "feed"
    SEED = "seed"
    TEXT = "text"


class Block(StrEnum):
    """Kind of a paragraph in the layout of a text."""

    PARAGRAPH = "p"
    HEADING = "h"
    ITEM = "l"
    QUOTE = "q"
    ROW = "t"
    """A row of a table, its cells separated by " | "."""


class DateDoubt(StrEnum):
    """Reason for rejecting a declared publication date."""

    FUTURE = "future"
    """More than a day after the fetch of the page."""
    BEFORE_1995 = "before_1995"
    """Older than any news site: an unset clock, or the date of the event in the story."""


@dataclass(frozen=True, slots=True)
class DroppedLine:
    """A line that cleaning removed from a text, with the reason."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A line that is not a plain paragraph."""

    line: str
    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """Content of a page or seed after extraction, before cleaning of its lines."""

    title: str | None
    lines: tuple[str, ...]
    """Paragraphs, sub-headings and list items in reading order, without blank lines."""
    description: str | None = None
    author: str | None = None
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    language: str | None = None
    """Language as declared (``lang`` attribute, meta): ISO 639-1, lower case."""
    site_name: str | None = None
    canonical_url: str | None = None
    """``rel=canonical`` as declared, resolved to an absolute address."""
    modified: datetime | None = None
    """Time of the last change, as declared by the page."""
    modified_from: PublishedFrom | None = None
    date_doubt: DateDoubt | None = None
    """Reason why the declared publication date was rejected; ``None`` if it was not."""
    section: str | None = None
    """Section of the site, as declared: "World", "Defence"."""
    image: str | None = None
    """Address of the lead image, as declared by the page."""
    byline: str | None = None
    """The declared byline with agencies and desks, if it has more than ``author``; parts joined by " | "."""
    layout: tuple[LaidOut, ...] = ()
    """The lines that are headings, list items, quotes or table rows."""
    dropped: tuple[DroppedLine, ...] = ()
    """Lines that extraction itself removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An occurrence of a rule's term in an article."""

    field: str
    """``title`` or ``body``."""
    sentence: str
    start: int
    """Offset of the first character of ``form`` in the field's text, in code points."""
    end: int
    """Offset after its last character, in code points."""
    form: str
    """The matched text: ``text[start:end]``."""
    term: str
    """The term of the rule that it matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """All matches of one rule in one article."""

    rule_id: str
    rule_version: str
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedHit:
    """A rule that would match an article if its dropped lines counted. It raises no alert."""

    rule_id: str
    form: str
    """The matched text in the dropped line."""
    term: str
    """The term of the rule that it matched."""
    line: str
    reason: str
    """Reason for which the line was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A capture of an article: time, digest of its text, and position in the archive."""

    fetched_at: datetime
    digest: str
    """Digest of the content (``ArticleContent.digest``)."""
    archive_record: str
    listed_at: datetime | None = None
    """Time at which its address was first seen in a feed; ``None`` if no feed led to it, or for captures from before
    such times were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleContent:
    """A revision of an article: everything derived from its text alone."""

    article_id: str
    """Hash of the canonical URL."""
    digest: str
    """Hash of title, description, author, published and body: equal digests mean the same revision."""
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
    """Time of the last change, as declared by the page."""
    modified_from: PublishedFrom | None = None
    date_doubt: DateDoubt | None = None
    """Reason why the declared publication date was rejected; ``None`` if it was not."""
    site_name: str | None = None
    """Name of the site according to the page or its feed; ``source`` is the name in use."""
    section: str | None = None
    """Section of the site, as declared."""
    image: str | None = None
    """Address of the lead image, as declared by the page."""
    byline: str | None = None
    """The declared byline with agencies and desks, if it has more than ``author``; parts joined by " | "."""
    layout: str = ""
    """Kinds of the paragraphs of the body, one letter each (``Block``); empty if all are plain paragraphs."""
    hits: tuple[RuleHit, ...] = ()
    dropped_hits: tuple[DroppedHit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article in the store: its current revision, captures, copy group and story."""

    content: ArticleContent
    observations: tuple[Observation, ...]
    """All its captures, sorted by time."""
    revision: int
    """1 for the first text; each change of the text adds 1."""
    first_seen: datetime
    """Time of the first capture."""
    canonical_id: str | None = None
    """Earliest article of its copy group, its own id if it is the earliest; ``None`` until it has been grouped."""
    copies: tuple[str, ...] = ()
    """On a canonical article: ids of the other articles of its group, sorted; empty on the others."""
    story_id: str | None = None

    @property
    def id(self) -> str:
        """Hash of the canonical URL."""
        return self.content.article_id

    @property
    def first_listed(self) -> datetime | None:
        """Time at which its address was first seen in a feed; ``None`` if unknown."""
        return min((seen.listed_at for seen in self.observations if seen.listed_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A paragraph before and after a change."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionChange:
    """The changes that a revision of an article made."""

    article_id: str
    url: str
    revision: int
    """Number of the new revision: 2 for the first change."""
    seen_at: datetime
    """Time of the first capture of the new text. The change was made between ``not_before`` and this time."""
    not_before: datetime
    """Time of the last capture of the old text."""
    cosmetic: bool
    """True if no word of title, description or body has changed."""
    title: Rewritten | None
    numbers_removed: tuple[str, ...]
    numbers_added: tuple[str, ...]
    names_removed: tuple[str, ...]
    names_added: tuple[str, ...]
    removed: tuple[str, ...]
    """Paragraphs that were removed."""
    added: tuple[str, ...]
    rewritten: tuple[Rewritten, ...]
