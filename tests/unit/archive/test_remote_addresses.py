from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.archive.remote import remote_address
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_addresses_have_no_slash_at_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for told, address in (
        (None, None),
        ("s3://bucket/warc/", "s3://bucket/warc"),
        ("copies", f"{tmp_path}/copies"),
        ("file:///mnt/copies", "/mnt/copies"),
    ):
        assert remote_address(load_settings(archive_remote=told)) == address


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("gs://bucket/warc", "pip install 'gcsfs'"),
        ("azfs://account/container", "pip install 'adlfs'"),
        ("ftp://host/warc", "known are folders and s3://"),
        ("s3://key:hunter2@bucket/warc", "credentials come from the environment"),
        ("s3://bucket/*", "cannot stand in the address"),
        ("s3://bucket/warc?signature=hunter2", "cannot stand in the address"),
        ("var/archive", "is the archive itself"),
    ],
)
def test_what_is_no_address_is_refused_without_its_secrets(told: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        remote_address(load_settings(archive_remote=told))
    assert "hunter2" not in str(refused.value)
