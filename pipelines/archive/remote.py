"""Remote archives: addresses, and access to their files through fsspec.

An address is a folder (a mount), or names a store of objects by its scheme. Credentials come from the environment, as
each provider's own tools read them.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.archive.copying import CHUNK, Listed
from pipelines.archive.warc import SUFFIX
from pipelines.errors import ConfigurationError, CopyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.config import Settings

_QUERY = re.compile(r"\?[^\s'\">]*")
_BLOCK = 8 * CHUNK
"""Bytes of one request for a part of an object."""
_TIME_KEYS = ("LastModified", "mtime", "updated", "last_modified", "modificationTime")
"""Keys under which fsspec's filesystems give the time of an object's last change."""
_MILLISECONDS = 1e11
"""Numbers above this are times in milliseconds, as WebHDFS gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheme:
    """A kind of object store."""

    protocol: str
    """Name of the filesystem in fsspec's registry."""
    module: str
    """The module that fsspec needs for it."""
    package: str
    """The package to install for it."""
    options: Mapping[str, str]
    """Arguments of the filesystem by the name of the option in ``beam_options`` that sets them."""


_SCHEMES = {
    "s3": _Scheme(
        protocol="s3", module="s3fs", package="wirepicket[s3]", options={"--s3_endpoint_url": "endpoint_url"}
    ),
    "gs": _Scheme(protocol="gs", module="gcsfs", package="gcsfs", options={}),
    "azfs": _Scheme(
        protocol="abfs", module="adlfs", package="adlfs", options={"--blob_service_endpoint": "account_host"}
    ),
    "hdfs": _Scheme(
        protocol="webhdfs",
        module="requests",
        package="requests",
        options={"--hdfs_host": "host", "--hdfs_port": "port", "--hdfs_user": "user"},
    ),
}
_NO_RETRIES = {"s3": {"config_kwargs": {"retries": {"max_attempts": 0}}}}
"""Arguments that keep a client from repeating requests: the next file has its turn first, and the round repeats."""


def remote_address(settings: Settings) -> str | None:
    """Return the address of the remote archive without a slash at its end, or ``None`` where the settings name none.

    Raises:
        ConfigurationError: the address is not one of an archive, or a package for it is not installed.
    """
    given = settings.archive_remote
    if given is None:
        return None
    scheme, colon, rest = given.partition("://")
    if not colon or scheme == "file":
        folder = Path(rest if colon else given).absolute()
        if folder.resolve() == settings.archive.resolve():
            raise ConfigurationError(f"archive_remote: {given} is the archive itself; name another folder")
        return _plain(str(folder))
    if scheme not in _SCHEMES:
        known = ", ".join(f"{name}://" for name in _SCHEMES)
        raise ConfigurationError(f"archive_remote: {scheme}:// is unknown; known are folders and {known}")
    if "@" in urlsplit(given).netloc:
        raise ConfigurationError(
            "archive_remote: an address with user or password in it; credentials come from the environment "
            "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what else the provider's tools read)"
        )
    if not _installed(_SCHEMES[scheme].module):
        package = _SCHEMES[scheme].package
        raise ConfigurationError(f"archive_remote: {scheme}:// needs a further package: pip install '{package}'")
    return _plain(given)


def _plain(address: str) -> str:
    if wildcards := set(address) & set("*?[#"):
        raise ConfigurationError(f"archive_remote: {wildcards.pop()!r} cannot stand in the address of an archive")
    return address.rstrip("/")


def _installed(module: str) -> bool:
    with suppress(ModuleNotFoundError):  # of the package that the module is in
        return find_spec(module) is not None
    return False


class FilesystemArchive:
    """A remote archive on a filesystem of fsspec. Its methods raise ``CopyError``."""

    def __init__(self, address: str, options: Sequence[str] = ()) -> None:
        """Keep the address; ``options`` are those of ``beam_options`` that concern its filesystem."""
        self._address = address
        self._filesystem, self._path = _filesystem(address, options)

    def listed(self) -> dict[str, Listed]:
        """Return its WARC files by name. An archive that does not exist yet is empty."""
        with _as_copy_error(self._address):
            try:
                entries = self._filesystem.ls(self._path, detail=True)
            except FileNotFoundError:
                return {}
            return {
                name: Listed(entry["size"], _updated(entry))
                for entry in entries
                if entry["type"] == "file" and (name := entry["name"].rpartition("/")[2]).endswith(SUFFIX)
            }

    def read(self, name: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a file from an offset on."""
        path = f"{self._path}/{name}"
        with _as_copy_error(f"{self._address}/{name}"), self._filesystem.open(path, "rb", block_size=_BLOCK) as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file, in place of a file of that name."""
        path = f"{self._path}/{name}"
        with _as_copy_error(f"{self._address}/{name}"), self._filesystem.open(path, "wb") as file:
            for chunk in chunks:
                file.write(chunk)


def _filesystem(address: str, options: Sequence[str]) -> tuple[Any, str]:
    """Return the filesystem of an address, and the path there."""
    import fsspec  # noqa: PLC0415 - only the process that copies needs it

    scheme, colon, rest = address.partition("://")
    if not colon:
        return fsspec.filesystem("file", auto_mkdir=True), address
    kind = _SCHEMES[scheme]
    given = dict(option.partition("=")[::2] for option in options)
    arguments: dict[str, Any] = {name: given[option] for option, name in kind.options.items() if option in given}
    if scheme == "azfs":
        account, _, rest = rest.partition("/")
        arguments |= {"account_name": account}
    elif scheme == "hdfs":
        rest = f"/{rest}"
    arguments |= _NO_RETRIES.get(scheme, {})
    filesystem = fsspec.filesystem(kind.protocol, use_listings_cache=False, skip_instance_cache=True, **arguments)
    if scheme == "s3":
        filesystem.retries = 1
    return filesystem, rest


def _updated(entry: Mapping[str, Any]) -> float:
    """Return the time of an object's last change in seconds since 1970; 0 where the filesystem does not give it."""
    value = next((entry[key] for key in _TIME_KEYS if entry.get(key)), 0.0)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) / (1000 if value > _MILLISECONDS else 1)


@contextmanager
def _as_copy_error(path: str) -> Iterator[None]:
    try:
        yield
    except CopyError:
        raise
    except Exception as error:  # each filesystem has errors of its own
        raise CopyError(f"{path}: {_on_one_line(error)}") from error


def _on_one_line(error: Exception) -> str:
    """Return an error's message on one line, without the queries of addresses, which may hold signatures."""
    text = str(error.strerror if isinstance(error, OSError) and error.strerror else error) or type(error).__name__
    return _QUERY.sub("?…", " ".join(text.split()))
