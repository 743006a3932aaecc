"""Standard error as JSON lines, where ``log`` is ``json``: whoever writes there, what it says arrives as an object."""

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


def speak_json() -> None:
    """From now on this process writes nothing but JSON lines to standard error. Safe to repeat."""
    if not isinstance(sys.stderr, JsonLines):
        sys.stderr = JsonLines(sys.stderr)


class JsonLines(io.TextIOBase):
    """A stream that passes each line on as ``{"at": …, "message": …}``; a line that is an object already as it is.

    It is no terminal, so there are no progress bars.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str, /) -> int:
        """Pass on the lines that are whole by now."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._pass_on(line)
        return len(text)

    def flush(self) -> None:
        """Pass nothing on that is not a whole line yet: who flushes between two pieces of one means one."""
        if not self._stream.closed:
            self._stream.flush()

    def close(self) -> None:
        """Pass on what has no end of line, and leave the stream below open."""
        if not self.closed:
            self._pass_on(self._begun)
            self._begun = ""
        super().close()

    def fileno(self) -> int:
        """That of the stream below."""
        return self._stream.fileno()

    def _pass_on(self, line: str) -> None:
        if not line.strip():
            return
        told: object = None
        with suppress(ValueError):
            told = json.loads(line)
        if not isinstance(told, dict):
            told = {"at": time_to_text(now_utc()), "message": line.removeprefix("wirepicket: ")}
        self._stream.write(json.dumps(told) + "\n")
        self._stream.flush()
