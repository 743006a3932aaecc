"""Contract: several writers at once, in threads and in processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from schemas.records import Placement

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place

HOLDER = """
import sys, time
from pipelines.stores import open_store
url, prefix, seconds = sys.argv[1:]
with open_store(url, index_prefix=prefix) as store:
    store.setup()
    with store.exclusive():
        print("held", flush=True)
        time.sleep(float(seconds))
        print("left", time.time(), flush=True)
"""

COUNTER = """
import sys
from dataclasses import replace
from pipelines.stores import open_store
url, prefix, one, times = sys.argv[1:]
with open_store(url, index_prefix=prefix) as store:
    for _ in range(int(times)):
        store.update_articles([one], lambda old: [replace(old[one], revision=old[one].revision + 1)])
"""


def python(script: Any, *arguments: Any) -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def count_up(store: Store, one: str, times: int) -> None:
    for _ in range(times):
        store.update_articles([one], lambda old: [replace(old[one], revision=old[one].revision + 1)])


def test_no_update_is_lost_among_threads(store: Store, make: type[Make]) -> None:
    article = make.article(1, revision=0)
    store.update_articles([article.id], lambda _: [article])
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: count_up(store, article.id, 10), range(6)))
    assert store.articles([article.id])[article.id].revision == 60


def test_no_update_is_lost_among_processes(store: Store, place: Place, make: type[Make]) -> None:
    article = make.article(1, revision=0)
    store.update_articles([article.id], lambda _: [article])
    processes = [python(COUNTER, place.url, place.prefix, article.id, 15) for _ in range(3)]
    count_up(store, article.id, 15)
    for process in processes:
        with process:
            process.communicate()
        assert process.returncode == 0
    assert store.articles([article.id])[article.id].revision == 60


def test_writers_who_create_the_same_articles_all_have_their_part(store: Store, make: type[Make]) -> None:
    """Each writer adds its observation to each of many articles, none of which exists at first."""
    articles = [make.article(number, revision=0) for number in range(40)]
    ids = [article.id for article in articles]
    start = threading.Barrier(4)

    def write(_: Any) -> Any:
        start.wait()
        return store.update_articles(
            ids,
            lambda old: [replace(old.get(new.id, new), revision=old.get(new.id, new).revision + 1) for new in articles],
        )

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(write, range(4)))
    assert all({article.id for article in result} == set(ids) for result in results)
    assert [article.revision for article in store.iter_articles()] == [4] * 40


def test_a_place_set_meanwhile_is_not_undone(store: Store, make: type[Make]) -> None:
    article = make.article(1, revision=0, story_id=None)
    store.update_articles([article.id], lambda _: [article])
    with ThreadPoolExecutor(2) as pool:
        counting = pool.submit(count_up, store, article.id, 20)
        for number in range(20):
            store.set_placements(
                [Placement(article_id=article.id, canonical_id="c", copies=(), story_id=f"story-{number}")]
            )
        counting.result()
    (found,) = store.iter_articles()
    assert (found.revision, found.story_id) == (20, "story-19")


def test_exclusive_keeps_other_threads_out(store: Store) -> None:
    inside = []
    overlaps = []

    def hold(number: int) -> None:
        with store.exclusive():
            inside.append(number)
            time.sleep(0.02)
            overlaps.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold, range(8)))
    assert overlaps == [1] * 8


def test_exclusive_keeps_another_process_out(store: Store, place: Place) -> None:
    with python(HOLDER, place.url, place.prefix, 1.0) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with store.exclusive():
            entered = time.time()
        left = float(holder.stdout.readline().split()[1])
    assert entered >= left - 0.05


def test_exclusive_of_a_killed_process_is_passed_on(place: Place, make: type[Make]) -> None:
    store = place.open(**({"lease_seconds": 1.0} if place.url.startswith("http") else {}))
    store.setup()
    with python(HOLDER, place.url, place.prefix, 600) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    with store.exclusive():
        store.remember([make.entry(1)])
    assert len(store.remembered([make.entry(1).fingerprint.article_id])) == 1


def test_exclusive_is_free_again_after_an_error(store: Store) -> None:
    with pytest.raises(KeyError), store.exclusive():
        raise KeyError
    with store.exclusive():
        pass
