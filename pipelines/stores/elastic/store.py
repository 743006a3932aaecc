"""The Elasticsearch store, composed of its groups of methods. ``protocol.Store`` documents each method."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pipelines.stores.elastic.alerts import AlertDocuments
from pipelines.stores.elastic.articles import ArticleDocuments
from pipelines.stores.elastic.connection import PATIENCE, Connection
from pipelines.stores.elastic.lease import EXPIRY_SECONDS
from pipelines.stores.elastic.memory import MemoryDocuments
from pipelines.stores.elastic.migrate import migrate, outdated_indices
from pipelines.stores.elastic.names import IdLookup
from pipelines.stores.elastic.operations import OperationDocuments
from pipelines.stores.elastic.sources import SourceDocuments
from pipelines.stores.elastic.templates import Templates
from pipelines.stores.searching import Searching
from schemas.store_forms import elasticsearch_kinds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from pipelines.stores.address import ElasticsearchAddress

PAGE_SIZE = 1_000
"""Documents in one page of a search: at most some 20 MB. Elasticsearch itself refuses more than 10,000."""


class ElasticsearchStore(
    ArticleDocuments, MemoryDocuments, AlertDocuments, OperationDocuments, SourceDocuments, IdLookup, Searching
):
    """The indices of one prefix. Safe for several threads; several processes may use them at once."""

    @classmethod
    def open(
        cls,
        address: ElasticsearchAddress,
        *,
        prefix: str,
        api_key: str | None = None,
        ca_file: Path | None = None,
        page_size: int = PAGE_SIZE,
        patience: float = PATIENCE,
        lease_seconds: float = EXPIRY_SECONDS,
        roll_over: dict[str, Any] | None = None,
    ) -> Self:
        """Return a store at this address without contacting the server.

        ``patience`` is the number of seconds for which a request is retried, ``lease_seconds`` the number of seconds
        after which the holder of a lease counts as dead. ``roll_over`` has the conditions of Elasticsearch's roll-over
        API under which a kind continues in a new index.
        """
        connection = Connection(address, api_key=api_key, ca_file=ca_file, patience=patience)
        return cls(connection, prefix, page_size=page_size, lease_seconds=lease_seconds, roll_over=roll_over)

    @property
    def url(self) -> str:
        return self._connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._connection.close()

    def setup(self) -> None:
        Templates(self._connection, self._indices).set_up()

    def outdated(self) -> tuple[str, ...]:
        return tuple(state.name for state in outdated_indices(self._indices))

    def migrate(self, report: Callable[[str], None]) -> None:
        migrate(self._connection, self._indices, report)

    def maintain(self) -> None:
        Templates(self._connection, self._indices).maintain()

    def refresh(self) -> None:
        self._indices.refresh(*elasticsearch_kinds())
