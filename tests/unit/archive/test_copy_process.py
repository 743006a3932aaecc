from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipelines.archive import copy_process
from pipelines.archive.copy_process import Copying
from pipelines.archive.copying import Copied
from pipelines.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

NAME = "1.warc.gz"


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


def test_a_process_that_dies_is_told_of_and_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_process, "RESTART_SECONDS", 0.0)
    settings, remote = load_settings(home=tmp_path / "var"), tmp_path / "remote"
    remote.mkdir()
    told: list[Copied] = []
    with Copying(settings, str(remote), sends=False) as copying:

        def heard() -> list[Copied]:
            told.extend(copying.reports())
            return told

        until(lambda: bool(copying.reports()))
        copying._child.kill()
        until(lambda: bool(heard()))
        assert told == [Copied(problems=(f"copying broke off: exit code -9; its log is {copying.log}",))]
        (remote / NAME).write_bytes(b"x")
        until(lambda: bool(heard()[-1].files))
    assert (settings.archive / NAME).read_bytes() == b"x"
    assert copying._child.exit_code is not None


def test_what_sends_does_the_rest_before_it_ends(tmp_path: Path) -> None:
    settings, remote = load_settings(home=tmp_path / "var"), tmp_path / "remote"
    settings.archive.mkdir(parents=True)
    (settings.archive / NAME).write_bytes(b"x")
    with Copying(settings, str(remote), sends=True) as copying:
        sent = copying.finish()  # before it has even begun
        assert (sent.files, sent.bytes, sent.problems) == (1, 1, ())
    with Copying(settings, str(remote), sends=True) as copying:
        copying._child.kill()
        (problem,) = copying.finish().problems
        assert problem.startswith("copying broke off: exit code -9; its log is ")
    assert (remote / NAME).read_bytes() == b"x"
