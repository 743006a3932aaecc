"""Every panel of the dashboards finds data in a real Elasticsearch that holds some of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import elasticsearch

from flows.shipped import DASHBOARDS, shipped
from pipelines.kibana.aggregation import search_body
from pipelines.kibana.description import load_description
from schemas.records import ExtractionDay, ExtractionSample, Placement

if TYPE_CHECKING:
    from tests.stores.conftest import Make, Place

PANELS = [panel for board in load_description(shipped(DASHBOARDS)).dashboards.values() for panel in board.panels]


def fill(place: Place, make: type[Make]) -> None:
    store = place.open()
    store.setup()
    articles = [make.article(number) for number in range(12)]
    store.update_articles([article.id for article in articles], lambda _: articles)
    first = articles[0].id
    store.set_placements(
        [
            Placement(
                article_id=article.id, canonical_id=first if number % 2 else article.id, copies=(), story_id="story-001"
            )
            for number, article in enumerate(articles)
        ]
    )
    store.write_stories([make.story(number) for number in range(3)])
    store.write_alerts([make.alert(number) for number in range(3)])
    store.put_feed_states([make.feed(number) for number in range(3)])
    store.quarantine([make.quarantined(number) for number in range(3)])
    store.put_run(make.run(1))
    sample = ExtractionSample(key="a", words=300, dropped_words=20, title_echoes=0)
    store.add_extraction_days([ExtractionDay(source="Outlet", day="2026-03-01", samples=(sample,))])
    store.refresh()


def values(told: Any) -> list[Any]:
    """Every number that was measured in an aggregation's answer."""
    here = [told["value"]] if "value" in told else [*told.get("values", {}).values()]
    parts = [part for part in (*told.values(), *told.get("buckets", [])) if isinstance(part, dict)]
    return [*here, *(value for part in parts for value in values(part))]


def test_every_panel_finds_data(elastic_place: Place, make: type[Make]) -> None:
    """One test for all panels: filling takes longer than asking."""
    fill(elastic_place, make)
    with elasticsearch.Elasticsearch(elastic_place.url) as client:
        for panel in PANELS:
            answer = client.search(index=f"{elastic_place.prefix}-{panel.data}", **search_body(panel))
            assert answer["hits"]["total"]["value"] > 0, panel.id
            told = answer.get("aggregations", {})
            if panel.over or panel.by:
                assert told["panel"]["buckets"], panel.id
            if any(measure.field for measure in panel.measures):
                assert any(value is not None for value in values(told)), panel.id
        roles = client.search(
            index=f"{elastic_place.prefix}-articles", size=0, aggs={"roles": {"terms": {"field": "role"}}}
        )
        counts = {bucket["key"]: bucket["doc_count"] for bucket in roles["aggregations"]["roles"]["buckets"]}
        assert counts == {"original": 6, "copy": 6}, "placing an article says whether it is a copy"
