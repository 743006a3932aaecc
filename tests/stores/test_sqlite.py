"""What is particular to the SQLite store."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import StoreUnavailableError
from pipelines.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Article, RunRecord
    from tests.stores.conftest import Make


def test_folders_are_made_and_the_file_is_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.db"
    with SqliteStore(path) as store:
        store.setup()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_needs_no_setup(tmp_path: Path, make: type[Make]) -> None:
    with SqliteStore(tmp_path / "x.db") as store:
        assert list(store.iter_articles()) == []
        store.put_run(make.run(1))
    with SqliteStore(tmp_path / "x.db") as store:
        assert store.last_runs(1) == [make.run(1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is not a database, but it is long enough to have a header" * 50, "not an SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 4_080, "not an SQLite database|damaged|malformed"),
    ],
)
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with SqliteStore(path) as store, pytest.raises(StoreUnavailableError, match=message):
        store.setup()
    assert path.read_bytes() == content


def test_a_damaged_database_says_so(tmp_path: Path, make: type[Make]) -> None:
    path = tmp_path / "x.db"
    with SqliteStore(path) as store:
        store.update_articles(
            [make.article(number).id for number in range(200)],
            lambda _: [make.article(number) for number in range(200)],
        )
    data = bytearray(path.read_bytes())
    middle = len(data) // 4
    data[middle:] = b"\xa5" * (len(data) - middle)
    path.write_bytes(data)
    with (
        SqliteStore(path) as store,
        pytest.raises(StoreUnavailableError, match=r"damaged.*wirepicket replay"),
    ):
        list(store.iter_articles())


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE articles (a)")
    with SqliteStore(path) as store, pytest.raises(StoreUnavailableError, match="of another program"):
        store.setup()


def test_a_database_of_a_newer_form_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with SqliteStore(path) as store:
        store.setup()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with SqliteStore(path) as store, pytest.raises(StoreUnavailableError, match="newer wirepicket"):
        store.setup()


def test_a_path_that_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "x.db", tmp_path):
        with SqliteStore(path) as store, pytest.raises(StoreUnavailableError, match="cannot be"):
            store.setup()


def test_a_writer_who_waits_for_too_long_says_so(tmp_path: Path, make: type[Make]) -> None:
    path = tmp_path / "x.db"
    with SqliteStore(path) as holder, SqliteStore(path, busy_seconds=0.1) as waiter:
        holder.setup()
        waiter.setup()
        with (
            holder.exclusive(),
            pytest.raises(StoreUnavailableError, match="Another process has held it"),
        ):
            waiter.put_run(make.run(1))
        waiter.put_run(make.run(1))


def test_readers_do_not_wait_for_a_writer(tmp_path: Path, make: type[Make]) -> None:
    path = tmp_path / "x.db"
    with SqliteStore(path) as holder, SqliteStore(path, busy_seconds=0.1) as reader:
        holder.put_run(make.run(1))
        with holder.exclusive():
            holder.put_run(make.run(2))
            assert reader.last_runs(9) == [make.run(1)]
        assert len(reader.last_runs(9)) == 2


def test_after_an_error_inside_exclusive_nothing_of_it_is_kept(tmp_path: Path, make: type[Make]) -> None:
    with SqliteStore(tmp_path / "x.db") as store:
        store.remember([make.entry(1)])
        with pytest.raises(KeyError), store.exclusive():  # noqa: PT012 - what comes before the error matters
            store.remember([make.entry(2)], common=[4])
            store.write_stories([make.story(1)])
            raise KeyError
        assert store.remembered([make.entry(2).fingerprint.article_id]) == {}
        assert store.common_keys([4]) == set()
        assert list(store.iter_stories()) == []


def test_connections_of_ended_threads_are_closed(tmp_path: Path, make: type[Make]) -> None:
    with SqliteStore(tmp_path / "x.db") as store:
        for number in range(20):
            thread = threading.Thread(target=store.put_run, args=(make.run(number),))
            thread.start()
            thread.join()
        assert len(store._database._open) <= 2
        assert len(store.last_runs(99)) == 20


def _read_in_child(store: Store, run: RunRecord, results: Any) -> None:
    store.put_run(run)
    results.put(len(store.last_runs(99)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_store_survives_a_fork(tmp_path: Path, make: type[Make]) -> None:
    context = multiprocessing.get_context("fork")
    with SqliteStore(tmp_path / "x.db") as store:
        store.put_run(make.run(1))
        results = context.Queue()
        child = context.Process(target=_read_in_child, args=(store, make.run(2), results))
        child.start()
        assert results.get(timeout=30) == 2
        child.join()
        store.put_run(make.run(3))
        assert len(store.last_runs(99)) == 3
        results.close()
        results.join_thread()


def test_key_numbers_that_do_not_fit_are_quarantined(tmp_path: Path, make: type[Make]) -> None:
    with SqliteStore(tmp_path / "x.db") as store:
        store.remember([make.entry(1, fingerprint={"title_key": 2**64}), make.entry(2)])
        assert len(store.remembered([f"{2:040x}"])) == 1
        assert [item.stage for item in store.iter_quarantine()] == ["store"]


def _first(articles: list[Article], _stored: object) -> list[Article]:
    return articles


def test_the_size_of_an_article_does_not_grow_with_its_edits(tmp_path: Path, make: type[Make]) -> None:
    with SqliteStore(tmp_path / "x.db") as store:
        article = make.article(1)
        for number in range(50):
            edited = replace(article, revision=number)
            store.update_articles([article.id], partial(_first, [edited]))
        with store._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM articles_text").fetchone() == (1,)
