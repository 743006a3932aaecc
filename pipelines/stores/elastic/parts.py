"""The base of the Elasticsearch store's groups of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.documents import QUARANTINE
from pipelines.stores.elastic.indices import Indices
from pipelines.stores.elastic.lease import Lease
from pipelines.stores.elastic.writer import Documents
from pipelines.stores.rejected import merged, storable_item
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.documents import DocumentKind
    from schemas.records import Quarantined

Record = TypeVar("Record")

MEMORY_LEASE = "memory"


class ElasticPart:
    """A group of methods over one Elasticsearch."""

    def __init__(
        self,
        connection: Connection,
        prefix: str,
        *,
        page_size: int,
        lease_seconds: float,
        roll_over: dict[str, Any] | None = None,
    ) -> None:
        self._connection = connection
        self._indices = Indices(connection, prefix, roll_over)
        self._page_size = page_size
        self._lease = Lease(connection, self._indices, MEMORY_LEASE, lease_seconds)

    def _documents(
        self, kind: DocumentKind[Record], refuse: Callable[[Sequence[Quarantined]], None] | None = None
    ) -> Documents[Record]:
        return Documents(self._connection, self._indices, kind, self._page_size, refuse or self._refuse)

    def _refuse(self, items: Sequence[Quarantined]) -> None:
        """Quarantine items for records that could not be written."""
        if items:
            self._keep_quarantined(items)

    def _keep_quarantined(self, items: Sequence[Quarantined]) -> None:
        by_id: dict[str, Quarantined] = {}
        now = now_utc()
        for item in items:
            fresh = storable_item(item, now)
            document_id = QUARANTINE.id_of(fresh)
            by_id[document_id] = merged(by_id.get(document_id), fresh)

        def merge(existing: Mapping[str, Quarantined]) -> Sequence[Quarantined]:
            return [merged(existing.get(document_id), item) for document_id, item in by_id.items()]

        self._documents(QUARANTINE, self._give_up).merge(by_id, merge)

    def _give_up(self, items: Sequence[Quarantined]) -> None:
        """Raise an error for items that even the quarantine refuses, so that they are not lost: the archive has them.

        Raises:
            StoreUnavailableError: there are such items.
        """
        if items:
            raise StoreUnavailableError(
                f"Elasticsearch at {self._connection.url} refuses to keep quarantined items: {items[0].detail}"
            )
