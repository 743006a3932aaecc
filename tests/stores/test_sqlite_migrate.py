"""A file of the first form is brought up to date, and keeps what it holds."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.stores.memory import Space
from pipelines.stores.sqlite.database import APPLICATION_ID
from pipelines.stores.sqlite.store import SqliteStore
from schemas.records import FeedEvent, FeedState
from schemas.store_forms import SQLITE_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stores.conftest import Make

FIRST_FORM = """
CREATE TABLE feeds (
    url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, last_success TEXT, last_attempt TEXT,
    failures INTEGER NOT NULL, last_error TEXT, title TEXT, entries INTEGER NOT NULL
) STRICT;
INSERT INTO feeds VALUES ('https://news.example/feed', '"v1"', NULL, NULL, NULL, 2, 'timeout', 'Example', 7);
CREATE TABLE memory (
    row INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, source TEXT,
    title_key INTEGER NOT NULL, published TEXT, first_seen TEXT NOT NULL, word_count INTEGER NOT NULL,
    shingles BLOB NOT NULL, numbers BLOB NOT NULL, copy_keys TEXT NOT NULL, story_features BLOB NOT NULL,
    story_keys TEXT NOT NULL, copy_component TEXT NOT NULL, canonical_id TEXT NOT NULL,
    story_component TEXT NOT NULL, story_id TEXT NOT NULL
) STRICT;
CREATE INDEX memory_by_copy_component ON memory (copy_component);
INSERT INTO memory VALUES (
    1, 'a', 'd', 'Outlet', 7, NULL, '2026-06-01T12:00:00.000000Z', 300, x'', x'', '[1]', x'', '[2]', 'c', 'a', 's', 't'
);
PRAGMA application_id = %d;
PRAGMA user_version = 1;
"""


def test_columns_are_added_and_dropped_and_old_rows_stay(tmp_path: Path) -> None:
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
            (entry,) = store.remembered(["a"]).values()
            assert (entry.canonical_id, entry.story_id, entry.fingerprint.copy_keys) == ("a", "t", (1,))
            store.remember(
                [replace(entry, story_id="u"), replace(entry, fingerprint=replace(entry.fingerprint, article_id="b"))]
            )
            assert len(store.members(Space.STORY, ["t", "u"])) == 2
            other = replace(entry, fingerprint=replace(entry.fingerprint, article_id="b"))
            store.remember([replace(entry, story_id="u"), other])
            assert len(store.members(Space.STORY, ["t", "u"])) == 2
            store.remember([entry])
            store.forget(["b"])
    event = FeedEvent(at=datetime(2026, 6, 1, tzinfo=UTC), change="retired", detail="http_410")
    with SqliteStore(path) as store:
        store.setup()
        store.put_feed_states([FeedState(url=url, events=(event,))])
        assert store.feed_states()[url].events == (event,)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SQLITE_VERSION,)
    connection.close()


def test_story_postings_that_an_earlier_version_wrote_for_copies_find_nothing(tmp_path: Path, make: type[Make]) -> None:
    path = tmp_path / "old.db"
    copy = make.entry(1, fingerprint={"story_keys": (88,)})
    with SqliteStore(path) as store:
        store.setup()
        store.remember([copy])
        with sqlite3.connect(path) as connection:
            connection.execute("INSERT INTO story_postings SELECT 88, row FROM memory")
        connection.close()
        assert store.related(Space.STORY, [88]) == []
        store.remember([copy])
        assert store.related(Space.STORY, [88]) == []
        leader = replace(copy, canonical_id=copy.fingerprint.article_id)
        store.remember([leader])
        assert store.related(Space.STORY, [88]) == [leader]
