"""What a report tells. Every text in it may be other people's: it is escaped where it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.alerts.quotes import Quote
    from schemas.records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """An alert, as a reader wants it."""

    id: str
    rule_id: str
    severity: str
    state: str
    matched_at: datetime
    title: str | None
    """Title of the first article that matched."""
    link: str | None
    source: str | None
    published: datetime | None
    quotes: tuple[Quote, ...]
    """Sentences that show every term, and the first of each matching article; no sentence twice."""
    articles: int
    """Articles that match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One article within a story."""

    title: str | None
    link: str | None
    source: str | None
    time: datetime | None
    """When the publisher says it was out."""
    copy: bool
    """Whether it carries the text of another one."""
    first: bool
    """Whether it was out before every other outlet's."""
    delay: str
    """Time since the first, such as ``+2 h``; empty for the first and where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story with its articles in the order in which they came out, undated ones last."""

    id: str
    title: str | None
    first: datetime | None
    last: datetime | None
    sources: int
    independent_sources: int
    reports: tuple[Telling, ...]
    more: int
    """Articles of it that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Articles by outlet and time."""

    unit: str
    """``hour``, ``day``, ``week`` or ``month``."""
    starts: tuple[datetime, ...]
    """The beginning of each bucket, UTC, without gaps."""
    texts: tuple[int, ...]
    """Articles with a text of their own, by bucket."""
    copies: tuple[int, ...]
    """Copies of another's text, by bucket."""
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """Outlet and its articles by bucket, the busiest first."""
    undated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRow:
    """How often an outlet was first with a story that others carried too."""

    source: str
    stories: int
    """Stories of several outlets that it carried."""
    first: int
    lead: str
    """Median time before the second outlet, such as ``45 min``."""


_WELL = frozenset({"ok", "new", "moved", "moving"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """The health of a feed."""

    name: str
    url: str
    health: str
    advice: str
    error: str | None
    last_success: datetime | None
    failures: int

    @property
    def well(self) -> bool:
        """Whether nothing can be missing because of it."""
        return self.health in _WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The span in numbers."""

    articles: int
    texts: int
    """Articles that are no copies."""
    sources: int
    stories: int
    alerts: int
    feeds: int
    feeds_unwell: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that the page tells."""

    since: datetime
    until: datetime
    store: str
    """Address of the store, without secrets."""
    totals: Totals
    alerts: tuple[AlertCard, ...]
    """The gravest first, then the latest."""
    alerts_more: int
    stories: tuple[StoryCard, ...]
    """Those of several articles, carried by most independent outlets first."""
    stories_more: int
    """Stories of several articles that are not among them."""
    singles: tuple[StoryCard, ...]
    """Stories of one article, the latest first."""
    singles_more: int
    activity: Activity
    firsts: tuple[FirstRow, ...]
    feeds: tuple[FeedRow, ...]
    """Those that are unwell first."""
    runs: tuple[RunRecord, ...]
    """The latest first."""
    dropped: tuple[tuple[str, int], ...]
    """Reasons for which lines were left out, with their number, the most frequent first."""
    quarantine: tuple[tuple[str, int], ...]
    """The same for inputs that could not be processed and have not succeeded since, whatever their time."""
