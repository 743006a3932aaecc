"""Ids by prefix, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import ALERTS, ARTICLES, QUARANTINE, STORIES
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.protocol import IdKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.serial import JsonObject


class IdLookup(ElasticPart):
    """The look-up of ids that users type."""

    def ids_with_prefix(self, kind: IdKind, prefix: str, most: int) -> dict[str, str]:
        match kind:
            case IdKind.ARTICLE:
                articles = self._documents(ARTICLES).search(_prefix_query("article_id", prefix), limit=most)
                ids = {article.id: article.id for article in articles}
            case IdKind.STORY:
                stories = self._documents(STORIES).search(_prefix_query("id", prefix), limit=most)
                ids = {story.id: story.id for story in stories}
            case IdKind.QUARANTINE:
                # The sort key begins with the id.
                items = self._documents(QUARANTINE).search(_prefix_query("sort_key", prefix), limit=most)
                ids = {item.id: item.id for item in items}
            case IdKind.ALERT:
                ids = dict(self._alerts(prefix, most))
        return dict(sorted(ids.items())[:most])

    def _alerts(self, prefix: str, most: int) -> Iterator[tuple[str, str]]:
        documents = self._documents(ALERTS)
        former = {
            name: alert.id
            for alert in documents.search(_prefix_query("former_ids", prefix), limit=most)
            for name in alert.former_ids
            if name.startswith(prefix)
        }
        current = documents.records(former)
        yield from ((name, alert) for name, alert in former.items() if name not in current)
        yield from ((alert.id, alert.id) for alert in documents.search(_prefix_query("id", prefix), limit=most))


def _prefix_query(field: str, prefix: str) -> JsonObject:
    return {"prefix": {field: prefix}}
