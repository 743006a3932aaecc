"""Seen captures, quarantine, feeds and runs, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import FEEDS, QUARANTINE, RUNS, SEEN, hashed
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.rejected import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from schemas.records import FeedState, Quarantined, RunRecord, SeenCapture

_BY_KEY = [{"url.full": "asc"}, {"stage": "asc"}, {"reason": "asc"}, {"sort_key": "asc"}]
_URLS = 1_000
"""Addresses in one search; each is a term of the query."""
_LATEST_FIRST = [{"@timestamp": "desc"}, {"id": "desc"}]


class OperationDocuments(ElasticPart):
    """The indices ``seen``, ``quarantine``, ``feeds`` and ``runs``."""

    def seen(self, urls: Collection[str]) -> dict[str, SeenCapture]:
        captures = self._documents(SEEN).records([hashed(url) for url in urls])
        return {capture.url: capture for capture in captures.values()}

    def mark_seen(self, captures: Sequence[SeenCapture]) -> None:
        latest: dict[str, SeenCapture] = {}
        for capture in captures:
            document_id = SEEN.id_of(capture)
            latest[document_id] = max(capture, latest.get(document_id, capture), key=_age)

        def merge(existing: Mapping[str, SeenCapture]) -> Sequence[SeenCapture]:
            return [
                max(capture, existing.get(document_id, capture), key=_age) for document_id, capture in latest.items()
            ]

        self._documents(SEEN).merge(latest, merge)

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        self._refuse(items)

    def iter_quarantine(self, *, closed: bool = False) -> Iterator[Quarantined]:
        items = self._documents(QUARANTINE).search({"match_all": {}}, sort=_BY_KEY)
        return (item for item in items if closed or item.is_open)

    def amend_quarantine(
        self, urls: Collection[str], amend: Callable[[Quarantined], Quarantined | None]
    ) -> list[Quarantined]:
        documents = self._documents(QUARANTINE, self._give_up)
        stored_urls = sorted({storable(url) for url in urls})
        changed: dict[str, Quarantined] = {}
        removed: dict[str, Quarantined] = {}

        def merge(existing: Mapping[str, Quarantined]) -> Sequence[Quarantined]:
            amended = {document_id: amend(item) for document_id, item in existing.items()}
            changed.update(
                {document_id: item for document_id, item in amended.items() if item and item != existing[document_id]}
            )
            removed.update(
                {document_id: existing[document_id] for document_id, item in amended.items() if item is None}
            )
            return [item for item in amended.values() if item]

        for start in range(0, len(stored_urls), _URLS):
            query = {"terms": {"url.full": stored_urls[start : start + _URLS]}}
            documents.merge([QUARANTINE.id_of(item) for item in documents.search(query)], merge)
        documents.delete(removed)
        return sorted([*changed.values(), *removed.values()], key=lambda item: item.key)

    def feed_states(self, urls: Collection[str] | None = None) -> dict[str, FeedState]:
        documents = self._documents(FEEDS)
        if urls is None:
            return {state.url: state for state in documents.search({"match_all": {}})}
        states = documents.records([hashed(url) for url in urls])
        return {state.url: state for state in states.values()}

    def put_feed_states(self, states: Sequence[FeedState]) -> None:
        self._documents(FEEDS).put(states)

    def put_run(self, run: RunRecord) -> None:
        self._documents(RUNS).put([run])

    def last_runs(self, count: int) -> list[RunRecord]:
        return list(self._documents(RUNS).search({"match_all": {}}, sort=_LATEST_FIRST, limit=count))


def _age(capture: SeenCapture) -> tuple[object, str]:
    """Return the key by which captures are compared; of equal ones ``max`` takes the first, which is written last."""
    return (capture.fetched_at, capture.archive_record)
