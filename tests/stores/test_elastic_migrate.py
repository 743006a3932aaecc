"""Indices of an earlier form are moved to today's, while they are read and written, and killed on the way."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.stores.address import ElasticsearchAddress
from pipelines.stores.elastic.connection import Connection
from pipelines.stores.elastic.indices import Indices
from pipelines.stores.elastic.migrate import KINDS, migrate
from pipelines.stores.memory import Space
from schemas.records import Placement
from schemas.store_forms import elasticsearch_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store
    from schemas.records import SeenCapture
    from tests.stores.conftest import Make, Place

PROGRAM = Path(sys.executable).parent / "wirepicket"
EARLIER: dict[str, Any] = {"dynamic": False, "_meta": {"version": 0}, "properties": {"record": {"enabled": False}}}
"""A form in which nothing can be searched."""


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[elasticsearch.Elasticsearch]:
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        yield client


@pytest.fixture
def store(elastic_place: Place) -> Store:
    store = elastic_place.open()
    store.setup()
    return store


def make_earlier(client: elasticsearch.Elasticsearch, place: Place, kind: str, **properties: Any) -> str:
    """Put an index of an earlier form in the place of the one there is; its name."""
    alias = f"{place.prefix}-{kind}"
    client.indices.delete(index=f"{alias}-000001")
    pattern = {"index_patterns": [f"{alias}-000001"], "priority": 900, "template": {"mappings": EARLIER}}
    client.indices.put_index_template(name=f"{alias}-earlier", **pattern)  # type: ignore[arg-type]
    client.indices.create(
        index=f"{alias}-000001",
        mappings={"properties": properties},
        aliases={alias: {"is_write_index": True}},
    )
    client.indices.delete_index_template(name=f"{alias}-earlier")
    return f"{alias}-000001"


def indices_of(client: elasticsearch.Elasticsearch, place: Place, kind: str) -> list[str]:
    return sorted(client.indices.get_alias(name=f"{place.prefix}-{kind}"))


def count(client: elasticsearch.Elasticsearch, place: Place, kind: str) -> int:
    client.indices.refresh(index=f"{place.prefix}-{kind}")
    return int(client.count(index=f"{place.prefix}-{kind}")["count"])


def bump(articles: Any) -> Any:
    return lambda old: [replace(old.get(new.id, new), revision=old.get(new.id, new).revision + 1) for new in articles]


class Work(threading.Thread):
    """Writes, reads and deletes until it is told to end, and keeps account of what must be there."""

    def __init__(self, store: Store, make: type[Make], old: int) -> None:
        super().__init__()
        self.store, self.make, self.old = store, make, old
        self.bumps: Counter[int] = Counter()
        self.stories: set[str] = set()
        self.done = threading.Event()
        self.rounds = 0
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.failed = error

    def work(self) -> None:
        chance = random.Random(1)
        while not self.done.is_set():
            self.rounds += 1
            known = self.old + self.rounds
            numbers = sorted({chance.randrange(known) for _ in range(5)} | {known - 1})
            articles = [self.make.article(number, revision=0) for number in numbers]
            self.store.update_articles([article.id for article in articles], bump(articles))
            self.bumps.update(numbers)
            placed = articles[0].id
            self.store.set_placements([Placement(article_id=placed, canonical_id=placed, copies=(), story_id="placed")])
            found = self.store.articles([f"{number:040x}" for number in range(self.old)])
            assert len(found) == self.old
            assert found.get(placed, self.make.article(0, story_id="placed")).story_id == "placed"
            told = self.make.story(self.rounds)
            gone = sorted(self.stories)[:1] if self.rounds % 2 else []
            self.store.write_stories([told], gone=gone)
            self.stories = (self.stories | {told.id}) - set(gone)
            assert {story.id for story in self.store.iter_stories()} == self.stories


def test_nothing_is_lost_or_double_while_others_read_and_write(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make]
) -> None:
    made = {
        "articles": make_earlier(client, elastic_place, "articles", article_id={"type": "keyword"}),
        "stories": make_earlier(client, elastic_place, "stories", id={"type": "keyword"}),
    }
    old = 300
    articles = [make.article(number, revision=0) for number in range(old)]
    store.update_articles([article.id for article in articles], lambda _: articles)
    works = [Work(elastic_place.open(), make, old)]
    works[0].start()
    told: list[str] = []
    connection = Connection(ElasticsearchAddress(url=elastic_place.url))
    try:
        while works[0].rounds < 3 and not works[0].failed:
            time.sleep(0.01)
        migrate(connection, Indices(connection, elastic_place.prefix), told.append, page_size=20)
        after = works[0].rounds + 3
        while works[0].rounds < after and not works[0].failed:
            time.sleep(0.01)
    finally:
        works[0].done.set()
        works[0].join()
        connection.close()
    if works[0].failed:
        raise works[0].failed
    assert len(told) >= 2 * 3
    for kind, before in made.items():
        assert indices_of(client, elastic_place, kind) == [f"{elastic_place.prefix}-{kind}-v1-000001"]
        assert client.indices.exists(index=before), "for those who still read from it"
    total = old + works[0].rounds
    assert count(client, elastic_place, "articles") == total
    assert {article.id: article.revision for article in store.iter_articles()} == {
        f"{number:040x}": works[0].bumps[number] for number in range(total)
    }
    asked = client.search(index=f"{elastic_place.prefix}-articles", query={"term": {"source": "Outlet 1"}}, size=0)
    assert asked["hits"]["total"]["value"] == sum(number % 3 == 1 for number in range(total))


def test_killed_by_the_operating_system_it_goes_on(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make], tmp_path: Path
) -> None:
    """By the command line, twelve thousand documents, a writer at work before, during and after."""
    make_earlier(client, elastic_place, "seen")
    new = f"{elastic_place.prefix}-seen-v1-000001"
    old = [make.seen(number) for number in range(12_000)]
    for start in range(0, len(old), 5_000):
        store.mark_seen(old[start : start + 5_000])
    written: list[SeenCapture] = []

    def more(times: int) -> None:
        for _ in range(times):
            written.append(make.seen(len(old) + len(written)))
            store.mark_seen([written[-1], replace(old[len(written)], payload_digest="again", archive_record="b")])

    environment = os.environ | {"WIREPICKET_INDEX_PREFIX": elastic_place.prefix}
    command = [str(PROGRAM), "setup", "elasticsearch", "--store", elastic_place.url]
    more(3)
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE) as killed:
        while "copied_below" not in str(client.indices.get_mapping(index=f"{new}*")):
            assert killed.poll() is None
            more(1)
        killed.kill()
    assert indices_of(client, elastic_place, "seen") == [f"{elastic_place.prefix}-seen-000001"]
    more(3)
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as again:
        while again.poll() is None:
            more(1)
            time.sleep(0.05)
        assert again.stderr
        told = again.stderr.read()
        assert again.returncode == 0, told
        assert re.search(r"from change [5-9],\d{3} on", told), "it need not copy again what was copied"
    more(3)
    assert indices_of(client, elastic_place, "seen") == [new]
    assert count(client, elastic_place, "seen") == len(old) + len(written)
    found = store.seen([one.url for one in (*old, *written)])
    changed = {one.url for one in old[1 : len(written) + 1]}
    assert len(found) == len(old) + len(written)
    assert {url for url, one in found.items() if one.archive_record == "b"} == changed
    once_more = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert once_more.stderr == "", "there is nothing left to do"


class BrokenOffError(StoreUnavailableError):
    """Stands for a process that is gone: from now on nothing it asks for is done."""


def test_broken_off_after_any_request_it_goes_on(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make]
) -> None:
    make_earlier(client, elastic_place, "stories")
    new = f"{elastic_place.prefix}-stories-v1-000001"
    stories = [make.story(number) for number in range(12)]
    store.write_stories(stories)
    store.write_stories([], gone=[stories.pop().id])
    deleted = False
    for reach in itertools.count(1):
        connection = Connection(ElasticsearchAddress(url=elastic_place.url))
        call, left = connection.call, iter(range(reach))

        def broken(request: Any, call: Any = call, left: Any = left, **options: Any) -> Any:
            if next(left, None) is None:
                raise BrokenOffError
            return call(request, **options)

        connection.call = broken  # type: ignore[method-assign]
        with connection.client:
            try:
                migrate(
                    connection,
                    Indices(connection, elastic_place.prefix),
                    lambda _: None,
                    lease_seconds=0.2,
                    page_size=5,
                )
            except BrokenOffError:
                blocked = client.indices.get_settings(index=f"{elastic_place.prefix}-stories", flat_settings=True)
                if not deleted and client.indices.exists(index=new) and count_of(client, new) == len(stories):
                    # What is in the copy already, and goes before the move is over.
                    assert "index.blocks.write" not in str(blocked)
                    store.write_stories([], gone=[stories.pop().id])
                    deleted = True
                assert store.stories([story.id for story in stories]) == {story.id: story for story in stories}
            else:
                break
    assert deleted
    assert reach > 20, "it was broken off at every step"
    assert indices_of(client, elastic_place, "stories") == [new]
    assert list(elastic_place.open().iter_stories()) == stories
    assert "copied_below" not in client.indices.get_mapping(index=new)[new]["mappings"]["_meta"]


def count_of(client: elasticsearch.Elasticsearch, index: str) -> int:
    client.indices.refresh(index=index)
    return int(client.count(index=index)["count"])


def test_the_index_that_others_roll_over_to_meanwhile_stays_the_one_for_new_documents(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make]
) -> None:
    make_earlier(client, elastic_place, "articles")
    article = make.article(1, revision=0)
    store.update_articles([article.id], bump([article]))
    client.indices.rollover(alias=f"{elastic_place.prefix}-articles")
    store.migrate(lambda _: None)
    alias = f"{elastic_place.prefix}-articles"
    assert indices_of(client, elastic_place, "articles") == [f"{alias}-000002", f"{alias}-v1-000001"]
    both = [article, make.article(2, revision=0)]
    store.update_articles([one.id for one in both], bump(both))
    assert [one.revision for one in store.iter_articles()] == [2, 1]
    assert client.get(index=f"{alias}-000002", id=both[1].id)["found"]


def test_a_document_that_the_new_form_cannot_take_stops_the_move(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make]
) -> None:
    make_earlier(client, elastic_place, "runs")
    store.put_run(make.run(1))
    # As if today's form wanted something else of it.
    strict = {"dynamic": "strict", "properties": {"id": {"type": "keyword"}, "record": {"type": "keyword"}}}
    client.indices.create(index=f"{elastic_place.prefix}-runs-v1-000001", mappings=strict)
    with pytest.raises(StoreUnavailableError, match=r"runs-000001 cannot be moved.*run-001.*The index stays as it was"):
        store.migrate(lambda _: None)
    store.put_run(make.run(2))
    assert set(store.migrate.__self__._documents(KINDS["runs"]).records(["run-001", "run-002"])) == {  # type: ignore[attr-defined]
        "run-001",
        "run-002",
    }


def test_moved_indices_go_when_nobody_reads_from_them(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_earlier(client, elastic_place, "runs")
    assert store.outdated() == (old,)
    store.migrate(lambda _: None)
    assert store.outdated() == ()
    store.maintain()
    assert client.indices.exists(index=old)
    monkeypatch.setattr("pipelines.stores.elastic.indices.RETIRED", timedelta(seconds=-5))
    store.maintain()
    assert not client.indices.exists(index=old)
    assert len(indices_of(client, elastic_place, "runs")) == 1


def test_grouping_goes_on_over_keys_that_are_numbers_still(
    client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store, make: type[Make]
) -> None:
    number = {"type": "long"}
    make_earlier(client, elastic_place, "memory", article_id={"type": "keyword"}, copy_keys=number, story_keys=number)
    keys = {"copy_keys": (0, 2**63 - 1), "story_keys": (5,)}
    store.remember([make.entry(1, fingerprint=keys, canonical_id=f"{1:040x}")])
    for _ in ("as it is", "moved"):
        for space, key in ((Space.COPY, 0), (Space.COPY, 2**63 - 1), (Space.STORY, 5)):
            assert [one.fingerprint.article_id for one in store.related(space, [key])] == [f"{1:040x}"]
        assert store.related(Space.COPY, [5]) == []
        store.migrate(lambda _: None)


@pytest.mark.usefixtures("store")
def test_status_names_what_waits_for_a_move(
    client: elasticsearch.Elasticsearch, elastic_place: Place, tmp_path: Path
) -> None:
    old = make_earlier(client, elastic_place, "articles")
    environment = os.environ | {"WIREPICKET_HOME": str(tmp_path), "WIREPICKET_INDEX_PREFIX": elastic_place.prefix}
    asked = [str(PROGRAM), "status", "--store", elastic_place.url]
    told = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert re.search(rf"earlier versions.*wirepicket setup elasticsearch.*{old}", told.stdout)
    subprocess.run([PROGRAM, "setup", "elasticsearch", *asked[2:]], env=environment, capture_output=True, check=True)
    told = subprocess.run([*asked, "--json"], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout)["store_outdated"] == []


def test_a_newer_form_is_left_alone(client: elasticsearch.Elasticsearch, elastic_place: Place, store: Store) -> None:
    client.indices.put_mapping(index=f"{elastic_place.prefix}-runs-000001", meta={"version": 99})
    store.setup()
    settings = f"{elastic_place.prefix}-settings"
    client.cluster.put_component_template(name=settings, template={"settings": {}}, meta={"digest": "newer"})
    with pytest.raises(ConfigurationError, match=r"runs-000001.*version 99.*newer wirepicket"):
        store.setup()


def test_every_kind_can_be_moved() -> None:
    assert set(KINDS) == set(elasticsearch_kinds()) - {"leases"}
