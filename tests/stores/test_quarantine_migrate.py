"""Quarantine as it was kept before it had times is taken over, in both stores."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.stores.elastic.documents import QUARANTINE
from pipelines.stores.sqlite.database import APPLICATION_ID
from pipelines.stores.sqlite.store import SqliteStore
from schemas.records import Quarantined

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place

FORM_6 = """
CREATE TABLE quarantine (
    url TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, archive_record TEXT,
    PRIMARY KEY (url, stage, reason)
) STRICT;
INSERT INTO quarantine VALUES ('https://news.example/1', 'extract', 'empty', 'no text', 'a.warc.gz@1');
CREATE TABLE seen (
    url TEXT PRIMARY KEY, payload_digest TEXT NOT NULL, fetched_at TEXT NOT NULL, archive_record TEXT NOT NULL,
    article_id TEXT
) STRICT;
INSERT INTO seen VALUES ('https://news.example/1', 'd', '2026-06-01T12:00:00Z', 'a.warc.gz@1', NULL);
CREATE TABLE alerts (
    id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, rule_version TEXT NOT NULL, story_id TEXT NOT NULL,
    article_id TEXT NOT NULL, matched_at TEXT NOT NULL, matches TEXT NOT NULL, state TEXT NOT NULL,
    origin TEXT NOT NULL DEFAULT 'live', thread TEXT, severity TEXT
) STRICT;
INSERT INTO alerts VALUES ('x', 'r', 'v', 's', 'a', '2026-06-01T12:00:00Z', '[]', 'new', 'live', NULL, NULL);
PRAGMA application_id = %d;
PRAGMA user_version = 6;
"""
OLD = Quarantined(
    url="https://news.example/1", stage="extract", reason="empty", detail="no text", archive_record="a.warc.gz@1"
)


def goes_on(store: Store, make: type[Make]) -> None:
    """An old item is open, of an unknown time, and lives on as a new one does."""
    assert list(store.iter_quarantine()) == [OLD]
    store.quarantine([replace(OLD, first_seen=make.day, last_seen=make.day)])
    assert list(store.iter_quarantine()) == [replace(OLD, first_seen=make.day, last_seen=make.day)]
    store.amend_quarantine([OLD.url], lambda item: replace(item, closed_at=make.day))
    assert list(store.iter_quarantine()) == []


def test_an_sqlite_file_is_brought_up_to_date_when_it_is_opened(tmp_path: Path, make: type[Make]) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FORM_6 % APPLICATION_ID)
    connection.close()
    with SqliteStore(path) as store:
        store.setup()
        assert store.seen([OLD.url])[OLD.url].succeeded_at is None
        assert store.alerts(["x"])["x"].former_ids == ()
        goes_on(store, make)


def test_an_index_is_used_as_it_is_and_moved(elastic_place: Place, elasticsearch_url: str, make: type[Make]) -> None:
    store = elastic_place.open()
    store.setup()
    alias = f"{elastic_place.prefix}-quarantine"
    keyword = {"type": "keyword"}
    url: dict[str, Any] = {"properties": {"full": keyword}}
    properties = {"url": url, "stage": keyword, "reason": keyword, "sort_key": keyword, "record": {"enabled": False}}
    mappings: dict[str, Any] = {"dynamic": False, "_meta": {"version": 1}, "properties": properties}
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.delete(index=f"{alias}-000001")
        client.indices.put_index_template(
            name=f"{alias}-earlier",
            index_patterns=[f"{alias}-000001"],
            priority=900,
            template={"mappings": mappings},
        )
        client.indices.create(index=f"{alias}-000001", aliases={alias: {"is_write_index": True}})
        client.indices.delete_index_template(name=f"{alias}-earlier")
        document = QUARANTINE.document(OLD)
        record = {name: document["record"][name] for name in ("url", "stage", "reason", "detail", "archive_record")}
        kept = {name: document[name] for name in ("url", "stage", "reason", "sort_key")} | {"record": record}
        client.index(index=alias, id=QUARANTINE.id_of(OLD), document=kept, refresh=True)
        store = elastic_place.open()
        store.setup()
        assert store.outdated() == (f"{alias}-000001",)
        assert store.amend_quarantine([OLD.url], lambda item: item) == []
        store.migrate(lambda _: None)
        assert store.outdated() == ()
        assert client.count(index=alias, query={"term": {"state": "open"}})["count"] == 1
        goes_on(store, make)
        client.indices.refresh(index=alias)
        assert client.count(index=alias, query={"term": {"state": "open"}})["count"] == 0
