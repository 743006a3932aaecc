"""What a stream says and does when its pipeline ends by itself."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from flows import stream as streams
from flows.inputs import Inputs
from flows.progress import Reporter
from flows.stream import StreamRun
from pipelines.archive.pending import store_key
from pipelines.archive.warc import ArchiveWriter
from pipelines.archive.watch import Watch
from pipelines.beam.launch_stream import WindowReport
from pipelines.config import load_settings
from pipelines.stores import open_store
from schemas.records import Capture, MediaKind, now_utc

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Said(Reporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines += message.splitlines()


class Patience(threading.Event):
    """Set after so many processes; waits for nothing, and keeps how long it was to wait for the next."""

    def __init__(self, processes: int) -> None:
        super().__init__()
        self._left = processes
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None and timeout != streams.CHECK_SECONDS:
            self.pauses.append(timeout)
            self._left -= 1
            if not self._left:
                self.set()
        return self.is_set()


class Ended:
    """A process of the pipeline which has processed a number of captures and broken off."""

    log = "beam.log"
    ended = True
    done: tuple[int, ...] = ()
    begun = 0

    def __init__(self, *_: object, **__: object) -> None:
        type(self).begun += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def stop(self) -> None: ...

    def reports(self) -> list[WindowReport]:
        captures = self.done[self.begun - 1]
        return [WindowReport(captures=captures, new=captures)] if captures else []

    def failure(self) -> tuple[str, bool]:
        return f"KeyError: 'number {self.begun}'", self.begun == len(self.done)


def test_a_pipeline_that_breaks_off_is_said_counted_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.yaml").write_text("- {id: rockets, query: HIMARS}\n", encoding="utf-8")
    settings = load_settings(home=tmp_path / "var", metrics_file=tmp_path / "metrics.prom")
    process: Any = type("Process", (Ended,), {"done": (3, 0, 0, 2, 0)})
    monkeypatch.setattr(streams, "StreamProcess", process)
    said, stop = Said(), Patience(5)
    inputs = Inputs.of([], [], tmp_path / "rules.yaml", "inprocess", settings)
    StreamRun(settings=settings, inputs=inputs, reporter=said, stop=stop, notify=False).run()
    broke = [line for line in said.lines if "KeyError" in line]
    assert broke[0] == "wirepicket: the pipeline failed (its log is beam.log): KeyError: 'number 1'"
    assert [" times in a row without progress" in line for line in broke] == [False, True, True, False, True]
    assert "3 times in a row" in broke[2]
    assert broke[4].startswith("wirepicket: the store cannot be used, 2 times in a row")
    assert stop.pauses == [1, 2, 4, 1, 2]
    assert any(line.endswith("wait in the archive; trying again in 4 s.") for line in said.lines)
    assert 'wirepicket_step_failures_total{step="pipeline"} 5.0' in (tmp_path / "metrics.prom").read_text()


def test_what_is_older_than_the_archive_is_to_hold_goes_once_it_was_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.yaml").write_text("- {id: rockets, query: HIMARS}\n", encoding="utf-8")
    settings = load_settings(home=tmp_path / "var", archive_days=2)
    process: Any = type("Process", (Ended,), {"done": (0,)})
    monkeypatch.setattr(streams, "StreamProcess", process)

    def write(name: str, days: int) -> str:
        with ArchiveWriter(settings.archive) as writer:
            at = now_utc() - timedelta(days=days)
            return writer.write(Capture(url=name, fetched_at=at, kind=MediaKind.TEXT, body=name.encode())).file

    old, young = write("seed:old", 3), write("seed:young", 1)
    with open_store(settings.store_url) as store:
        key = store_key(store.url, settings.index_prefix)
    with Watch(settings.archive, key) as watch:
        for handed in watch.hand_out(10):
            watch.taken(handed.id)
    waiting = write("seed:waiting", 3)
    inputs = Inputs.of([], [], tmp_path / "rules.yaml", "inprocess", settings)
    StreamRun(settings=settings, inputs=inputs, reporter=Said(), stop=Patience(1), notify=False).run()
    assert {path.name for path in settings.archive.glob("*.gz")} == {young, waiting}, f"{old} is gone"
