"""The documents of one kind: read by id and searched, over all indices behind the alias."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.connection import pauses
from pipelines.stores.elastic.paging import pages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.documents import DocumentKind
    from pipelines.stores.elastic.indices import Indices
    from schemas.serial import JsonObject

Record = TypeVar("Record")

GET_IDS = 2_000
"""Ids in one ``mget``."""
COUNTED = 2_000
"""Terms counted by one search."""


@dataclass(frozen=True, slots=True)
class VersionedRecord(Generic[Record]):
    """A document as it was read, with what a compare-and-set needs."""

    record: Record
    index: str
    seq_no: int
    primary_term: int


class DocumentReader(Generic[Record]):
    """Reads the documents of one kind."""

    def __init__(self, connection: Connection, indices: Indices, kind: DocumentKind[Record], page_size: int) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._kind = kind
        self._page_size = page_size

    @property
    def alias(self) -> str:
        """The write alias."""
        return self._indices.alias(self._kind.name)

    def get(self, ids: Collection[str]) -> dict[str, VersionedRecord[Record]]:
        """Documents by id, in real time: sees every earlier write."""
        return {
            one: VersionedRecord(
                record=self._kind.record(hit["_source"]),
                index=hit["_index"],
                seq_no=hit["_seq_no"],
                primary_term=hit["_primary_term"],
            )
            for one, hit in self._hits(ids, source=["record"]).items()
        }

    def records(self, ids: Collection[str]) -> dict[str, Record]:
        """Records by document id, in real time."""
        return {one: found.record for one, found in self.get(ids).items()}

    def search(
        self,
        query: JsonObject,
        *,
        sort: Sequence[JsonObject] | None = None,
        limit: int | None = None,
        first: int | None = None,
    ) -> Iterator[Record]:
        """Records which match, by the kind's sort field or as ``sort`` says (which must tell all apart).

        Sees every earlier write, and the state of one moment however many pages it takes. ``first`` is the size of
        the first page, where whoever reads may want no more.
        """
        self._indices.refresh(self._kind.name)
        size = self._page_size if limit is None else min(limit, self._page_size)
        request: JsonObject = {
            "query": query,
            "sort": sort or [{self._kind.sort_field: "asc"}],
            "size": size,
            "source": ["record"],
            "track_total_hits": False,
        }
        if first and first < size:
            yield from self._pages(request, first)
            return
        hits = self._call(lambda: self._client.search(index=self.alias, **request))["hits"]["hits"]
        if len(hits) < size or limit == size:
            # One page is one moment anyway.
            yield from (self._kind.record(hit["_source"]) for hit in hits)
            return
        yield from islice(self._pages(request), limit)

    def counts(self, field: str, terms: Collection[str]) -> dict[str, int]:
        """How many documents have each of these terms, for those that any has. Sees every earlier write."""
        counts: dict[str, int] = {}
        ordered = sorted(set(terms))
        if ordered:
            self._indices.refresh(self._kind.name)
        for start in range(0, len(ordered), COUNTED):
            # Not an aggregation over the terms of the documents that have any: that would read each of them.
            filters = {term: {"term": {field: term}} for term in ordered[start : start + COUNTED]}
            request = {"size": 0, "track_total_hits": False, "aggs": {"counts": {"filters": {"filters": filters}}}}
            answer = self._call(lambda request=request: self._client.search(index=self.alias, **request))
            buckets = answer["aggregations"]["counts"]["buckets"]
            counts |= {term: bucket["doc_count"] for term, bucket in buckets.items() if bucket["doc_count"]}
        return counts

    def _pages(self, request: JsonObject, first: int | None = None) -> Iterator[Record]:
        """All pages from one point in time."""
        try:
            for hits in pages(self._connection, self.alias, request, first=first):
                yield from (self._kind.record(hit["_source"]) for hit in hits)
        except elasticsearch.NotFoundError as error:
            raise self._indices.missing(self._kind.name) from error

    # Several indices behind the alias -------------------------------------------------------------------

    def _places(self, ids: Collection[str]) -> dict[str, str]:
        """The index in which each document stands, where there is more than one to choose from."""
        if len(self._indices.backing(self._kind.name)) == 1:
            return {}
        return {one: hit["_index"] for one, hit in self._hits(ids, source=False).items()}

    def _hits(self, ids: Collection[str], *, source: list[str] | bool) -> dict[str, Any]:
        hits: dict[str, Any] = {}
        for hit in self._all_hits(ids, source=source):
            hits.setdefault(hit["_id"], hit)
        return hits

    def _all_hits(self, ids: Collection[str], *, source: list[str] | bool) -> Iterator[Any]:
        """What ``mget`` finds of these ids in each index behind the alias, oldest index first for each id."""
        ordered = sorted(set(ids))
        if not ordered:
            return
        indices = self._indices.backing(self._kind.name)
        for start in range(0, len(ordered), GET_IDS):
            part = ordered[start : start + GET_IDS]
            wanted: JsonObject = {"index": indices[0], "ids": part}
            if len(indices) > 1:
                wanted = {"docs": [{"_index": index, "_id": one} for one in part for index in indices]}
            yield from (hit for hit in self._mget(wanted | {"source": source}) if hit["found"])

    def _mget(self, wanted: JsonObject) -> list[Any]:
        """What there is of documents; asked again while a part of an index is not there yet, after a restart."""
        for pause in pauses(self._connection.patience):
            answer = self._call(lambda: self._client.mget(**wanted))
            errors = [hit["error"] for hit in answer["docs"] if "error" in hit]
            if not errors:
                return list(answer["docs"])
            if any(error["type"] == "index_not_found_exception" for error in errors):
                break
            if pause is None:
                raise StoreUnavailableError(
                    f"Elasticsearch at {self._connection.url} cannot read {self.alias}: {errors[0]['reason']}"
                )
            time.sleep(pause)
        raise self._indices.missing(self._kind.name)

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            return self._connection.call(request)
        except elasticsearch.NotFoundError as error:
            raise self._indices.missing(self._kind.name) from error
