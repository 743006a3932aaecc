"""Standard error as JSON lines, if ``log`` is ``json``: every line written there becomes a JSON object."""

from __future__ import annotations

import io
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from schemas.records import now_utc
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from typing import TextIO


def write_stderr_as_json() -> None:
    """Make this process write only JSON lines to standard error. May be repeated."""
    if not isinstance(sys.stderr, JsonLines):
        sys.stderr = JsonLines(sys.stderr)


class JsonLines(io.TextIOBase):
    """A stream that forwards each line as ``{"at": …, "message": …}``, and a line that is a JSON object unchanged.

    It is not a terminal, so that no progress bars are written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._partial = ""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str, /) -> int:
        """Forward the complete lines."""
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            self._forward(line)
        return len(text)

    def flush(self) -> None:
        """Flush the stream below. A partial line is not forwarded: its writer may flush between two pieces of it."""
        if not self._stream.closed:
            self._stream.flush()

    def close(self) -> None:
        """Forward a partial last line, and leave the stream below open."""
        if not self.closed:
            self._forward(self._partial)
            self._partial = ""
        super().close()

    def fileno(self) -> int:
        """Return the file descriptor of the stream below."""
        return self._stream.fileno()

    def _forward(self, line: str) -> None:
        if not line.strip():
            return
        entry: object = None
        with suppress(ValueError):
            entry = json.loads(line)
        if not isinstance(entry, dict):
            entry = {"at": time_to_text(now_utc()), "message": line.removeprefix("wirepicket: ")}
        self._stream.write(json.dumps(entry) + "\n")
        self._stream.flush()
