"""What a store must do. Both stores pass the one contract suite in ``tests/stores``.

Every look-up takes a collection and costs a constant number of requests, whatever its size within a batch.
Every write is idempotent: writing the same again changes nothing. A store raises
``pipelines.errors.StoreUnavailableError`` when it cannot be reached.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

from pipelines.stores.searching import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType

    from pipelines.rules.language.query import Query
    from pipelines.stores.memory import Space
    from pipelines.stores.searching import Hit, Within
    from schemas.records import (
        Alert,
        Article,
        ArticleContent,
        ExtractionDay,
        FeedState,
        GroupChange,
        LearnedLine,
        MemoryEntry,
        OutboxMessage,
        Placement,
        Quarantined,
        RunRecord,
        SeenCapture,
        Story,
    )


class Named(StrEnum):
    """What has an id that people type."""

    ARTICLE = "article"
    STORY = "story"
    ALERT = "alert"
    QUARANTINE = "quarantine"


class Store(Protocol):
    """One place for results and memory."""

    @property
    def url(self) -> str:
        """The store's address without secrets, fit to be printed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def setup(self) -> None:
        """Make tables, templates, indices and aliases where they are missing."""

    def outdated(self) -> tuple[str, ...]:
        """What is kept in an earlier form and waits for ``migrate``, by name."""

    def migrate(self, tell: Callable[[str], None]) -> None:
        """Bring what is kept in an earlier form, and cannot simply be added to, into today's.

        Others may read and write meanwhile. May be broken off and called again; ``tell`` is told in words how it goes.
        """

    def maintain(self) -> None:
        """Look after what has grown: full indices, old statistics. Cheap where there is nothing to do."""

    def refresh(self) -> None:
        """Make everything written so far visible to every look-up and search."""

    # Captures -------------------------------------------------------------------------------------------

    def seen(self, urls: Collection[str]) -> dict[str, SeenCapture]:
        """Latest processed capture by address, for those which have one."""

    def mark_seen(self, captures: Sequence[SeenCapture]) -> None:
        """Record captures as processed; of several for one address the latest ``fetched_at`` stays."""

    # Articles -------------------------------------------------------------------------------------------

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        """Articles by id, for those which exist. Sees every earlier write at once."""

    def update_articles(
        self, ids: Collection[str], merge: Callable[[Mapping[str, Article]], Sequence[Article]]
    ) -> Sequence[Article]:
        """Read the articles, call ``merge`` with those that exist, write what it returns; nobody writes between.

        ``merge`` is pure: it may be called again, after another writer came first, for the articles that
        changed meanwhile. Returns the articles written.
        """

    def put_revisions(self, contents: Sequence[ArticleContent]) -> None:
        """Keep the content of revisions, by article id and digest; what is there already stays."""

    def revisions(self, article_id: str) -> dict[str, ArticleContent]:
        """Every kept revision of an article, by digest."""

    def place(self, placements: Sequence[Placement]) -> None:
        """Set canonical id, copies and story of articles, and nothing else of them."""

    def iter_articles(self, since: datetime | None = None) -> Iterator[Article]:
        """All articles, or those first seen at a time or later, by id."""

    # Memory of grouping ---------------------------------------------------------------------------------

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the memory for one regrouping: no other holder until it is left, even in another process."""

    def unfinished(self) -> frozenset[str]:
        """Ids of the stories that a regrouping was writing when it died."""

    def write_unfinished(self, story_ids: Collection[str]) -> None:
        """Say which stories are about to be written, in place of what was said before; none once all is written."""

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Entries by article id."""

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """Entries with any of these copy keys, or canonical ones with any of these story keys, by article id."""

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        """Entries of these copy groups (by canonical article) or stories, by article id."""

    def common_keys(self, keys: Collection[int]) -> set[int]:
        """Those of the keys which are marked as common."""

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        """How many entries have each of these copy keys, or canonical ones each of these story keys.

        Counted up to ``most``, which bounds the work; keys that nothing has are left out.
        """

    def remember(
        self, entries: Sequence[MemoryEntry], *, common: Collection[int] = (), rare: Collection[int] = ()
    ) -> None:
        """Write entries; mark keys as ``common``, take the mark from those in ``rare``."""

    def stale(self, before: datetime) -> Iterator[MemoryEntry]:
        """Entries first seen before a time, by article id. Entries may be forgotten while it is read."""

    def forget(self, ids: Collection[str]) -> None:
        """Drop entries of these articles. The articles and their placement stay."""

    # Stories and alerts ---------------------------------------------------------------------------------

    def stories(self, ids: Collection[str]) -> dict[str, Story]:
        """Stories by id."""

    def write_stories(self, stories: Sequence[Story], *, gone: Collection[str] = ()) -> None:
        """Write stories; remove those in ``gone``."""

    def iter_stories(self) -> Iterator[Story]:
        """All stories, by id."""

    def write_changes(self, changes: Sequence[GroupChange]) -> None:
        """Keep merges, splits and renamings; what is there already stays."""

    def iter_changes(self) -> Iterator[GroupChange]:
        """All of them, by time, then id."""

    def changes_of(self, ids: Collection[str]) -> list[GroupChange]:
        """Those in which any of these groups was or is, or any of these articles was moved; by time, then id."""

    def alerts(self, ids: Collection[str]) -> dict[str, Alert]:
        """Alerts by id."""

    def alerts_of_stories(self, story_ids: Collection[str]) -> list[Alert]:
        """Alerts of these stories, by id."""

    def write_alerts(
        self,
        alerts: Sequence[Alert],
        *,
        gone: Collection[str] = (),
        outbox: Sequence[OutboxMessage] = (),
        moved: Sequence[OutboxMessage] = (),
    ) -> None:
        """Write outbox messages (those not there yet), alerts, messages that have changed; remove alerts in ``gone``.

        In this order, so that a crash between cannot lose a message: one whose alert is missing waits until the next
        run has written the alert, and one moves to another alert when that is there and before its own goes.
        """

    def iter_alerts(self) -> Iterator[Alert]:
        """All alerts, by id."""

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]:
        """Messages not delivered yet whose next attempt is due, oldest first."""

    def outbox(self, ids: Collection[str]) -> dict[str, OutboxMessage]:
        """Messages by id. Sees every earlier write at once."""

    def outbox_of_alerts(self, alert_ids: Collection[str]) -> list[OutboxMessage]:
        """Every message of these alerts, delivered or not, oldest first."""

    def outbox_spoken(self, topics: Collection[str], since: datetime) -> dict[str, datetime]:
        """When a message of each topic was last sent, if after ``since``; what was settled unsent does not count."""

    def write_outbox(self, messages: Sequence[OutboxMessage]) -> None:
        """Record attempts and deliveries."""

    # Quarantine, feeds, runs ----------------------------------------------------------------------------

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        """Keep items, one for each (url, stage, reason); met now, unless they say when (``rejected.merged``).

        ``pipelines.ingest.failures.note`` does the same, and sees to it that what has succeeded since stays closed.
        """

    def iter_quarantine(self, *, closed: bool = False) -> Iterator[Quarantined]:
        """The open quarantined items, by url, stage, reason; with ``closed`` the others as well."""

    def amend_quarantine(
        self, urls: Collection[str], amend: Callable[[Quarantined], Quarantined | None]
    ) -> list[Quarantined]:
        """Change the items of these addresses, open or closed; ``None`` removes one. Nobody writes between.

        ``amend`` is pure: it may be called again, after another writer came first. Returns the items that are others
        now, and those removed, by url, stage, reason.
        """

    def feed_states(self, urls: Collection[str] | None = None) -> dict[str, FeedState]:
        """What is remembered of feeds, by address; of all of them without ``urls``."""

    def put_feed_states(self, states: Sequence[FeedState]) -> None:
        """Remember the state of feeds."""

    def put_run(self, run: RunRecord) -> None:
        """Keep the summary of a run."""

    def last_runs(self, count: int) -> list[RunRecord]:
        """Summaries of the latest runs, latest first."""

    # Ids ------------------------------------------------------------------------------------------------

    def beginning(self, kind: Named, prefix: str, most: int) -> dict[str, str]:
        """Ids that begin so, at most so many, in order, each with the id under which its record stands now.

        The two differ for former ids of alerts only; an id that has a record is never read as a former one.
        """

    # Search ---------------------------------------------------------------------------------------------

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        """Articles which may match a query of the rule language: all that do, and perhaps more, ``within`` the limits.

        Latest published first, undated ones last, ties by id, unless ``within`` has another order. ``search`` confirms
        each with the in-process matcher, so that both stores give the same answer.
        """

    def search(
        self,
        query: str | Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
        language: str | None = None,
        after: str | None = None,
        one_per_story: bool = False,
        order: Order = Order.LATEST,
    ) -> Iterator[Hit]:
        """Articles that match a query: see ``pipelines.stores.searching.Searching``."""

    # What was learned of sources ------------------------------------------------------------------------

    def add_extraction_days(self, days: Sequence[ExtractionDay]) -> None:
        """Add samples to those of their source and day (``pipelines.stores.merging.with_samples``)."""

    def extraction_days(self, since: str) -> list[ExtractionDay]:
        """The days from ``since`` (``2026-06-01``) on, by source and day."""

    def learned_lines(self) -> list[LearnedLine]:
        """All lines learned, refused ones too, by source and line."""

    def put_learned_lines(self, lines: Sequence[LearnedLine]) -> None:
        """Write lines; one of the same source and text is replaced."""
