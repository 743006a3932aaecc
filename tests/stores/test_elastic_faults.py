"""An Elasticsearch that is overloaded, restarting, or loses answers: nothing is lost, nothing is double.

A proxy before the real node refuses requests, refuses items, or drops answers after the node has acted.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import elasticsearch
import pytest

from pipelines.errors import StoreUnavailableError
from pipelines.stores.address import ElasticsearchAddress
from pipelines.stores.elastic import ElasticsearchStore
from pipelines.stores.protocol import Space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stores.conftest import Make, Place


@dataclass
class Faults:
    """What the proxy does to the next requests. Counted down as it happens."""

    refuse: list[int] = field(default_factory=list)
    """Answer so, without asking the node."""
    refuse_items: int = 0
    """Refuse every other action of so many bulk requests with 429, and carry out the rest."""
    drop_answers: int = 0
    """Let the node act, then hang up."""
    largest_body: int = 1 << 30
    strip_product: bool = False
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: Any) -> Any:
        with self.lock:
            value = getattr(self, name)
            if isinstance(value, list):
                return value.pop(0) if value else None
            if value:
                setattr(self, name, value - 1)
            return value


def split_bulk(body: bytes) -> Any:
    """The actions of a bulk request: lists of one or two lines."""
    lines = [line for line in body.split(b"\n") if line]
    actions = []
    while lines:
        head = lines.pop(0)
        actions.append([head] if b'"delete"' in head[:10] else [head, lines.pop(0)])
    return actions


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: Faults
    target: str

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.faults.seen.append(f"{self.command} {urlsplit(self.path).path}")
        if len(body) > self.faults.largest_body:
            self.answer(413, b"")
            return
        status = self.faults.take("refuse")
        if status:
            self.answer(status, b'{"error": "busy"}')
            return
        is_bulk = urlsplit(self.path).path.endswith("/_bulk")
        if is_bulk and self.faults.take("refuse_items"):
            self.part_of_bulk(body)
            return
        status, answer = self.forward(body)
        writes = self.command != "GET" and "_search" not in self.path and "_mget" not in self.path
        if writes and self.faults.take("drop_answers"):
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.answer(status, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the base class names them

    def part_of_bulk(self, body: bytes) -> None:
        actions = split_bulk(body)
        kept = [action for number, action in enumerate(actions) if number % 2]
        items = []
        if kept:
            _, answer = self.forward(b"\n".join(line for action in kept for line in action) + b"\n")
            items = json.loads(answer)["items"]
        busy = {"create": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}}
        mixed = [items.pop(0) if number % 2 else busy for number in range(len(actions))]
        self.answer(200, json.dumps({"items": mixed}).encode())

    def forward(self, body: bytes) -> Any:
        node = urlsplit(self.target)
        connection = http.client.HTTPConnection(node.hostname, node.port, timeout=60)
        kept = {name: value for name, value in self.headers.items() if name.lower() in {"content-type", "accept"}}
        connection.request(self.command, self.path, body=body or None, headers=kept)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        if not self.faults.strip_product:
            self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def proxied(faults: Faults, elastic_place: Place, elasticsearch_url: str) -> Iterator[Any]:
    """A set-up store which reaches its node through the proxy."""
    handler = type("BoundProxy", (Proxy,), {"faults": faults, "target": elasticsearch_url})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = ElasticsearchAddress(url=f"http://127.0.0.1:{server.server_address[1]}")
    store = ElasticsearchStore.open(address, prefix=elastic_place.prefix, patience=20.0, lease_seconds=2.0)
    with store:
        store.setup()
        yield store
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_a_read_only_index_is_the_servers_fault_not_the_documents(
    elastic_place: Place, make: type[Make], elasticsearch_url: str
) -> None:
    store = elastic_place.open()
    store.setup()
    names = [f"{elastic_place.prefix}-{kind}-000001" for kind in ("articles", "quarantine")]
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.put_settings(index=names, settings={"index.blocks.write": True})
        with pytest.raises(StoreUnavailableError, match=r"refuses to write .*articles"):
            store.update_articles([make.article(1).id], as_seen([make.article(1)]))
        client.indices.put_settings(index=names, settings={"index.blocks.write": False})
    assert list(store.iter_quarantine()) == []


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


def test_a_holder_who_stood_still_may_not_write_any_more(
    elastic_place: Place, make: type[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, other = (elastic_place.open(lease_seconds=0.6) for _ in range(2))
    stalled.setup()
    with pytest.raises(StoreUnavailableError, match="lease"), stalled.exclusive():  # noqa: PT012 - one story
        # As if the machine had slept: nobody renews.
        monkeypatch.setattr(stalled._lease, "_write", lambda _: time.sleep(5))
        with other.exclusive():
            other.remember([make.entry(1)])
        stalled.remember([make.entry(2)])
    monkeypatch.undo()
    assert list(other.remembered([f"{number:040x}" for number in (1, 2)])) == [f"{1:040x}"]
    with stalled.exclusive():
        stalled.remember([make.entry(2)])
    assert len(other.remembered([f"{number:040x}" for number in (1, 2)])) == 2


def test_a_lease_held_for_long_is_renewed(elastic_place: Place) -> None:
    holder, other = (elastic_place.open(lease_seconds=0.6) for _ in range(2))
    holder.setup()
    entered = threading.Event()

    def wait() -> None:
        with other.exclusive():
            entered.set()

    with holder.exclusive():
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not entered.wait(2.5)
    assert entered.wait(10)
    waiting.join()


def test_a_lease_within_itself_is_a_mistake(elastic_place: Place) -> None:
    store = elastic_place.open()
    store.setup()
    with store.exclusive(), pytest.raises(RuntimeError, match="already"), store.exclusive():
        pass


def test_a_batch_costs_a_constant_number_of_requests(
    proxied: ElasticsearchStore, faults: Faults, make: type[Make]
) -> None:
    costs = []
    for count in (5, 400):
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
