"""Reading of documents of one kind, by id and by search, over all indices behind the alias."""

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
"""Ids in one ``mget`` request."""
COUNTED = 2_000
"""Terms counted in one search."""


@dataclass(frozen=True, slots=True)
class VersionedRecord(Generic[Record]):
    """A document as it was read, with its index and version for a compare-and-set."""

    record: Record
    index: str
    seq_no: int
    primary_term: int


class DocumentReader(Generic[Record]):
    """A reader of the documents of one kind."""

    def __init__(self, connection: Connection, indices: Indices, kind: DocumentKind[Record], page_size: int) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._kind = kind
        self._page_size = page_size

    @property
    def alias(self) -> str:
        """The write alias of the kind."""
        return self._indices.alias(self._kind.name)

    def get(self, ids: Collection[str]) -> dict[str, VersionedRecord[Record]]:
        """Return documents by id, in real time: sees every earlier write."""
        return {
            document_id: VersionedRecord(
                record=self._kind.record(hit["_source"]),
                index=hit["_index"],
                seq_no=hit["_seq_no"],
                primary_term=hit["_primary_term"],
            )
            for document_id, hit in self._hits(ids, source=["record"]).items()
        }

    def records(self, ids: Collection[str]) -> dict[str, Record]:
        """Return records by document id, in real time."""
        return {document_id: version.record for document_id, version in self.get(ids).items()}

    def search(
        self,
        query: JsonObject,
        *,
        sort: Sequence[JsonObject] | None = None,
        limit: int | None = None,
        first: int | None = None,
    ) -> Iterator[Record]:
        """Yield the records that match, in the order of the kind's sort field or of ``sort``, which must be total.

        Sees every earlier write, and the state of one moment whatever the number of pages. ``first`` is the size of
        the first page, for readers who may need no more.
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
            # One page is the state of one moment anyway.
            yield from (self._kind.record(hit["_source"]) for hit in hits)
            return
        yield from islice(self._pages(request), limit)

    def counts(self, field: str, terms: Collection[str]) -> dict[str, int]:
        """Return the number of documents with each term, for the terms that occur. Sees every earlier write."""
        counts: dict[str, int] = {}
        ordered = sorted(set(terms))
        if ordered:
            self._indices.refresh(self._kind.name)
        for start in range(0, len(ordered), COUNTED):
            # A terms aggregation would read each of the documents with any of the terms.
            filters = {term: {"term": {field: term}} for term in ordered[start : start + COUNTED]}
            request = {"size": 0, "track_total_hits": False, "aggs": {"counts": {"filters": {"filters": filters}}}}
            answer = self._call(lambda request=request: self._client.search(index=self.alias, **request))
            buckets = answer["aggregations"]["counts"]["buckets"]
            counts |= {term: bucket["doc_count"] for term, bucket in buckets.items() if bucket["doc_count"]}
        return counts

    def _pages(self, request: JsonObject, first: int | None = None) -> Iterator[Record]:
        """Yield the records of all pages, from one point in time."""
        try:
            for hits in pages(self._connection, self.alias, request, first=first):
                yield from (self._kind.record(hit["_source"]) for hit in hits)
        except elasticsearch.NotFoundError as error:
            raise self._indices.missing(self._kind.name) from error

    # Several indices behind the alias -------------------------------------------------------------------

    def _indices_of(self, ids: Collection[str]) -> dict[str, str]:
        """Return the index of each existing document, or nothing if the alias has a single index."""
        if len(self._indices.backing(self._kind.name)) == 1:
            return {}
        return {document_id: hit["_index"] for document_id, hit in self._hits(ids, source=False).items()}

    def _hits(self, ids: Collection[str], *, source: list[str] | bool) -> dict[str, Any]:
        hits: dict[str, Any] = {}
        for hit in self._all_hits(ids, source=source):
            hits.setdefault(hit["_id"], hit)
        return hits

    def _all_hits(self, ids: Collection[str], *, source: list[str] | bool) -> Iterator[Any]:
        """Yield the hits of ``mget`` for these ids in each index behind the alias, oldest index first for each id."""
        ordered = sorted(set(ids))
        if not ordered:
            return
        indices = self._indices.backing(self._kind.name)
        for start in range(0, len(ordered), GET_IDS):
            part = ordered[start : start + GET_IDS]
            wanted: JsonObject = {"index": indices[0], "ids": part}
            if len(indices) > 1:
                wanted = {"docs": [{"_index": index, "_id": document_id} for document_id in part for index in indices]}
            yield from (hit for hit in self._mget(wanted | {"source": source}) if hit["found"])

    def _mget(self, wanted: JsonObject) -> list[Any]:
        """Return the response for each document; retry while a shard is not available yet, after a restart."""
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
