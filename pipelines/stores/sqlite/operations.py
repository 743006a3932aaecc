"""Seen captures, quarantine, feeds and runs, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.rejected import storable
from pipelines.stores.sqlite.part import QUARANTINE, SqlitePart
from pipelines.stores.sqlite.rows import Table
from schemas.records import FeedState, RunRecord, SeenCapture

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from schemas.records import Quarantined

SEEN = Table("seen", SeenCapture)
FEEDS = Table("feeds", FeedState)
RUNS = Table("runs", RunRecord)

_LATEST = (
    SEEN.upsert("url")
    + " WHERE (excluded.fetched_at, excluded.archive_record) >= (seen.fetched_at, seen.archive_record)"
)


class OperationTables(SqlitePart):
    """The tables ``seen``, ``quarantine``, ``feeds`` and ``runs``."""

    def seen(self, urls: Collection[str]) -> dict[str, SeenCapture]:
        return {capture.url: capture for capture in self._select(SEEN, "url", urls)}

    def mark_seen(self, captures: Sequence[SeenCapture]) -> None:
        self._write(
            captures,
            lambda capture: capture.url,
            lambda connection, capture: connection.execute(_LATEST, SEEN.row(capture)),
        )

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        if not items:
            return
        with self._database.writing() as connection:
            self._quarantine(connection, items)

    def iter_quarantine(self, *, closed: bool = False) -> Iterator[Quarantined]:
        items = self._iterate(QUARANTINE, "url", "stage", "reason")
        return (item for item in items if closed or item.is_open)

    def amend_quarantine(
        self, urls: Collection[str], amend: Callable[[Quarantined], Quarantined | None]
    ) -> list[Quarantined]:
        stored_urls = [storable(url) for url in urls]
        changed: list[Quarantined] = []
        # Most often there is nothing to change, and a reader waits for no writer.
        if not self._select(QUARANTINE, "url", stored_urls):
            return changed
        with self._database.writing() as connection:
            for item in self._select(QUARANTINE, "url", stored_urls):
                amended = amend(item)
                if amended is None:
                    connection.execute("DELETE FROM quarantine WHERE (url, stage, reason) = (?, ?, ?)", item.key)
                elif amended != item:
                    connection.execute(QUARANTINE.upsert("url", "stage", "reason"), QUARANTINE.row(amended))
                if amended != item:
                    changed.append(amended or item)
        return sorted(changed, key=lambda item: item.key)

    def feed_states(self, urls: Collection[str] | None = None) -> dict[str, FeedState]:
        states = self._iterate(FEEDS, "url") if urls is None else self._select(FEEDS, "url", urls)
        return {state.url: state for state in states}

    def put_feed_states(self, states: Sequence[FeedState]) -> None:
        upsert = FEEDS.upsert("url")
        self._write(
            states,
            lambda state: state.url,
            lambda connection, state: connection.execute(upsert, FEEDS.row(state)),
        )

    def put_run(self, run: RunRecord) -> None:
        with self._database.writing() as connection:
            connection.execute(RUNS.upsert("id"), RUNS.row(run))

    def last_runs(self, count: int) -> list[RunRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {RUNS.selected} FROM runs "  # noqa: S608 - names of our own table
                "ORDER BY started_at DESC, id DESC LIMIT ?",
                (count,),
            ).fetchall()
        return [RUNS.record(row) for row in rows]
