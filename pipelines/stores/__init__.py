"""Where everything is kept: one SQLite file, or an Elasticsearch. Both do what ``protocol.Store`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.address import ElasticsearchAddress, check_prefix, parse_store_url

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.stores.protocol import Store


def open_store(
    url: str,
    *,
    api_key: str | None = None,
    ca_file: Path | None = None,
    index_prefix: str = "wirepicket",
    patience: float = 60.0,
) -> Store:
    """The store at a URL. Nothing is contacted or created yet.

    ``sqlite:///PATH`` is a file relative to the working directory, ``sqlite:////PATH`` an absolute one,
    ``http(s)://[USER:PASSWORD@]HOST[:PORT]`` an Elasticsearch (several nodes separated by commas), ``cloud:CLOUD-ID``
    one in Elastic's cloud. ``api_key``, ``ca_file`` (the certificate authority to trust, PEM), ``index_prefix`` and
    ``patience`` (for how many seconds a request is tried again while the server is overloaded or restarting) matter to
    Elasticsearch only.

    Raises:
        ConfigurationError: the URL, the prefix or the file is not usable.
    """
    address = parse_store_url(url)
    if isinstance(address, ElasticsearchAddress):
        # Imported here: the client takes more than a second to import, which users of SQLite need not pay.
        from pipelines.stores.elastic import ElasticsearchStore  # noqa: PLC0415

        return ElasticsearchStore.open(
            address, api_key=api_key, ca_file=ca_file, prefix=check_prefix(index_prefix), patience=patience
        )
    from pipelines.stores.sqlite import SqliteStore  # noqa: PLC0415 - likewise, the other way round

    return SqliteStore(address.path)
