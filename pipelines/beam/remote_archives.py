"""Addresses of remote archives and the packages that they need. Does not import Beam."""

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
"""By scheme: the module that Beam's filesystem imports, and the package to install for it."""


def remote_address(settings: Settings) -> str | None:
    """Return the address of the remote archive, in Beam's form, without a slash at its end; ``None`` without one.

    Raises:
        ConfigurationError: the setting is not the address of an archive, or a package for it is not installed.
    """
    address = settings.archive_remote
    if address is None:
        return None
    scheme, colon, rest = address.partition("://")
    if not colon or scheme == "file":
        folder = Path(rest if colon else address).absolute()
        if folder.resolve() == settings.archive.resolve():
            raise ConfigurationError(f"archive_remote: {address} is the archive itself; name another folder")
        return _checked(str(folder))
    if scheme not in _NEEDED:
        known = ", ".join(f"{name}://" for name in _NEEDED)
        raise ConfigurationError(f"archive_remote: {scheme}:// is unknown; known are folders and {known}")
    if "@" in urlsplit(address).netloc:
        raise ConfigurationError(
            "archive_remote: the address contains a user or password; give credentials in the environment "
            "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the variables that the provider's tools read)"
        )
    module, extra = _NEEDED[scheme]
    if not _installed(module):
        raise ConfigurationError(f"archive_remote: {scheme}:// needs another package: pip install '{extra}'")
    return _checked(address)


def _checked(address: str) -> str:
    if characters := set(address) & set("*?[#"):
        raise ConfigurationError(f"archive_remote: {characters.pop()!r} must not be in the address of an archive")
    return address.rstrip("/")


def _installed(module: str) -> bool:
    with suppress(ModuleNotFoundError):  # raised if the package of the module is missing
        return find_spec(module) is not None
    return False
