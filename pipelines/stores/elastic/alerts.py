"""Stories and their changes, alerts and the outbox, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import ALERTS, CHANGES, OUTBOX, STORIES
from pipelines.stores.elastic.parts import ElasticPart
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from schemas.records import Alert, GroupChange, OutboxMessage, Story


_BY_TIME = [{"@timestamp": "asc"}, {"id": "asc"}]
_OLDEST_FIRST = [{"created_at": "asc"}, {"id": "asc"}]


class AlertDocuments(ElasticPart):
    """The indices ``stories``, ``changes``, ``alerts`` and ``outbox``."""

    def stories(self, ids: Collection[str]) -> dict[str, Story]:
        return self._documents(STORIES).records(ids)

    def write_stories(self, stories: Sequence[Story], *, gone: Collection[str] = ()) -> None:
        self._lease.check()
        documents = self._documents(STORIES)
        documents.delete(gone)
        documents.put(stories)

    def iter_stories(self) -> Iterator[Story]:
        return self._documents(STORIES).search({"match_all": {}})

    def write_changes(self, changes: Sequence[GroupChange]) -> None:
        self._documents(CHANGES).create(changes)

    def iter_changes(self) -> Iterator[GroupChange]:
        return self._documents(CHANGES).search({"match_all": {}}, sort=_BY_TIME)

    def changes_of(self, ids: Collection[str]) -> list[GroupChange]:
        terms = sorted(set(ids))
        query = {"bool": {"should": [{"terms": {field: terms}} for field in ("before", "after", "article_ids")]}}
        return list(self._documents(CHANGES).search(query, sort=_BY_TIME))

    def alerts(self, ids: Collection[str]) -> dict[str, Alert]:
        return self._documents(ALERTS).records(ids)

    def alerts_of_stories(self, story_ids: Collection[str]) -> list[Alert]:
        return list(self._documents(ALERTS).search({"terms": {"story_id": sorted(set(story_ids))}}))

    def write_alerts(
        self,
        alerts: Sequence[Alert],
        *,
        gone: Collection[str] = (),
        outbox: Sequence[OutboxMessage] = (),
        moved: Sequence[OutboxMessage] = (),
    ) -> None:
        self._lease.check()
        self._documents(OUTBOX).create(outbox)
        self._documents(ALERTS).put(alerts)
        self._documents(OUTBOX).put(moved)
        self._documents(ALERTS).delete(gone)

    def iter_alerts(self) -> Iterator[Alert]:
        return self._documents(ALERTS).search({"match_all": {}})

    def outbox_pending(self, due: datetime) -> list[OutboxMessage]:
        query = {
            "bool": {
                "filter": {"range": {"next_attempt": {"lte": time_to_text(due)}}},
                "must_not": {"exists": {"field": "delivered_at"}},
            }
        }
        return list(self._documents(OUTBOX).search(query, sort=_OLDEST_FIRST))

    def outbox(self, ids: Collection[str]) -> dict[str, OutboxMessage]:
        return self._documents(OUTBOX).records(ids)

    def outbox_of_alerts(self, alert_ids: Collection[str]) -> list[OutboxMessage]:
        query = {"terms": {"alert_id": sorted(set(alert_ids))}}
        return list(self._documents(OUTBOX).search(query, sort=_OLDEST_FIRST))

    def last_sent(self, topics: Collection[str], since: datetime) -> dict[str, datetime]:
        query = {
            "bool": {
                "filter": [
                    {"terms": {"topic": sorted(set(topics))}},
                    {"range": {"delivered_at": {"gt": time_to_text(since)}}},
                ],
                "must_not": {"exists": {"field": "error.message"}},
            }
        }
        sent = self._documents(OUTBOX).search(query, sort=[{"delivered_at": "asc"}, {"id": "asc"}])
        return {message.topic: message.delivered_at for message in sent if message.topic and message.delivered_at}

    def write_outbox(self, messages: Sequence[OutboxMessage]) -> None:
        self._documents(OUTBOX).put(messages)
