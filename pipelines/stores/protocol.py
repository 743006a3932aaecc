"""The protocol of a store. Both stores pass the same contract suite in ``tests/stores``.

Every look-up takes a collection. Its number of requests is constant, whatever the size of the collection within a
batch. Every write is idempotent: writing the same records again changes nothing. A store raises
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


class IdKind(StrEnum):
    """A kind of record with an id that users type."""

    ARTICLE = "article"
    STORY = "story"
    ALERT = "alert"
    QUARANTINE = "quarantine"


class Store(Protocol):
    """Storage of results and of the memory of grouping."""

    @property
    def url(self) -> str:
        """The store's address without secrets, for printing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def setup(self) -> None:
        """Create the tables, templates, indices and aliases that are missing."""

    def outdated(self) -> tuple[str, ...]:
        """Return the names of indices or tables in an earlier form, which ``migrate`` converts."""

    def migrate(self, report: Callable[[str], None]) -> None:
        """Convert data in an earlier form, where adding fields is not enough, to the current form.

        Others may read and write meanwhile. May be interrupted and called again. ``report`` gets messages about the
        progress.
        """

    def maintain(self) -> None:
        """Maintain large indices and old statistics. Cheap if there is nothing to do."""

    def refresh(self) -> None:
        """Make everything written so far visible to every look-up and search."""

    # Captures -------------------------------------------------------------------------------------------

    def seen(self, urls: Collection[str]) -> dict[str, SeenCapture]:
        """Return the latest processed capture by address, for the addresses with one."""

    def mark_seen(self, captures: Sequence[SeenCapture]) -> None:
        """Record captures as processed. Of several for one address, the one with the latest ``fetched_at`` stays."""

    # Articles -------------------------------------------------------------------------------------------

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        """Return articles by id, for the ids that exist. Sees every earlier write at once."""

    def update_articles(
        self, ids: Collection[str], merge: Callable[[Mapping[str, Article]], Sequence[Article]]
    ) -> Sequence[Article]:
        """Read the articles, call ``merge`` with those that exist and write its result, as one atomic step.

        ``merge`` is pure: it may be called again for the articles that another writer changed meanwhile. Returns the
        articles written.
        """

    def put_revisions(self, contents: Sequence[ArticleContent]) -> None:
        """Keep the content of revisions, by article id and digest. A revision already stored stays as it is."""

    def revisions(self, article_id: str) -> dict[str, ArticleContent]:
        """Return every stored revision of an article, by digest."""

    def set_placements(self, placements: Sequence[Placement]) -> None:
        """Set canonical id, copies and story of articles, and no other field."""

    def iter_articles(self, since: datetime | None = None) -> Iterator[Article]:
        """Yield all articles, or those first seen at ``since`` or later, by id."""

    # Memory of grouping ---------------------------------------------------------------------------------

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the memory for one regrouping: nobody else can hold it meanwhile, even in another process."""

    def unfinished(self) -> frozenset[str]:
        """Return the ids of the stories that a regrouping was writing when it died."""

    def write_unfinished(self, story_ids: Collection[str]) -> None:
        """Replace the list of stories that are about to be written; an empty list follows when all are written."""

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Return entries by article id."""

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """Return entries with any of these copy keys, or canonical ones with any of these story keys, by article id."""

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        """Return the entries of these copy groups (by canonical article) or stories, by article id."""

    def common_keys(self, keys: Collection[int]) -> set[int]:
        """Return the keys that are marked as common."""

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        """Return the number of entries with each copy key, or of canonical entries with each story key.

        Counted up to ``most``, which bounds the work. Keys without entries are left out.
        """

    def remember(
        self, entries: Sequence[MemoryEntry], *, common: Collection[int] = (), rare: Collection[int] = ()
    ) -> None:
        """Write entries; mark the keys in ``common`` as common and remove that mark from the keys in ``rare``."""

    def stale(self, before: datetime) -> Iterator[MemoryEntry]:
        """Yield entries first seen before a time, by article id. The caller may forget entries while it iterates."""

    def forget(self, ids: Collection[str]) -> None:
        """Remove the entries of these articles. The articles and their placements stay."""

    # Stories and alerts ---------------------------------------------------------------------------------

    def stories(self, ids: Collection[str]) -> dict[str, Story]:
        """Return stories by id."""

    def write_stories(self, stories: Sequence[Story], *, gone: Collection[str] = ()) -> None:
        """Write stories; remove those in ``gone``."""

    def iter_stories(self) -> Iterator[Story]:
        """Yield all stories, by id."""

    def write_changes(self, changes: Sequence[GroupChange]) -> None:
        """Keep merges, splits and renamings. A change already stored stays as it is."""

    def iter_changes(self) -> Iterator[GroupChange]:
        """Yield all changes of groups, by time, then id."""

    def changes_of(self, ids: Collection[str]) -> list[GroupChange]:
        """Return the changes that name any of these groups, or that moved any of these articles, by time, then id."""

    def alerts(self, ids: Collection[str]) -> dict[str, Alert]:
        """Return alerts by id."""

    def alerts_of_stories(self, story_ids: Collection[str]) -> list[Alert]:
        """Return the alerts of these stories, by id."""

    def write_alerts(
        self,
        alerts: Sequence[Alert],
        *,
        gone: Collection[str] = (),
        outbox: Sequence[OutboxMessage] = (),
        moved: Sequence[OutboxMessage] = (),
    ) -> None:
        """Write new outbox messages, alerts and ``moved`` messages; remove the alerts in ``gone``.

        In this order, so that a crash in between cannot lose a message. A message without its alert waits until the
        next run has written the alert. A message moves to another alert after that alert is written and before its
        own alert is removed.
        """

    def iter_alerts(self) -> Iterator[Alert]:
        """Yield all alerts, by id."""

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]:
        """Return the undelivered messages with a next attempt at ``due`` or earlier, oldest first."""

    def outbox(self, ids: Collection[str]) -> dict[str, OutboxMessage]:
        """Return messages by id. Sees every earlier write at once."""

    def outbox_of_alerts(self, alert_ids: Collection[str]) -> list[OutboxMessage]:
        """Return every message of these alerts, delivered or not, oldest first."""

    def last_sent(self, topics: Collection[str], since: datetime) -> dict[str, datetime]:
        """Return the time of the latest message sent after ``since`` on each topic.

        Messages settled without being sent do not count.
        """

    def write_outbox(self, messages: Sequence[OutboxMessage]) -> None:
        """Record attempts and deliveries."""

    # Quarantine, feeds, runs ----------------------------------------------------------------------------

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        """Keep items, one for each (url, stage, reason), merged by ``rejected.merged``.

        An item without ``last_seen`` is dated now. Call ``pipelines.ingest.failures.settle`` afterwards, which closes
        items whose capture has succeeded since.
        """

    def iter_quarantine(self, *, closed: bool = False) -> Iterator[Quarantined]:
        """Yield the open quarantined items, by url, stage, reason; with ``closed`` the closed items too."""

    def amend_quarantine(
        self, urls: Collection[str], amend: Callable[[Quarantined], Quarantined | None]
    ) -> list[Quarantined]:
        """Change the items of these addresses, open or closed, as one atomic step; ``None`` removes an item.

        ``amend`` is pure: it may be called again after another writer's change. Returns the changed items in their
        new form and the removed items, by url, stage, reason.
        """

    def feed_states(self, urls: Collection[str] | None = None) -> dict[str, FeedState]:
        """Return the states of feeds by address; of all feeds without ``urls``."""

    def put_feed_states(self, states: Sequence[FeedState]) -> None:
        """Write the states of feeds."""

    def put_run(self, run: RunRecord) -> None:
        """Keep the summary of a run."""

    def last_runs(self, count: int) -> list[RunRecord]:
        """Return the summaries of the latest runs, latest first."""

    # Ids ------------------------------------------------------------------------------------------------

    def ids_with_prefix(self, kind: IdKind, prefix: str, most: int) -> dict[str, str]:
        """Return at most ``most`` ids with a prefix, in order, each with the current id of its record.

        The two differ only for former ids of alerts. An id that has a record is never read as a former id.
        """

    # Search ---------------------------------------------------------------------------------------------

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        """Yield a superset of the articles that match a query of the rule language, ``within`` the limits.

        Latest published first, undated articles last, ties by id, unless ``within`` has another order. ``search``
        confirms each with the in-process matcher, so that both stores give the same answer.
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
        """Yield the articles that match a query: see ``pipelines.stores.searching.Searching``."""

    # Knowledge about sources ----------------------------------------------------------------------------

    def add_extraction_days(self, days: Sequence[ExtractionDay]) -> None:
        """Add samples to the stored ones of their source and day (``pipelines.stores.merging.with_samples``)."""

    def extraction_days(self, since: str) -> list[ExtractionDay]:
        """Return the days from ``since`` (``2026-06-01``) on, by source and day."""

    def learned_lines(self) -> list[LearnedLine]:
        """Return all learned lines, including refused ones, by source and line."""

    def put_learned_lines(self, lines: Sequence[LearnedLine]) -> None:
        """Write lines. A line replaces the stored line of the same source and text."""
