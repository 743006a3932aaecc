"""What the tests of streams share: seeds, exports to compare, and a stream while it runs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from tests.e2e.conftest import PROGRAM
from tests.synthetic import prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.e2e.conftest import Program

VOLATILE = {"first_seen", "last_seen", "closed_at", "matched_at"}
RULES = "- {id: rockets, query: HIMARS}\n"


def seeds(program: Program, name: str, numbers: range) -> str:
    """A file of seeds: each text twice, one copy cut short, the third of each three with a rule's term."""
    lines = []
    for number in numbers:
        text = prose(number, 150) + (" The HIMARS battery has moved." if number % 3 == 0 else "")
        for copy, words in (("a", text), ("b", " ".join(text.split()[:110]))):
            url = f"https://{copy}.example/{number}"
            told = {"url": url, "source": copy, "published": f"2026-06-{1 + number % 20:02}T10:00:00Z"}
            lines.append(json.dumps({**told, "title": f"Report {number} by {copy}", "text": words}))
    (program.folder / name).write_text("\n".join(lines), encoding="utf-8")
    return name


def told(program: Program, home: str) -> dict[str, Any]:
    """All exports, without the times of this run."""
    kinds = ("articles", "stories", "alerts", "quarantine")
    return {
        kind: [
            {name: value for name, value in one.items() if name not in VOLATILE}
            for one in (json.loads(line) for line in program("export", kind, WIREPICKET_HOME=home).out.splitlines())
        ]
        for kind in kinds
    }


def stored(program: Program, home: str) -> int:
    """Articles in the store, asked without a process of the program each time."""
    file = program.folder / home / "wirepicket.db"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as db:
        made = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'articles'").fetchone()[0]
        return int(db.execute("SELECT count(*) FROM articles").fetchone()[0]) if made else 0


def all_ended(processes: Iterable[psutil.Process]) -> bool:
    """Return whether none of the processes lives."""
    return not any(map(alive, processes))


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def streaming(program: Program, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [PROGRAM, "stream", "--rules", "rules.yaml", *arguments],
        cwd=program.folder,
        env=program.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.2)
