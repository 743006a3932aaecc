"""Ids are unique over the alias, whatever number of indices stand behind it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from pipelines.errors import StoreUnavailableError
from pipelines.rules.language.query import parse
from schemas.records import Placement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Any]:
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        yield client


@pytest.fixture
def store(elastic_place: Place) -> Any:
    store = elastic_place.open()
    store.setup()
    return store


def count(client: elasticsearch.Elasticsearch, place: Place, kind: str) -> Any:
    alias = f"{place.prefix}-{kind}"
    client.indices.refresh(index=alias)
    return client.count(index=alias)["count"]


def bump(articles: Any) -> Any:
    return lambda old: [replace(old.get(new.id, new), revision=old.get(new.id, new).revision + 1) for new in articles]


def test_an_article_of_an_earlier_index_is_updated_there(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    old, new = make.article(1, revision=0), make.article(2, revision=0)
    store.update_articles([old.id], bump([old]))
    client.indices.rollover(alias=f"{elastic_place.prefix}-articles")
    fresh = elastic_place.open()
    fresh.update_articles([old.id, new.id], bump([old, new]))
    fresh.set_placements([Placement(article_id=old.id, canonical_id="c", copies=(), story_id="s")])
    # One who has not heard of the roll-over yet.
    store.update_articles([old.id, new.id], bump([old, new]))
    found = {article.id: (article.revision, article.story_id) for article in store.iter_articles()}
    assert found == {old.id: (3, "s"), new.id: (2, "story-2")}
    assert count(client, elastic_place, "articles") == 2
    indices = {
        hit["_id"]: hit["_index"]
        for hit in client.search(index=f"{elastic_place.prefix}-articles", source=False)["hits"]["hits"]
    }
    assert indices[old.id].endswith("-000001")
    assert indices[new.id].endswith("-000002")
    assert len(list(fresh.candidates(parse("launchers")))) == 2


@pytest.mark.parametrize(
    "case",
    [
        ("stories", lambda store, make: store.write_stories([make.story(1)])),
        ("alerts", lambda store, make: store.write_alerts([make.alert(1)], outbox=[make.message(1)])),
        ("outbox", lambda store, make: store.write_alerts([], outbox=[make.message(1)])),
        ("memory", lambda store, make: store.remember([make.entry(1)])),
        ("common-keys", lambda store, _: store.remember([], common=[1, 2])),
        ("revisions", lambda store, make: store.put_revisions([make.content(1)])),
        ("quarantine", lambda store, make: store.quarantine([make.quarantined(1)])),
        ("feeds", lambda store, make: store.put_feed_states([make.feed(1)])),
        ("seen", lambda store, make: store.mark_seen([make.seen(1)])),
        ("runs", lambda store, make: store.put_run(make.run(1))),
    ],
    ids=lambda case: case[0],
)
@pytest.mark.parametrize("knows", ["aware", "unaware"])
def test_writing_again_after_a_roll_over_makes_no_double(
    *, store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make], case: Any, knows: str
) -> None:
    kind, write = case
    write(store, make)
    before = count(client, elastic_place, kind)
    client.indices.rollover(alias=f"{elastic_place.prefix}-{kind}")
    write(elastic_place.open() if knows == "aware" else store, make)
    assert count(client, elastic_place, kind) == before > 0


def test_one_who_is_unaware_of_a_roll_over_loses_nothing(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    article = make.article(1)
    store.update_articles([article.id], lambda _: [article])
    store.write_stories([make.story(1), make.story(2)])
    store.put_revisions([article.content])
    for kind in ("stories", "articles", "revisions"):
        client.indices.rollover(alias=f"{elastic_place.prefix}-{kind}")
    store.set_placements([Placement(article_id=article.id, canonical_id="c", copies=(), story_id="s")])
    store.write_stories([make.story(2, title="changed")], gone=["story-001"])
    store.put_revisions([replace(article.content, title="must not replace the first")])
    assert [(found.canonical_id, found.story_id) for found in store.iter_articles()] == [("c", "s")]
    assert list(store.iter_stories()) == [make.story(2, title="changed")]
    assert store.revisions(article.id) == {article.content.digest: article.content}


def test_gone_documents_go_from_earlier_indices(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    store.write_stories([make.story(1)])
    store.remember([make.entry(1)])
    for kind in ("stories", "memory"):
        client.indices.rollover(alias=f"{elastic_place.prefix}-{kind}")
    fresh = elastic_place.open()
    fresh.write_stories([make.story(2)], gone=["story-001"])
    assert list(fresh.iter_stories()) == [make.story(2)]
    fresh.forget([make.entry(1).fingerprint.article_id])
    assert list(fresh.stale(make.day.replace(year=2027))) == []


def test_writers_on_both_sides_of_a_roll_over_make_no_double(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    """Each writer knows a different list of indices; the articles are new to both."""
    store.articles(["warm up: it now believes in one index"])
    client.indices.rollover(alias=f"{elastic_place.prefix}-articles")
    fresh = elastic_place.open()
    articles = [make.article(number, revision=0) for number in range(20)]
    start = threading.Barrier(2)

    def write(one: Any) -> None:
        start.wait()
        one.update_articles([article.id for article in articles], bump(articles))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, [store, fresh]))
    assert count(client, elastic_place, "articles") == 20
    assert [article.revision for article in fresh.iter_articles()] == [2] * 20


def test_a_double_in_another_index_is_taken_back_and_merged(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    """The race itself, step by step: the other writer's article appears elsewhere after ours has been read."""
    article = make.article(1, revision=0)
    alias = f"{elastic_place.prefix}-articles"
    store.update_articles([make.article(2).id], bump([make.article(2)]))
    source = client.get(index=alias, id=make.article(2).id)["_source"]
    raced: list[bool] = []

    def merge(old: Any) -> Any:
        if not raced:
            raced.append(True)
            foreign = source | {"article_id": article.id}
            foreign["record"] = foreign["record"] | {"revision": 7}
            foreign["record"]["content"] = foreign["record"]["content"] | {"article_id": article.id}
            client.index(index=f"{alias}-000001", id=article.id, document=foreign)
            client.indices.rollover(alias=alias)
        return bump([article])(old)

    (written,) = store.update_articles([article.id], merge)
    assert written.revision == 8
    assert count(client, elastic_place, "articles") == 2


