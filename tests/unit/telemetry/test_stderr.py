"""Standard error as JSON lines."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from pipelines.telemetry.stderr import JsonLines, write_stderr_as_json

if TYPE_CHECKING:
    import pytest


def test_each_line_is_an_object_however_it_is_written() -> None:
    below = io.StringIO()
    stream = JsonLines(below)
    assert not stream.isatty()
    print("wirepicket: a: b", "c", file=stream)
    print("two\n\nlines", file=stream, flush=True)
    print('{"step": "collect"}', file=stream)
    print("[1]", file=stream)
    stream.write("cut sh")
    stream.write("ort")
    stream.close()
    stream.close()
    told = [json.loads(line) for line in below.getvalue().splitlines()]
    assert [one.get("message") for one in told] == ["a: b c", "two", "lines", None, "[1]", "cut short"]
    assert told[3] == {"step": "collect"}
    assert not below.closed


def test_it_is_put_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    below = io.StringIO()
    monkeypatch.setattr(sys, "stderr", below)
    for _ in range(2):
        write_stderr_as_json()
    print("said", file=sys.stderr)
    assert json.loads(below.getvalue())["message"] == "said"
