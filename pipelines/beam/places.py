"""Remote archives: which addresses there are, and what each needs. Does not import Beam."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.config import Settings

_NEEDED = {
    "s3": ("boto3", "wirepicket[s3]"),
    "gs": ("google.cloud.storage", "apache-beam[gcp]"),
    "azfs": ("azure.storage.blob", "apache-beam[azure]"),
    "hdfs": ("hdfs", "apache-beam[hadoop]"),
}
"""By scheme: the module with which Beam speaks to it, and what brings that."""


def remote_archive(settings: Settings) -> str | None:
    """The address of the remote archive, as Beam takes it, without a slash at its end; ``None`` where there is none.

    Raises:
        ConfigurationError: it is no address of an archive, or what is needed for it is not installed.
    """
    told = settings.archive_remote
    if told is None:
        return None
    scheme, colon, rest = told.partition("://")
    if not colon or scheme == "file":
        folder = Path(rest if colon else told).absolute()
        if folder.resolve() == settings.archive.resolve():
            raise ConfigurationError(f"archive_remote: {told} is the archive itself; name another place")
        return _plain(str(folder))
    if scheme not in _NEEDED:
        known = ", ".join(f"{one}://" for one in _NEEDED)
        raise ConfigurationError(f"archive_remote: {scheme}:// is unknown; known are folders and {known}")
    if "@" in urlsplit(told).netloc:
        raise ConfigurationError(
            "archive_remote: an address with user or password in it; credentials come from the environment "
            "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what else the provider's tools read)"
        )
    module, extra = _NEEDED[scheme]
    if not _installed(module):
        raise ConfigurationError(f"archive_remote: {scheme}:// needs a package more: pip install '{extra}'")
    return _plain(told)


def _plain(address: str) -> str:
    if found := set(address) & set("*?[#"):
        raise ConfigurationError(f"archive_remote: {found.pop()!r} cannot stand in the address of an archive")
    return address.rstrip("/")


def _installed(module: str) -> bool:
    with suppress(ModuleNotFoundError):  # of the package that the module is in
        return find_spec(module) is not None
    return False
