"""Articles, their revisions and the search over them, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import ARTICLES, REVISIONS, role
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.merging import check_merged
from pipelines.stores.searching import Within
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.rules.language.query import Query
    from pipelines.stores.searching import Order
    from schemas.records import Article, ArticleContent, Placement
    from schemas.serial import JsonObject

_SHOWN = 60
"""Candidates read at first: three times what a page of results shows, which is all that most look at."""


class ArticleDocuments(ElasticPart):
    """The indices ``articles`` and ``revisions``."""

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        return self._documents(ARTICLES).records(ids)

    def update_articles(
        self, ids: Collection[str], merge: Callable[[Mapping[str, Article]], Sequence[Article]]
    ) -> Sequence[Article]:
        return self._documents(ARTICLES).merge(ids, lambda existing: check_merged(merge(existing), ids))

    def put_revisions(self, contents: Sequence[ArticleContent]) -> None:
        self._documents(REVISIONS).create(contents)

    def revisions(self, article_id: str) -> dict[str, ArticleContent]:
        found = self._documents(REVISIONS).search({"term": {"article_id": article_id}})
        return {content.digest: content for content in found}

    def place(self, placements: Sequence[Placement]) -> None:
        self._lease.check()
        partials = {}
        for placed in placements:
            fields = {
                "canonical_id": placed.canonical_id,
                "copies": list(placed.copies),
                "story_id": placed.story_id,
            }
            shown = {"role": role(placed.article_id, placed.canonical_id)}
            partials[placed.article_id] = {**fields, **shown, "record": fields}
        self._documents(ARTICLES).update(partials)

    def iter_articles(self, since: datetime | None = None) -> Iterator[Article]:
        every: JsonObject = {"match_all": {}}
        query = {"range": {"first_seen": {"gte": time_to_text(since)}}} if since else every
        return self._documents(ARTICLES).search(query)

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        from pipelines.rules.compilers import elasticsearch_query  # noqa: PLC0415 - for searches only

        within = within or Within()
        asked = {"bool": {"must": [elasticsearch_query(query)], "filter": _limits(within)}}
        return self._documents(ARTICLES).search(asked, sort=_sort(within.order), first=_SHOWN)


def _sort(order: Order) -> list[JsonObject]:
    by: JsonObject = {"order": "desc" if order.descending else "asc", "missing": "_last"}
    return [{order.time: by}, {"article_id": "asc"}]


def _limits(within: Within) -> list[JsonObject]:
    """Filters for what a search is among."""
    filters: list[JsonObject] = []
    if within.since or within.until:
        span = {"gte": within.since, "lt": within.until}
        filters.append({"range": {"published": {name: time_to_text(time) for name, time in span.items() if time}}})
    for field, value in (("source", within.source), ("language", within.language)):
        if value is not None:
            filters.append({"term": {field: value}})
    if within.after:
        field, last = within.order.time, within.order.time_of(within.after)
        without: JsonObject = {"bool": {"must_not": {"exists": {"field": field}}}}
        later_id: JsonObject = {"range": {"article_id": {"gt": within.after.id}}}
        if last is None:
            return [*filters, without, later_id]
        text = time_to_text(last)
        same = {"bool": {"filter": [{"term": {field: text}}, later_id]}}
        beyond = {"range": {field: {"lt" if within.order.descending else "gt": text}}}
        filters.append({"bool": {"should": [beyond, without, same], "minimum_should_match": 1}})
    return filters
