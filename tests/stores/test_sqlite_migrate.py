"""A file of the first form is brought up to date, and keeps what it holds."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.stores.sqlite.database import APPLICATION_ID
from pipelines.stores.sqlite.store import SqliteStore
from schemas.records import FeedEvent, FeedState
from schemas.store_forms import SQLITE_VERSION

if TYPE_CHECKING:
    from pathlib import Path

FIRST_FORM = """
CREATE TABLE feeds (
    url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, last_success TEXT, last_attempt TEXT,
    failures INTEGER NOT NULL, last_error TEXT, title TEXT, entries INTEGER NOT NULL
) STRICT;
INSERT INTO feeds VALUES ('https://news.example/feed', '"v1"', NULL, NULL, NULL, 2, 'timeout', 'Example', 7);
PRAGMA application_id = %d;
PRAGMA user_version = 1;
"""


def test_new_columns_are_added_and_old_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST_FORM % APPLICATION_ID)
    connection.close()
    url = "https://news.example/feed"
    for _ in range(2):
        with SqliteStore(path) as store:
            store.setup()
            state = store.feed_states()[url]
            assert (state.etag, state.failures, state.entries) == ('"v1"', 2, 7)
            assert (state.pages, state.events, state.moved_runs) == ((), (), 0)
    event = FeedEvent(at=datetime(2026, 6, 1, tzinfo=UTC), change="retired", detail="http_410")
    with SqliteStore(path) as store:
        store.setup()
        store.put_feed_states([FeedState(url=url, events=(event,))])
        assert store.feed_states()[url].events == (event,)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SQLITE_VERSION,)
    connection.close()
