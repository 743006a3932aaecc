"""The edge to Beam's filesystems, on the local one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from apache_beam.io.filesystem import BeamIOError
from apache_beam.utils.retry import with_exponential_backoff

from pipelines.archive.copying import Listed
from pipelines.beam.remote import BeamArchive
from pipelines.errors import CopyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "1.warc.gz"


def test_files_are_listed_read_and_written_as_they_are(tmp_path: Path) -> None:
    place = BeamArchive(str(tmp_path / "remote"), [])
    assert place.listed() == {}
    place.write(NAME, [b"not ", b"gzip"])
    (tmp_path / "remote" / "notes.txt").touch()
    (tmp_path / "remote" / "below").mkdir()
    (tmp_path / "remote" / "below" / NAME).touch()
    changed = (tmp_path / "remote" / NAME).stat().st_mtime
    assert place.listed() == {NAME: Listed(8, changed)}
    assert b"".join(place.read(NAME, 4)) == b"gzip"
    with pytest.raises(CopyError, match="No such file"):
        next(place.read("2.warc.gz", 0))


def test_what_cannot_be_read_here_is_no_fault_of_the_place(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise CopyError("disk gone")

    with pytest.raises(CopyError, match=r"^disk gone$"):
        BeamArchive(str(tmp_path), []).write(NAME, broken())


def test_an_error_is_said_on_a_line_and_without_the_query_of_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = BeamArchive(str(tmp_path), [])

    def refuse(*_: object, **__: object) -> None:
        raise BeamIOError("Match failed", {"s3://b": OSError("no answer from\nhttp://h/b?X-Amz-Signature=secret")})

    monkeypatch.setattr("apache_beam.io.filesystems.FileSystems.match", refuse)
    with pytest.raises(CopyError, match="no answer from http://h/b") as told:
        place.listed()
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_beams_clients_do_not_sleep_over_a_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Else this would take an hour; and it holds Beam to the hook we hang ourselves to."""
    BeamArchive(str(tmp_path), [])
    asked = []

    @with_exponential_backoff(initial_delay_secs=3_600)
    def ask() -> None:
        asked.append(1)
        raise ConnectionError("gone")

    caplog.set_level(logging.WARNING)
    with pytest.raises(ConnectionError, match="gone"):
        ask()
    assert asked == [1]
