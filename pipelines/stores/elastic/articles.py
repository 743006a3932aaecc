"""Articles, their revisions and the search over them, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

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

_FIRST_PAGE = 60
"""Candidates in the first page read: three pages of results. Most users look at one."""


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
        contents = self._documents(REVISIONS).search({"term": {"article_id": article_id}})
        return {content.digest: content for content in contents}

    def set_placements(self, placements: Sequence[Placement]) -> None:
        self._lease.check()
        partials = {}
        for placement in placements:
            fields = {
                "canonical_id": placement.canonical_id,
                "copies": list(placement.copies),
                "story_id": placement.story_id,
            }
            derived = {"role": role(placement.article_id, placement.canonical_id)}
            partials[placement.article_id] = {**fields, **derived, "record": fields}
        self._documents(ARTICLES).update(partials)

    def iter_articles(self, since: datetime | None = None) -> Iterator[Article]:
        every: JsonObject = {"match_all": {}}
        query = {"range": {"first_seen": {"gte": time_to_text(since)}}} if since else every
        return self._documents(ARTICLES).search(query)

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        from pipelines.rules.compilers import elasticsearch_query  # noqa: PLC0415 - for searches only

        within = within or Within()
        request = {"bool": {"must": [elasticsearch_query(query)], "filter": _limits(within)}}
        return self._documents(ARTICLES).search(request, sort=_sort(within.order), first=_FIRST_PAGE)


def _sort(order: Order) -> list[JsonObject]:
    by: JsonObject = {"order": "desc" if order.descending else "asc", "missing": "_last"}
    return [{order.time: by}, {"article_id": "asc"}]


def _limits(within: Within) -> list[JsonObject]:
    """Return the filters for the limits of a search."""
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
