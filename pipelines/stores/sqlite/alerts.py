"""Stories and their changes, alerts and the outbox, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from pipelines.stores.sqlite.part import SqlitePart
from pipelines.stores.sqlite.rows import Table
from schemas.records import Alert, GroupChange, OutboxMessage, Story
from schemas.serial import time_from_text, time_to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

STORIES = Table("stories", Story)
CHANGES = Table("changes", GroupChange)
ALERTS = Table("alerts", Alert)
OUTBOX = Table("outbox", OutboxMessage)

_NAMED_IN_CHANGE = "EXISTS (SELECT 1 FROM json_each(?) WHERE instr(before || after || article_ids, json_quote(value)))"
"""Condition: an id occurs in the arrays of a change. It reads all changes; only users' look-ups need it."""

WithId = TypeVar("WithId", Story, Alert, OutboxMessage)


class AlertTables(SqlitePart):
    """The tables ``stories``, ``changes``, ``alerts`` and ``outbox``."""

    def stories(self, ids: Collection[str]) -> dict[str, Story]:
        return {story.id: story for story in self._select(STORIES, "id", ids)}

    def write_stories(self, stories: Sequence[Story], *, gone: Collection[str] = ()) -> None:
        with self._database.writing():
            self._remove("stories", gone)
            self._put(STORIES, stories)

    def iter_stories(self) -> Iterator[Story]:
        return self._iterate(STORIES, "id")

    def write_changes(self, changes: Sequence[GroupChange]) -> None:
        keep_first = CHANGES.insert("DO NOTHING")
        self._write(
            changes,
            lambda change: change.id,
            lambda connection, change: connection.execute(keep_first, CHANGES.row(change)),
        )

    def iter_changes(self) -> Iterator[GroupChange]:
        return self._iterate(CHANGES, "at", "id")

    def changes_of(self, ids: Collection[str]) -> list[GroupChange]:
        return list(self._iterate(CHANGES, "at", "id", where=_NAMED_IN_CHANGE, values=(json.dumps(list(ids)),)))

    def alerts(self, ids: Collection[str]) -> dict[str, Alert]:
        return {alert.id: alert for alert in self._select(ALERTS, "id", ids)}

    def alerts_of_stories(self, story_ids: Collection[str]) -> list[Alert]:
        return sorted(self._select(ALERTS, "story_id", story_ids), key=lambda alert: alert.id)

    def write_alerts(
        self,
        alerts: Sequence[Alert],
        *,
        gone: Collection[str] = (),
        outbox: Sequence[OutboxMessage] = (),
        moved: Sequence[OutboxMessage] = (),
    ) -> None:
        keep_first = OUTBOX.insert("DO NOTHING")
        with self._database.writing():
            self._write(
                outbox,
                lambda message: message.id,
                lambda connection, message: connection.execute(keep_first, OUTBOX.row(message)),
            )
            self._put(OUTBOX, moved)
            self._remove("alerts", gone)
            self._put(ALERTS, alerts)

    def iter_alerts(self) -> Iterator[Alert]:
        return self._iterate(ALERTS, "id")

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {OUTBOX.selected} FROM outbox "  # noqa: S608 - names of our own table
                "WHERE delivered_at IS NULL AND next_attempt <= ? ORDER BY created_at, id",
                (time_to_text(due),),
            ).fetchall()
        return [OUTBOX.record(row) for row in rows]

    def outbox(self, ids: Collection[str]) -> dict[str, OutboxMessage]:
        return {message.id: message for message in self._select(OUTBOX, "id", ids)}

    def outbox_of_alerts(self, alert_ids: Collection[str]) -> list[OutboxMessage]:
        messages = self._select(OUTBOX, "alert_id", alert_ids)
        return sorted(messages, key=lambda message: (message.created_at, message.id))

    def last_sent(self, topics: Collection[str], since: datetime) -> dict[str, datetime]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT topic, max(delivered_at) FROM outbox WHERE last_error IS NULL AND delivered_at > ? "
                "AND topic IN (SELECT value FROM json_each(?)) GROUP BY topic",
                (time_to_text(since), json.dumps(list(topics))),
            ).fetchall()
        return {topic: time_from_text(at) for topic, at in rows}

    def write_outbox(self, messages: Sequence[OutboxMessage]) -> None:
        self._put(OUTBOX, messages)

    def _put(self, table: Table[WithId], records: Sequence[WithId]) -> None:
        upsert = table.upsert("id")
        self._write(
            records,
            lambda record: record.id,
            lambda connection, record: connection.execute(upsert, table.row(record)),
        )

    def _remove(self, table: str, ids: Collection[str]) -> None:
        if not ids:
            return
        with self._database.writing() as connection:
            connection.executemany(
                f"DELETE FROM {table} WHERE id = ?",  # noqa: S608 - names of our own tables
                [(record_id,) for record_id in ids],
            )
