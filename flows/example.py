"""The shipped example, and its home folder: it is never mixed with other data."""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.inputs import store_of
from flows.shipped import EXAMPLE, shipped
from pipelines.errors import StoreUnavailableError
from pipelines.identify.url import SEED_SCHEME
from pipelines.seeds.files import seed_files
from pipelines.stores.address import SqliteAddress, parse_store_url

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store

_PREFIX = "wirepicket-example-"


def example_settings(settings: Settings) -> Settings:
    """Return the settings for the example: the given ones, or with a temporary home folder.

    The temporary home is used if a store is configured, or if the default store holds anything but the example. Then
    nothing is sent to channels or to a remote archive.

    Raises:
        ConfigurationError: the address of the configured store is invalid.
    """
    address = parse_store_url(settings.store_url)
    if settings.store is None and isinstance(address, SqliteAddress) and _holds_nothing_else(address, settings):
        return settings
    home = Path(tempfile.mkdtemp(prefix=_PREFIX))
    apart: dict[str, Any] = {"home": home, "store": None, "channels": {}, "failures": None, "archive_remote": None}
    return settings.model_copy(update=apart)


def _holds_nothing_else(address: SqliteAddress, settings: Settings) -> bool:
    if not address.path.exists():
        return not any(settings.archive.glob("*.warc.gz"))
    try:
        with store_of(settings) as store:
            store.setup()
            return _is_the_example(store)
    except StoreUnavailableError:
        return False


def _is_the_example(store: Store) -> bool:
    """Return whether a store holds nothing but what the files of the example name."""
    files = list(seed_files([shipped(EXAMPLE)]))
    content = b"\n".join(path.read_bytes() for path in files)
    names = {SEED_SCHEME + path.name for path in files}

    def known(url: str) -> bool:
        return url in names or url.encode("utf-8", "replace") in content

    urls = chain(
        (article.content.url for article in store.iter_articles()),
        (item.url for item in store.iter_quarantine(closed=True)),
        store.feed_states(),
    )
    return all(map(known, urls))
