"""Backup and restore as docs/operations.md has them: after a loss everything is as it was."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import httpx

from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place


def fill(store: Store, make: type[Make], numbers: range) -> None:
    articles = [make.article(number) for number in numbers]
    store.put_revisions([article.content for article in articles])
    store.update_articles([article.id for article in articles], lambda _: articles)
    store.remember([make.entry(number) for number in numbers])
    store.write_stories([make.story(number) for number in numbers])
    store.write_outbox([make.message(number) for number in numbers])
    store.write_alerts([make.alert(number) for number in numbers])
    store.quarantine([make.quarantined(number) for number in numbers])
    store.mark_seen([make.seen(number) for number in numbers])
    store.put_feed_states([make.feed(number) for number in numbers])


def all_of(store: Store) -> list[Any]:
    store.refresh()
    return [
        *store.iter_articles(),
        *store.iter_stories(),
        *store.iter_alerts(),
        *store.iter_quarantine(),
        *sorted(store.stale(now_utc()), key=lambda entry: entry.fingerprint.article_id),
        *sorted(store.feed_states().items()),
        *store.outbox_of_alerts([alert.id for alert in store.iter_alerts()]),
    ]


def held_through(store: Store, make: type[Make], back_up: Callable[[], None], restore: Callable[[], Store]) -> None:
    """What was there at the backup is there after the loss, and what came after it is not."""
    fill(store, make, range(5))
    before = all_of(store)
    back_up()
    fill(store, make, range(5, 8))
    assert all_of(store) != before
    again = restore()
    assert all_of(again) == before
    fill(again, make, range(5, 8))  # it can be written to as before
    assert len(list(again.iter_articles())) == 8


def test_sqlite(sqlite_place: Place, make: type[Make], tmp_path: Path) -> None:
    file, copy = tmp_path / "folder" / "store.db", tmp_path / "copy.db"
    store = sqlite_place.open()
    store.setup()

    def back_up() -> None:
        """While the store is open."""
        connection = sqlite3.connect(file)
        connection.execute("VACUUM INTO ?", (str(copy),))
        connection.close()

    def restore() -> Store:
        store.__exit__(None, None, None)
        for path in file.parent.glob("store.db*"):
            path.unlink()
        copy.rename(file)
        again = sqlite_place.open()
        again.setup()
        return again

    held_through(store, make, back_up, restore)


def test_elasticsearch(elastic_place: Place, make: type[Make]) -> None:
    store = elastic_place.open()
    store.setup()
    name, indices = elastic_place.prefix, f"{elastic_place.prefix}-*"

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return httpx.request(method, f"{elastic_place.url}{path}", json=body, timeout=120).raise_for_status()

    def back_up() -> None:
        store.refresh()
        ask("PUT", f"/_snapshot/{name}", {"type": "fs", "settings": {"location": name}})
        told = {"indices": indices, "include_global_state": False}
        answer = ask("PUT", f"/_snapshot/{name}/first?wait_for_completion=true", told).json()
        assert answer["snapshot"]["state"] == "SUCCESS"

    def restore() -> Store:
        for index in ask("GET", f"/_cat/indices/{indices}?h=index").text.split():
            ask("DELETE", f"/{index}")
        ask("POST", f"/_snapshot/{name}/first/_restore?wait_for_completion=true", {"indices": indices})
        again = elastic_place.open()
        again.setup()
        return again

    held_through(store, make, back_up, restore)
    ask("DELETE", f"/_snapshot/{name}/first")
    ask("DELETE", f"/_snapshot/{name}")
