"""Ids by prefix, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.protocol import IdKind
from pipelines.stores.sqlite.part import QUARANTINE, SqlitePart

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST = "\U0010ffff"
"""The last code point: it sorts after every character of an id."""
_BY_ID = "SELECT {id}, {id} FROM {table} WHERE {id} >= :first AND {id} < :last ORDER BY {id} LIMIT :most"
_FORMER = (
    "SELECT former.value, alerts.id FROM alerts, json_each(alerts.former_ids) AS former "
    "WHERE former.value >= :first AND former.value < :last "
    "AND NOT EXISTS (SELECT 1 FROM alerts AS now WHERE now.id = former.value) "
    "ORDER BY former.value, alerts.id DESC LIMIT :most"
)
_QUERIES = {
    IdKind.ARTICLE: (_BY_ID.format(id="article_id", table="articles"),),
    IdKind.STORY: (_BY_ID.format(id="id", table="stories"),),
    IdKind.ALERT: (_BY_ID.format(id="id", table="alerts"), _FORMER),
}


class IdLookup(SqlitePart):
    """The look-up of ids that users type."""

    def ids_with_prefix(self, kind: IdKind, prefix: str, most: int) -> dict[str, str]:
        ids = self._quarantined(prefix) if kind is IdKind.QUARANTINE else self._queried(kind, prefix, most)
        return dict(sorted(ids)[:most])

    def _queried(self, kind: IdKind, prefix: str, most: int) -> Iterable[tuple[str, str]]:
        limits = {"first": prefix, "last": prefix + _LAST, "most": most}
        with self._database.reading() as connection:
            return [row for query in _QUERIES[kind] for row in connection.execute(query, limits).fetchall()]

    def _quarantined(self, prefix: str) -> Iterable[tuple[str, str]]:
        items = self._iterate(QUARANTINE, "url", "stage", "reason")
        return [(item.id, item.id) for item in items if item.id.startswith(prefix)]
