"""Ids by their beginning, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import ALERTS, ARTICLES, QUARANTINE, STORIES
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.protocol import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.serial import JsonObject


class Names(ElasticPart):
    """Looks ids up. Only people ask."""

    def beginning(self, kind: Named, prefix: str, most: int) -> dict[str, str]:
        match kind:
            case Named.ARTICLE:
                found = {
                    one.id: one.id
                    for one in self._documents(ARTICLES).search(_begins("article_id", prefix), limit=most)
                }
            case Named.STORY:
                found = {one.id: one.id for one in self._documents(STORIES).search(_begins("id", prefix), limit=most)}
            case Named.QUARANTINE:
                # Its field for sorting begins with the id.
                items = self._documents(QUARANTINE).search(_begins("sort_key", prefix), limit=most)
                found = {item.id: item.id for item in items}
            case Named.ALERT:
                found = dict(self._alerts(prefix, most))
        return dict(sorted(found.items())[:most])

    def _alerts(self, prefix: str, most: int) -> Iterator[tuple[str, str]]:
        documents = self._documents(ALERTS)
        former = {
            name: alert.id
            for alert in documents.search(_begins("former_ids", prefix), limit=most)
            for name in alert.former_ids
            if name.startswith(prefix)
        }
        there = documents.records(former)
        yield from ((name, alert) for name, alert in former.items() if name not in there)
        yield from ((alert.id, alert.id) for alert in documents.search(_begins("id", prefix), limit=most))


def _begins(field: str, prefix: str) -> JsonObject:
    return {"prefix": {field: prefix}}
