"""Articles: what extraction finds, what cleaning leaves, and every revision. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


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
    byline: str | None = None
    """The byline as declared, agencies and desks included, where it says more than ``author``; joined by " | "."""
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
    listed_at: datetime | None = None
    """When we first saw its address in a feed; ``None`` where no feed led to it, or it was captured before that was
    kept."""


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
    byline: str | None = None
    """The byline as declared, agencies and desks included, where it says more than ``author``; joined by " | "."""
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

    @property
    def first_listed(self) -> datetime | None:
        """When we first saw its address in a feed."""
        return min((one.listed_at for one in self.observations if one.listed_at), default=None)


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
