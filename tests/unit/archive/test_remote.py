"""Files of a remote archive, on the local filesystem."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.archive import remote
from pipelines.archive.copying import Listed
from pipelines.archive.remote import FilesystemArchive
from pipelines.errors import CopyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "1.warc.gz"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_files_are_listed_read_and_written_as_they_are(tmp_path: Path) -> None:
    archive = FilesystemArchive(str(tmp_path / "remote"))
    assert archive.listed() == {}
    archive.write(NAME, [b"not ", b"gzip"])
    (tmp_path / "remote" / "notes.txt").touch()
    (tmp_path / "remote" / "below").mkdir()
    (tmp_path / "remote" / "below" / NAME).touch()
    changed = (tmp_path / "remote" / NAME).stat().st_mtime
    assert archive.listed() == {NAME: Listed(8, changed)}
    assert b"".join(archive.read(NAME, 4)) == b"gzip"
    with pytest.raises(CopyError, match="No such file"):
        next(archive.read("2.warc.gz", 0))


def test_a_fault_of_this_side_is_no_fault_of_the_remote_archive(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise CopyError("disk gone")

    with pytest.raises(CopyError, match=r"^disk gone$"):
        FilesystemArchive(str(tmp_path)).write(NAME, broken())


def test_an_error_is_one_line_without_the_query_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FilesystemArchive(str(tmp_path))

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no answer from\nhttp://h/b?X-Amz-Signature=secret")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.ls", refuse)
    with pytest.raises(CopyError, match="no answer from http://h/b") as refused:
        archive.listed()
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"LastModified": NOON},
        {"mtime": NOON.timestamp()},
        {"updated": "2026-06-01T12:00:00Z"},
        {"modificationTime": int(NOON.timestamp() * 1000)},
    ],
)
def test_the_time_of_the_last_change_is_read_from_every_filesystem(entry: dict[str, Any]) -> None:
    assert remote._updated(entry) == NOON.timestamp()


def test_an_object_without_a_time_has_none() -> None:
    assert remote._updated({"size": 1}) == 0


@dataclass(frozen=True)
class Given:
    """An address with its options, and the filesystem and path that they lead to."""

    address: str
    options: tuple[str, ...]
    protocol: str
    arguments: Mapping[str, str]
    path: str


@pytest.mark.parametrize(
    "given",
    [
        Given(
            "s3://bucket/warc", ("--s3_endpoint_url=http://h:1",), "s3", {"endpoint_url": "http://h:1"}, "bucket/warc"
        ),
        Given("gs://bucket/warc", ("--runner=x",), "gs", {}, "bucket/warc"),
        Given("azfs://me/box/warc", (), "abfs", {"account_name": "me"}, "box/warc"),
        Given("hdfs://warc", ("--hdfs_host=h", "--hdfs_user=u"), "webhdfs", {"host": "h", "user": "u"}, "/warc"),
    ],
    ids=lambda given: given.protocol,
)
def test_options_reach_the_filesystem_of_an_address(monkeypatch: pytest.MonkeyPatch, given: Given) -> None:
    made: list[tuple[str, dict[str, Any]]] = []

    class Filesystem:
        def __init__(self, protocol: str, **arguments: Any) -> None:
            made.append((protocol, arguments))

    monkeypatch.setattr("fsspec.filesystem", Filesystem)
    assert remote._filesystem(given.address, given.options)[1] == given.path
    ((protocol, arguments),) = made
    assert protocol == given.protocol
    assert given.arguments.items() <= arguments.items()
