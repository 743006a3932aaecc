"""An Elasticsearch that is overloaded, restarting, or loses answers: nothing is lost, nothing is double.

A proxy before the real node refuses requests, refuses items, or drops answers after the node has acted.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from pipelines.errors import StoreUnavailableError
from pipelines.stores import local_node
from pipelines.stores.address import ElasticsearchAddress
from pipelines.stores.elastic import ElasticsearchStore
from pipelines.stores.memory import Space
from tests.conftest import JAR_CACHE
from tests.fault_proxy import Faults, proxy, set_full_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stores.conftest import Make, Place


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def proxied(faults: Faults, elastic_place: Place, elasticsearch_url: str) -> Iterator[Any]:
    """A set-up store which reaches its node through the proxy."""
    with proxy(elasticsearch_url, faults) as url:
        store = ElasticsearchStore.open(
            ElasticsearchAddress(url=url), prefix=elastic_place.prefix, patience=20.0, lease_seconds=2.0
        )
        with store:
            store.setup()
            yield store


def one_more(articles: Any) -> Any:
    """A merge which counts how often each article was written."""

    def merge(existing: Any) -> Any:
        return [
            replace(existing[new.id], revision=existing[new.id].revision + 1) if new.id in existing else new
            for new in articles
        ]

    return merge


def as_seen(articles: Any) -> Any:
    """A merge which is idempotent, as those of the pipeline are."""
    return lambda existing: [existing.get(new.id, new) for new in articles]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_refused_requests_are_tried_again(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make], status: int
) -> None:
    articles = [make.article(number) for number in range(30)]
    ids = [article.id for article in articles]
    faults.refuse = [status] * 5
    assert list(proxied.update_articles(ids, one_more(articles))) == articles
    faults.refuse = [status] * 5
    assert list(proxied.iter_articles()) == articles
    faults.refuse = [status] * 3
    proxied.remember([make.entry(1)])
    faults.refuse = [status] * 3
    assert len(proxied.related(Space.COPY, [1])) == 1
    faults.refuse = [status] * 3
    with proxied.exclusive():
        faults.refuse = [status] * 3
    assert faults.refuse == []


def test_refused_items_are_tried_again_and_written_once(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make]
) -> None:
    articles = [make.article(number) for number in range(33)]
    ids = [article.id for article in articles]
    faults.refuse_items = 3
    assert {article.id for article in proxied.update_articles(ids, one_more(articles))} == set(ids)
    assert list(proxied.iter_articles()) == articles
    faults.refuse_items = 2
    proxied.update_articles(ids, one_more(articles))
    assert [article.revision for article in proxied.iter_articles()] == [2] * 33
    faults.refuse_items = 4
    proxied.write_alerts(
        [make.alert(number) for number in range(9)],
        gone=["alert-100", "alert-101"],
        outbox=[make.message(number) for number in range(9)],
    )
    assert len(list(proxied.iter_alerts())) == 9
    assert len(proxied.outbox_pending(make.day.replace(year=2027))) == 9
    assert faults.refuse_items == 0


def test_lost_answers_write_nothing_twice(proxied: ElasticsearchStore, faults: Faults, make: type[Make]) -> None:
    articles = [make.article(number) for number in range(20)]
    ids = [article.id for article in articles]
    faults.drop_answers = 3
    proxied.update_articles(ids, as_seen(articles))
    assert list(proxied.iter_articles()) == articles
    faults.drop_answers = 2
    proxied.write_alerts([make.alert(1)], outbox=[make.message(1)])
    faults.drop_answers = 1
    proxied.quarantine([make.quarantined(1)])
    faults.drop_answers = 1
    proxied.write_stories([make.story(1)], gone=["story-009"])
    assert list(proxied.iter_alerts()) == [make.alert(1)]
    assert proxied.outbox_pending(make.day.replace(year=2027)) == [make.message(1)]
    assert list(proxied.iter_quarantine()) == [make.quarantined(1)]
    assert list(proxied.iter_stories()) == [make.story(1)]
    assert faults.drop_answers == 0


def test_slow_answers_are_waited_for_or_asked_for_again(
    elasticsearch_url: str, elastic_place: Place, make: type[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.stores.elastic.connection._ANSWER_SECONDS", 0.5)
    faults = Faults()
    articles = [make.article(number) for number in range(20)]
    with (
        proxy(elasticsearch_url, faults) as url,
        ElasticsearchStore.open(ElasticsearchAddress(url=url), prefix=elastic_place.prefix) as store,
    ):
        elastic_place.open().setup()
        for delays in ([0.1] * 6, [0.1, 1.0, 1.0, 0.1, 1.0]):
            faults.slow_answers = list(delays)
            store.update_articles([article.id for article in articles], as_seen(articles))
            store.write_stories([make.story(1)])
            assert list(store.iter_articles()) == articles
            assert faults.slow_answers == []


def test_a_lease_whose_answers_are_lost_is_still_taken_and_given_back(
    proxied: ElasticsearchStore, faults: Faults
) -> None:
    for _ in range(2):
        faults.drop_answers = 1
        started = time.monotonic()
        with proxied.exclusive():
            faults.drop_answers = 1
        # Well below the expiry: it was recognised as ours, and given back.
        assert time.monotonic() - started < 1.9


def test_set_up_through_faults(
    faults: Faults, proxied: ElasticsearchStore, elastic_place: Place, make: type[Make]
) -> None:
    elastic_place.open()
    for fault in ({"refuse": [503] * 3}, {"drop_answers": 4}):
        prefix = f"{elastic_place.prefix}-{next(iter(fault)).replace('_', '-')}"
        for name, value in fault.items():
            setattr(faults, name, value)
        with ElasticsearchStore.open(ElasticsearchAddress(url=proxied.url), prefix=prefix) as store:
            store.setup()
            store.put_run(make.run(1))
            assert store.last_runs(1) == [make.run(1)]


def test_requests_too_large_for_the_server_are_split(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make]
) -> None:
    articles = [make.article(number) for number in range(40)]
    big = make.article(99, content={"body": "x" * 60_000})
    faults.largest_body = 50_000
    ids = [article.id for article in [*articles, big]]
    written = proxied.update_articles(ids, one_more([*articles, big]))
    assert {article.id for article in written} == {article.id for article in articles}
    (item,) = proxied.iter_quarantine()
    assert (item.url, item.stage, item.detail) == (big.content.url, "store", "too large for one request")
    assert item.archive_record == big.observations[-1].archive_record


def test_a_server_that_stays_overloaded_is_given_up(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make]
) -> None:
    address = ElasticsearchAddress(url=proxied.url)
    with ElasticsearchStore.open(address, prefix=proxied._indices.prefix, patience=0.5) as store:
        store.setup()
        faults.refuse = [503] * 1_000
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="503"):
            store.put_run(make.run(1))
        faults.refuse = []
        faults.refuse_items = 1_000
        with pytest.raises(StoreUnavailableError, match="overloaded: 1 of 2"):
            store.put_feed_states([make.feed(1), make.feed(2)])
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("block", ["write", "read_only"])
def test_a_read_only_index_is_the_servers_fault_not_the_documents(
    elastic_place: Place, make: type[Make], elasticsearch_url: str, block: str
) -> None:
    store = elastic_place.open()
    store.setup()
    names = [f"{elastic_place.prefix}-{kind}-000001" for kind in ("articles", "quarantine", "stories")]
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.put_settings(index=names, settings={f"index.blocks.{block}": True})
        with pytest.raises(StoreUnavailableError, match=r"refuses to write .*articles"):
            store.update_articles([make.article(1).id], as_seen([make.article(1)]))
        with pytest.raises(StoreUnavailableError, match=r"refuses to write .*stories.*blocked by"):
            store.write_stories([make.story(1)])
        client.indices.put_settings(index=names, settings={f"index.blocks.{block}": False})
    assert list(store.iter_quarantine()) == []


def test_a_full_disk_is_waited_for_and_told(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make], elasticsearch_url: str
) -> None:
    articles = [make.article(number) for number in range(3)]
    ids = [article.id for article in articles]
    prefix = proxied._indices.prefix
    hasty = ElasticsearchStore.open(ElasticsearchAddress(url=proxied.url), prefix=prefix, patience=0.5)
    faults.full_disk = f"{prefix}-articles,{prefix}-quarantine"
    with hasty, pytest.raises(StoreUnavailableError, match=r"3 of 3 documents.*exceeded flood-stage watermark"):
        hasty.update_articles(ids, as_seen(articles))

    def make_room() -> None:
        faults.full_disk = None
        set_full_disk(elasticsearch_url, f"{prefix}-*", full=False)

    room = threading.Timer(1.0, make_room)
    room.start()
    assert list(proxied.update_articles(ids, as_seen(articles))) == articles
    room.join()
    assert list(proxied.iter_articles()) == articles
    assert list(proxied.iter_quarantine()) == []


def test_what_does_not_fit_the_mapping_is_quarantined_and_the_rest_goes_on(
    elastic_place: Place, make: type[Make], elasticsearch_url: str
) -> None:
    """As where somebody has made the index by hand."""
    store = elastic_place.open()
    store.setup()
    alias = f"{elastic_place.prefix}-articles"
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.delete(index=f"{alias}-000001")
        client.indices.create(
            index=f"{alias}-000001",
            mappings={"properties": {"author": {"type": "integer"}}},
            settings={"index.mapping.ignore_malformed": False},
            aliases={alias: {"is_write_index": True}},
        )
    articles = [make.article(number, content={"author": "R. Writer" if number == 1 else None}) for number in range(3)]
    written = store.update_articles([article.id for article in articles], as_seen(articles))
    assert list(written) == [articles[0], articles[2]]
    (item,) = store.iter_quarantine()
    assert (item.url, item.stage, item.reason) == (articles[1].content.url, "store", "rejected")
    assert "author" in item.detail
    assert item.archive_record == articles[1].observations[-1].archive_record


def test_a_node_that_is_killed_while_it_writes_and_started_again(tmp_path: Path, make: type[Make]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    home = tmp_path / "home"
    url = local_node.up(home, port, heap_mb=256, cache=JAR_CACHE, bound_to_caller=True)
    try:
        with ElasticsearchStore.open(ElasticsearchAddress(url=url), prefix="killed", patience=120.0) as store:
            store.setup()
            portions = [[make.article(number) for number in range(at, at + 100)] for at in range(0, 2_000, 100)]
            begun = threading.Semaphore(0)

            def write() -> None:
                for portion in portions:
                    begun.release()
                    store.update_articles([article.id for article in portion], as_seen(portion))
                    store.write_alerts([], outbox=[make.message(int(portion[0].id, 16))])

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(write)
                for _ in range(4):
                    begun.acquire()
                pid = local_node.status(home).pid
                assert pid
                os.kill(pid, signal.SIGKILL)
                assert not writing.done()
                while local_node.status(home).running:
                    time.sleep(0.01)
                assert local_node.up(home, port, heap_mb=256, cache=JAR_CACHE, bound_to_caller=True) == url
                writing.result()
            assert list(store.iter_articles()) == [article for portion in portions for article in portion]
            assert len(store.outbox_pending(make.day.replace(year=2027))) == len(portions)
            assert list(store.iter_quarantine()) == []
    finally:
        local_node.down(home)


def test_who_is_refused_is_told_so(proxied: ElasticsearchStore, faults: Faults) -> None:
    for status in (401, 403):
        faults.refuse = [status]
        with pytest.raises(StoreUnavailableError, match=r"refuses us.*WIREPICKET_API_KEY"):
            proxied.articles(["a"])


def test_something_else_at_the_address_is_told_so(proxied: ElasticsearchStore, faults: Faults) -> None:
    faults.strip_product = True
    with (
        ElasticsearchStore.open(ElasticsearchAddress(url=proxied.url), prefix="x") as store,
        pytest.raises(StoreUnavailableError, match="not Elasticsearch"),
    ):
        store.setup()


def test_a_batch_costs_a_constant_number_of_requests(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make]
) -> None:
    costs = []
    for count in (5, 200):
        articles = [make.article(number) for number in range(count)]
        entries = [make.entry(number) for number in range(count)]
        proxied.refresh()
        faults.seen.clear()
        proxied.update_articles([article.id for article in articles], as_seen(articles))
        proxied.remember(entries)
        proxied.related(Space.COPY, range(count * 25))
        proxied.members(Space.STORY, [f"story-{number}" for number in range(count)])
        proxied.common_keys(range(count * 25))
        proxied.seen([f"u{number}" for number in range(count)])
        costs.append([line for line in faults.seen if "_alias" not in line])
    assert costs[0] == costs[1]
