"""Storage of results and memory: one SQLite file, or Elasticsearch. Both implement ``protocol.Store``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - a field's type
from typing import TYPE_CHECKING, Self

from pipelines.stores.address import ElasticsearchAddress, check_prefix, parse_store_url

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """The address of a store and its connection options. Only Elasticsearch uses the options other than ``url``."""

    url: str = field(repr=False)
    """``sqlite:///PATH`` is a file relative to the working directory, ``sqlite:////PATH`` an absolute one,
    ``http(s)://[USER:PASSWORD@]HOST[:PORT]`` an Elasticsearch (several nodes separated by commas), ``cloud:CLOUD-ID``
    an Elasticsearch in Elastic's cloud."""
    api_key: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Certificate authority to trust, PEM."""
    index_prefix: str = "wirepicket"
    patience: float = 60.0
    """Seconds for which a request is retried while the server is overloaded or restarting."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the configuration of the store that settings name."""
        return cls(
            url=settings.store_url,
            api_key=settings.elastic_api_key,
            ca_file=settings.ca_file,
            index_prefix=settings.index_prefix,
            patience=settings.store_patience,
        )

    def open(self) -> Store:
        """Return the store without contacting or creating anything.

        Raises:
            ConfigurationError: the URL, the prefix or the CA file is not usable.
        """
        address = parse_store_url(self.url)
        if isinstance(address, ElasticsearchAddress):
            # Imported here: the client takes more than a second to import, and SQLite does not need it.
            from pipelines.stores.elastic import ElasticsearchStore  # noqa: PLC0415

            return ElasticsearchStore.open(
                address,
                api_key=self.api_key,
                ca_file=self.ca_file,
                prefix=check_prefix(self.index_prefix),
                patience=self.patience,
            )
        from pipelines.stores.sqlite import SqliteStore  # noqa: PLC0415 - not needed for Elasticsearch

        return SqliteStore(address.path)


def open_store(url: str, *, index_prefix: str = "wirepicket") -> Store:
    """Return the store at a URL: see ``StoreConfig``."""
    return StoreConfig(url=url, index_prefix=index_prefix).open()
