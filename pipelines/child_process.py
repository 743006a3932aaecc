"""A process of our own that does a job and reports on it, line by line, on its standard output.

The job is a record in a folder that the child gets as its argument; results may be written into the same folder.
Settings, secrets among them, go by the environment and so never stand in a list of processes.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from pipelines.telemetry.tracing import child_environment
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import BinaryIO

    from pipelines.config import Settings

JOB_NAME = "job.json"
"""File with the job, in the child's folder."""
ERROR_NAME = "error"
"""File in which the child writes what went wrong."""


class ChildProcess:
    """A child process with its job. Use as a context manager: leaving it ends the process and what it has started."""

    def __init__(
        self, module: Sequence[str], job: object, settings: Settings, *, log: Path, append: bool = False
    ) -> None:
        """Start the process.

        Args:
            module: the module to run, and its arguments before the folder.
            job: a record, which the child finds in ``JOB_NAME``.
            settings: passed on by the environment.
            log: file for its standard error.
            append: True to keep what the log holds.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._kept = TemporaryDirectory(prefix="wirepicket-")
        self.folder = Path(self._kept.name)
        (self.folder / JOB_NAME).write_bytes(to_json(job))
        with log.open("ab" if append else "wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                [sys.executable, "-m", *module, str(self.folder)],
                env=os.environ | settings.environment() | child_environment(),
                stdin=subprocess.PIPE,  # its end tells the child to end, even where this process was killed
                stdout=subprocess.PIPE,
                stderr=output,
                process_group=0,
            )
        self._ended = False
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, output: BinaryIO) -> None:
        with output:
            for line in output:
                self._lines.put(line)
        self._lines.put(None)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of its standard output until it ends."""
        while (line := self._lines.get()) is not None:
            yield line
        self._lines.put(None)

    def new_lines(self) -> list[bytes]:
        """Return the lines printed since the last call."""
        lines: list[bytes] = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is None:
                self._lines.put(None)
                break
            lines.append(line)
        return lines

    @property
    def exit_code(self) -> int | None:
        """The exit code; ``None`` while the process runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        return self._process.wait()

    def failure(self) -> str:
        """Return what the child says went wrong, else its exit code."""
        error = self.folder / ERROR_NAME
        return error.read_text(encoding="utf-8") if error.exists() else f"exit code {self.exit_code}"

    def end_input(self) -> None:
        """End the child's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def stop(self, patience: float) -> None:
        """Ask the process to finish its work and end; kill it after so many seconds."""
        if self.exit_code is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self.kill()

    def end(self) -> None:
        """Ask the process and what it has started to end. Any thread may call it at any time."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process, and ask what it has started to end: runners have servers that outlive a killed client."""
        if self._ended:
            return
        self._ended = True
        self._process.kill()
        self._process.wait()
        self.end()
        self._reader.join()

    def close(self) -> None:
        """Kill the process and remove its folder."""
        self.kill()
        self.end_input()
        self._kept.cleanup()
