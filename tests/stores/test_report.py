"""The report of what a store holds, from both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.report import gather
from schemas.records import AlertMatch, Observation

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from schemas.records import Article
    from tests.stores.conftest import Make


def member(make: type[Make], number: int, *, hours: float, copy_of: int | None = None, story: int = 1) -> Article:
    """An article of outlet ``Outlet NUMBER`` in a story, out so many hours after noon, seen an hour later."""
    out = make.day + timedelta(hours=12 + hours)
    return make.article(
        number,
        content={"source": f"Outlet {number}", "published": out},
        canonical_id=make.content(copy_of or number).article_id,
        copies=(),
        story_id=f"story-{story:03}",
        first_seen=out + timedelta(hours=1),
        observations=(Observation(fetched_at=out, digest="d", archive_record="a@1"),),
    )


def test_a_report_tells_what_was_seen_in_its_span(store: Store, make: type[Make]) -> None:
    one, copy, other = (
        member(make, 1, hours=0),
        member(make, 2, hours=3, copy_of=1),
        member(make, 3, hours=72, story=2),
    )
    other = replace(other, content=replace(other.content, url="javascript:alert(1)"))
    articles = [one, copy, other]
    store.update_articles([article.id for article in articles], lambda _: articles)
    store.write_stories(
        [
            make.story(1, article_ids=(one.id, copy.id), sources=("Outlet 1", "Outlet 2"), independent_sources=1),
            make.story(2, article_ids=(other.id,), sources=("Outlet 3",), independent_sources=1),
        ]
    )
    matched = AlertMatch(
        article_id=one.id,
        field="body",
        sentence="Two launchers came. ",
        start=4,
        end=13,
        form="launchers",
        term="launcher",
    )
    repeated = replace(matched, article_id=copy.id)
    store.write_alerts(
        [
            make.alert(1, article_id=one.id, matches=(matched, repeated), matched_at=one.first_seen, rule_id="low"),
            make.alert(2, article_id=other.id, matches=(), matched_at=other.first_seen, rule_id="grave"),
        ]
    )
    store.put_feed_states([make.feed(1), make.feed(2, failures=0, last_error=None)])
    store.put_run(make.run(13))
    store.quarantine([make.quarantined(1), make.quarantined(2), make.quarantined(3)])
    store.amend_quarantine(
        [make.quarantined(3).url], lambda item: replace(item, closed_at=make.day + timedelta(days=9))
    )
    store.refresh()

    told = gather(
        store,
        since=make.day + timedelta(hours=12),
        until=make.day + timedelta(days=9),
        severities={"grave": "critical", "low": "low"},
    )
    assert (told.totals.articles, told.totals.texts, told.totals.sources, told.totals.stories) == (3, 2, 3, 2)
    assert (told.totals.feeds, told.totals.feeds_unwell) == (2, 1)
    assert [alert.rule_id for alert in told.alerts] == ["grave", "low"]
    (quote,) = told.alerts[1].quotes
    assert quote.parts == (("Two ", False), ("launchers", True), (" came. ", False))
    assert told.alerts[1].articles == 2
    (story,) = told.stories
    assert [(each.source, each.first, each.copy, each.delay) for each in story.reports] == [
        ("Outlet 1", True, False, ""),
        ("Outlet 2", False, True, "+3 h"),
    ]
    assert [single.id for single in told.singles] == ["story-002"]
    assert [(row.source, row.first) for row in told.firsts] == [("Outlet 1", 1), ("Outlet 2", 0)]
    assert told.feeds[0].failures == 2
    assert told.singles[0].reports[0].link is None, "only http(s) addresses can be followed"
    assert [run.id for run in told.runs] == ["run-013"]
    assert told.quarantine == (("extract: empty", 2),)
    assert dict(told.dropped) == {"related": 3, "share-bar": 3}

    later = gather(store, since=make.day + timedelta(days=2), until=make.day + timedelta(days=9), severities={})
    assert (later.totals.articles, later.stories, later.alerts[0].severity) == (1, (), "unknown")


def test_articles_from_a_time_on(store: Store, make: type[Make]) -> None:
    articles = [make.article(number) for number in range(4)]
    store.update_articles([article.id for article in articles], lambda _: articles)
    assert list(store.iter_articles(articles[2].first_seen)) == articles[2:]
