"""Addresses of stores, read from their URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.errors import ConfigurationError

_SQLITE = "sqlite:///"
_HTTP_PORTS = {"http": 9200, "https": 443}
"""Default ports: Elasticsearch's own for plain HTTP, the standard port for HTTPS."""
# Elasticsearch requires index names in lower case and at most 255 bytes. Our suffix is like "-memory-000001".
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,199}")
_NODES = re.compile(r",(?=https?://)")
_CLOUD = "cloud:"
_ALLOWED = (
    "sqlite:///PATH (sqlite:////PATH for an absolute one), http(s)://HOST:PORT of an Elasticsearch (several nodes "
    "separated by commas), or cloud: and a cloud id"
)


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A store in one SQLite file."""

    path: Path

    @property
    def url(self) -> str:
        """The URL as it was given."""
        return f"{_SQLITE}{self.path}"


@dataclass(frozen=True, slots=True)
class ElasticsearchAddress:
    """A store in an Elasticsearch."""

    url: str
    """URL with port, without user and password."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    others: tuple[str, ...] = ()
    """URLs of further nodes of the same cluster, in the same form. The first node's URL identifies the store, also in
    an archive with captures that wait for it."""


def parse_store_url(url: str) -> SqliteAddress | ElasticsearchAddress:
    """Parse a store's URL.

    Raises:
        ConfigurationError: the URL has neither form. The message does not repeat it, since it may hold a password.
    """
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
        if not path or path.endswith("/") or path.startswith(":") or "\0" in path:
            raise ConfigurationError(f"The store's URL names no file. It must be {_ALLOWED}.")
        return SqliteAddress(Path(path))
    if url.startswith(_CLOUD):
        return ElasticsearchAddress(url=_cloud_url(url.removeprefix(_CLOUD)))
    first, *rest = (_node(part) for part in _NODES.split(url))
    if any((node.user, node.password) not in {(None, None), (first.user, first.password)} for node in rest):
        raise ConfigurationError(
            "The nodes in the store's URL have different users. Give user and password in the first node only."
        )
    return replace(first, others=tuple(node.url for node in rest))


def _node(url: str) -> ElasticsearchAddress:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"The store's URL cannot be read. It must be {_ALLOWED}.") from error
    if parts.scheme not in _HTTP_PORTS:
        raise ConfigurationError(f"The store's URL begins with {parts.scheme or 'no'}:. It must be {_ALLOWED}.")
    if not host or parts.query or parts.fragment:
        raise ConfigurationError(f"The store's URL cannot be read. It must be {_ALLOWED}.")
    shown = f"[{host}]" if ":" in host else host
    return ElasticsearchAddress(
        url=f"{parts.scheme}://{shown}:{port or _HTTP_PORTS[parts.scheme]}{parts.path.rstrip('/')}",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def _cloud_url(cloud_id: str) -> str:
    # Imported here: the client takes more than a second to import, and SQLite does not need it.
    from elastic_transport.client_utils import parse_cloud_id  # noqa: PLC0415

    try:
        host, port = parse_cloud_id(cloud_id).es_address or ("", 0)
    except ValueError as error:
        raise ConfigurationError(f"The cloud id in the store's URL cannot be read. It must be {_ALLOWED}.") from error
    if not host:
        raise ConfigurationError(f"The cloud id in the store's URL names no Elasticsearch. It must be {_ALLOWED}.")
    return f"https://{host}:{port}"


def check_prefix(prefix: str) -> str:
    """Return the prefix if index names may begin with it.

    Raises:
        ConfigurationError: index names must not begin with it.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"{prefix!r} cannot be an index prefix. Use lower-case letters, digits, - and _, beginning with a letter "
            "or digit, at most 200 characters."
        )
    return prefix
