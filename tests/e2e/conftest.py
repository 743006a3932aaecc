"""The program as a user starts it: a working directory of its own, its arguments, its streams and its exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from flows import cli
from pipelines.stores import open_store
from pipelines.telemetry.counts import add_counts
from tests.http_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).parent / "wirepicket"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The summary object of ``run --json``: all that standard output holds."""
        return dict(json.loads(self.out))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def captured() -> io.TextIOWrapper:
    """Return a stream that keeps what is written to it, as text or as bytes."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def written(stream: io.TextIOWrapper) -> str:
    """Return all that was written to a captured stream."""
    kept = stream.buffer
    assert isinstance(kept, io.BytesIO)
    return kept.getvalue().decode("utf-8")


@dataclass(frozen=True, slots=True)
class Program:
    """The program, with a working directory and an environment of its own.

    ``program("run", …)`` runs a command within this process, which saves seconds of imports.
    ``program.process("run", …)`` starts a process: where signals, logs, metrics or the start itself are the point.
    """

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str | Path, **environment: str) -> Ran:
        with (
            patch.dict(os.environ, self.environment | environment, clear=True),
            patch.object(sys, "argv", ["wirepicket", *map(str, arguments)]),
            patch.object(sys, "stdout", captured()) as out,
            patch.object(sys, "stderr", captured()) as err,
            contextlib.chdir(self.folder),
            warnings.catch_warnings(action="ignore"),  # those of libraries, as in a process
        ):
            try:
                cli.main()
                code: object = 0
            except SystemExit as leaving:
                code = leaving.code or 0
        assert isinstance(code, int)
        return Ran(code, written(out), written(err))

    def process(self, *arguments: str | Path, **environment: str) -> Ran:
        """Run a command in a process."""
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def exported(self, what: str, *more: str) -> list[dict[str, Any]]:
        ran = self("export", what, *more)
        assert ran.code == 0, ran.err
        return ran.lines


def counters(program: Program, home: str) -> dict[str, int]:
    """What Beam has counted in all runs of a home folder."""
    with open_store(f"sqlite:///{program.folder / home / 'wirepicket.db'}") as store:
        counted = add_counts(*(run.counters for run in store.last_runs(100)))
    return {f"{one.step}.{one.element}": one.count for one in counted}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """In an empty folder, without anybody's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIREPICKET_", "PREFECT_"))}
    (tmp_path / "home").mkdir()
    return Program(tmp_path, kept | {"HOME": str(tmp_path / "home"), "WIREPICKET_ALLOW_NETS": "127.0.0.0/8"})


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server
