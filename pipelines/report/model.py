"""Contents of a report. All texts may come from other sources; they are escaped when the report is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.alerts.quotes import Quote
    from schemas.records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """An alert in a report."""

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
    """The distinct sentences that show every term, and the first sentence of each matching article."""
    articles: int
    """Number of matching articles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReport:
    """An article of a story."""

    title: str | None
    link: str | None
    source: str | None
    time: datetime | None
    """Time of publication as declared by the publisher."""
    copy: bool
    """True if the article is a copy of another one."""
    first: bool
    """True if its outlet published the story before all others."""
    delay: str
    """Time since the first article, such as ``+2 h``; empty for the first, or if it is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story with its articles in order of publication, undated ones last."""

    id: str
    title: str | None
    first: datetime | None
    last: datetime | None
    sources: int
    independent_sources: int
    reports: tuple[StoryReport, ...]
    more: int
    """Number of its articles that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Numbers of articles by outlet and time."""

    unit: str
    """``hour``, ``day``, ``week`` or ``month``."""
    starts: tuple[datetime, ...]
    """The beginning of each bucket, UTC, without gaps."""
    texts: tuple[int, ...]
    """Number of articles that are no copies, by bucket."""
    copies: tuple[int, ...]
    """Number of copies, by bucket."""
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """Outlets with their numbers of articles by bucket, the outlet with most articles first."""
    undated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRow:
    """The number of stories that an outlet published before other outlets."""

    source: str
    stories: int
    """Number of its stories that other outlets published too."""
    first: int
    """Number of these stories in which it was first."""
    lead: str
    """Median time before the second outlet, such as ``45 min``; empty if it was never first."""


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
        """True if the feed has no problem that could cause missing articles."""
        return self.health in _WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals of a time span."""

    articles: int
    texts: int
    """Number of articles that are no copies."""
    sources: int
    stories: int
    alerts: int
    feeds: int
    feeds_unwell: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The contents of a report page."""

    since: datetime
    until: datetime
    store: str
    """Address of the store, without secrets."""
    totals: Totals
    alerts: tuple[AlertCard, ...]
    """Alerts, the highest severity first, then the latest first."""
    alerts_more: int
    stories: tuple[StoryCard, ...]
    """Stories of several articles, those with most independent sources first."""
    stories_more: int
    """Number of stories of several articles that are not listed."""
    singles: tuple[StoryCard, ...]
    """Stories of one article, the latest first."""
    singles_more: int
    activity: Activity
    firsts: tuple[FirstRow, ...]
    feeds: tuple[FeedRow, ...]
    """Feeds, those with problems first."""
    runs: tuple[RunRecord, ...]
    """Runs, the latest first."""
    dropped: tuple[tuple[str, int], ...]
    """Numbers of dropped lines by reason, the most frequent first."""
    quarantine: tuple[tuple[str, int], ...]
    """Numbers of quarantined inputs by stage and reason, the most frequent first, regardless of their time."""
