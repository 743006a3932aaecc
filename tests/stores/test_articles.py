"""Contract: articles, revisions, search."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.rules.language.query import parse
from schemas.records import Placement

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place


def put(store: Store, *articles: Any) -> Any:
    return store.update_articles([article.id for article in articles], lambda _: articles)


def test_an_article_comes_back_equal(store: Store, make: type[Make]) -> None:
    article = make.article(1)
    assert list(put(store, article)) == [article]
    assert store.articles([article.id, "unknown"]) == {article.id: article}


def test_unknown_values_stay_unknown(store: Store, make: type[Make]) -> None:
    empty = {
        "external_id": None,
        "source": None,
        "title": None,
        "description": None,
        "author": None,
        "published": None,
        "published_from": None,
        "language": None,
        "body": "",
        "dropped": (),
        "hits": (),
    }
    article = make.article(1, content=empty, canonical_id=None, copies=(), story_id=None)
    put(store, article)
    assert store.articles([article.id]) == {article.id: article}


def test_merge_sees_what_exists_and_nothing_else(store: Store, make: type[Make]) -> None:
    one, two = make.article(1), make.article(2)
    put(store, one)
    given = []

    def merge(existing: Any) -> Any:
        given.append(dict(existing))
        return [replace(existing[one.id], revision=2), two]

    store.update_articles([one.id, two.id, "unknown"], merge)
    assert given == [{one.id: one}]
    assert store.articles([one.id])[one.id].revision == 2
    assert store.articles([two.id]) == {two.id: two}


@pytest.mark.parametrize("numbers", [(1, 1), (1, 2)])
def test_merge_may_only_return_what_was_asked_for_and_once(store: Store, make: type[Make], numbers: Any) -> None:
    with pytest.raises(ValueError, match="merge returned"):
        store.update_articles([make.article(1).id], lambda _: [make.article(number) for number in numbers])
    assert list(store.iter_articles()) == []


def test_writing_the_same_again_changes_nothing(store: Store, make: type[Make]) -> None:
    articles = [make.article(number) for number in range(5)]
    put(store, *articles)
    before = list(store.iter_articles())
    assert list(put(store, *articles)) == articles
    assert list(store.iter_articles()) == before == articles


def test_nothing_to_do_is_no_error(store: Store) -> None:
    assert list(store.update_articles([], lambda _: [])) == []
    assert store.articles([]) == {}
    store.put_revisions([])
    store.set_placements([])
    assert list(store.iter_articles()) == []


def test_place_sets_the_place_and_nothing_else(store: Store, make: type[Make]) -> None:
    article = make.article(1)
    put(store, article)
    placed = Placement(article_id=article.id, canonical_id="other", copies=(), story_id="new")
    absent = replace(placed, article_id="absent")
    for _ in range(2):
        store.set_placements([placed, absent])
    assert list(store.iter_articles()) == [replace(article, canonical_id="other", copies=(), story_id="new")]


def test_all_articles_come_by_id_beyond_ten_thousand_and_over_many_pages(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=700)
    store.setup()
    count = 10_500
    articles = [make.article(number, content={"body": "short", "hits": ()}) for number in range(count)]
    for start in range(0, count, 1_500):
        put(store, *articles[start : start + 1_500])
    assert [article.id for article in store.iter_articles()] == [article.id for article in articles]
    found = [article.id for article in store.candidates(parse("launchers"))]
    assert found == [article.id for article in reversed(articles)]
    assert set(store.articles([article.id for article in articles])) == {article.id for article in articles}


def test_iteration_may_be_left_and_written_into(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=2)
    store.setup()
    put(store, *(make.article(number) for number in range(6)))
    rounds = 0
    for article in store.iter_articles():
        put(store, replace(article, revision=9))
        rounds += 1
    assert rounds == 6
    iterator = store.iter_articles()
    assert next(iterator).revision == 9
    del iterator


def test_the_first_content_of_a_revision_stays(store: Store, make: type[Make]) -> None:
    first = make.content(1)
    store.put_revisions([first, make.content(1, digest="other", title=None)])
    store.put_revisions([make.content(1, title="written later"), make.content(2)])
    found = store.revisions(first.article_id)
    assert found == {"digest-1": first, "other": make.content(1, digest="other", title=None)}
    assert store.revisions("unknown") == {}


def test_candidates_come_latest_first_undated_last(store: Store, make: type[Make]) -> None:
    undated = {"published": None, "published_from": None}
    early = {"published": make.day - timedelta(days=400)}
    articles = [
        make.article(1),
        make.article(2, content=undated),
        make.article(3, content=early),
        make.article(4),
        make.article(5, content=undated),
        make.article(6, content={"published": make.article(4).content.published}),
    ]
    put(store, *articles)
    found = [int(article.id, 16) for article in store.candidates(parse("launchers"))]
    assert found == [4, 6, 1, 3, 2, 5]


def test_candidates_hold_all_that_match_and_leave_out_what_cannot(store: Store, make: type[Make]) -> None:
    himars = make.article(1, content={"title": "HIMARS for the north", "body": "Four were shipped."})
    alias = make.article(2, content={"title": None, "body": "The M142 fired twice.\n\nThen it left."})
    other = make.article(3, content={"title": "Budget talks", "body": "Nothing on armaments."})
    put(store, himars, alias, other)
    assert {article.id for article in store.candidates(parse("HIMARS"))} == {himars.id, alias.id}
    assert himars.id in {article.id for article in store.candidates(parse("title:HIMARS"))}
    assert {article.id for article in store.candidates(parse('"budget talks" AND NOT HIMARS'))} >= {other.id}
    everything = {article.id for article in store.candidates(parse("lang:en"))}
    assert everything == {himars.id, alias.id, other.id}
    assert list(store.candidates(parse("submarine"))) == []


def test_candidates_follow_an_edit(store: Store, make: type[Make]) -> None:
    put(store, make.article(1, content={"title": "Frigate commissioned", "body": "It sailed."}))
    put(store, make.article(1, content={"title": "Corvette commissioned", "body": "It sailed."}))
    assert list(store.candidates(parse("frigate"))) == []
    assert [article.content.title for article in store.candidates(parse("corvette"))] == ["Corvette commissioned"]


def test_what_cannot_be_stored_is_quarantined_and_the_rest_goes_on(store: Store, make: type[Make]) -> None:
    bad = make.article(1, content={"title": "half a pair \ud83d", "url": "https://news.example/\udc00"})
    good = make.article(2)
    assert list(put(store, bad, good)) == [good]
    store.put_revisions([bad.content, good.content])
    assert list(store.iter_articles()) == [good]
    (item,) = store.iter_quarantine()
    assert (item.stage, item.reason) == ("store", "rejected")
    assert item.url == "https://news.example/\\udc00"


def test_extreme_values_are_stored(store: Store, make: type[Make]) -> None:
    article = make.article(
        1,
        content={
            "title": "x" * 200_000,
            "source": "s" * 40_000,
            "author": "é" * 40_000,
            "url": "https://news.example/" + "u" * 40_000,
            "external_id": "tab\tnul\0newline\n",
            "body": "ä" * 300 + " " + "w" * 40_000 + " launchers \N{PILE OF POO}",
            "published": make.day.replace(year=1),
        },
    )
    late = make.article(2, content={"published": make.day.replace(year=9999)})
    put(store, article, late)
    assert store.articles([article.id, late.id]) == {article.id: article, late.id: late}
    assert [int(found.id, 16) for found in store.candidates(parse("launchers"))] == [2, 1]