def test_setup_gives_existing_indices_the_fields_of_a_newer_form(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    name = f"{elastic_place.prefix}-settings"
    component = client.cluster.get_component_template(name=name)["component_templates"][0]["component_template"]
    client.cluster.put_component_template(name=name, template=component["template"], meta={"digest": "older"})
    store.put_run(make.run(1))
    store.setup()
    again = client.cluster.get_component_template(name=name)["component_templates"][0]["component_template"]
    assert again["_meta"] == component["_meta"]
    assert store.last_runs(1) == [make.run(1)]


def test_no_index_comes_into_being_under_an_aliass_name(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    store.feed_states(["warm up: the alias is known"])
    store.articles(["warm up"])
    client.indices.delete(index=[f"{elastic_place.prefix}-feeds-000001", f"{elastic_place.prefix}-articles-000001"])
    with pytest.raises(StoreUnavailableError, match="wirepicket setup elasticsearch"):
        store.put_feed_states([make.feed(1)])
    with pytest.raises(StoreUnavailableError, match="wirepicket setup elasticsearch"):
        store.update_articles([make.article(1).id], bump([make.article(1)]))
    names = {*client.indices.get(index=f"{elastic_place.prefix}-*")}
    assert not names & {f"{elastic_place.prefix}-feeds", f"{elastic_place.prefix}-articles"}
    assert list(store.iter_quarantine()) == []
    store.setup()
    store.put_feed_states([make.feed(1)])


def test_what_is_searched_in_kibana_is_there(
    store: Store, client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    article = make.article(1)
    undated = make.article(2, content={"published": None})
    store.update_articles([article.id, undated.id], lambda _: [article, undated])
    store.refresh()
    hits = client.search(index=f"{elastic_place.prefix}-articles", sort="article_id")["hits"]["hits"]
    dated, other = (hit["_source"] for hit in hits)
    assert dated["@timestamp"] == dated["published"] == "2026-03-01T00:01:00Z"
    assert other["@timestamp"] == other["first_seen"] == "2026-03-01T01:02:00Z"
    assert dated["event"]["ingested"] > "2026"
    assert dated["url"] == {"full": article.content.url, "domain": "news.example"}
    assert dated["rule"]["id"] == ["launchers"]
    assert dated["title_tokens"].split()[0] == "delivery"
    store.write_alerts([make.alert(1)])
    store.refresh()
    (hit,) = client.search(index=f"{elastic_place.prefix}-alerts", query={"term": {"rule.id": "rule"}})["hits"]["hits"]
    assert hit["_source"]["@timestamp"] == "2026-03-01T00:01:00Z"


def test_maintenance_goes_on_in_a_new_index_when_the_latest_is_full(
    client: elasticsearch.Elasticsearch, elastic_place: Place, make: type[Make]
) -> None:
    store = elastic_place.open(roll_over={"max_docs": 2})
    store.setup()
    articles = [make.article(number, revision=0) for number in range(3)]
    for number, article in enumerate(articles):
        store.update_articles([article.id], bump([article]))
        store.refresh()
        store.maintain()
        store.maintain()
        indices = client.indices.get_alias(name=f"{elastic_place.prefix}-articles")
        assert len(indices) == 1 + (number >= 1), "rolled over once, when there were two"
    store.update_articles([article.id for article in articles], bump(articles))
    assert [article.revision for article in store.iter_articles()] == [2, 2, 2]
    assert count(client, elastic_place, "articles") == 3
