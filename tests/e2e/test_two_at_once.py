"""Two programs that take in the same at once, into one Elasticsearch: the same as one."""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

from tests.e2e.conftest import PROGRAM
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program

RULES = """
- id: himars
  query: HIMARS
  severity: high
- id: delivery
  query: 'deliver* NEAR/12 "F-16 Block 70"'
"""
TEXTS = 24


def write_seeds(folder: Path) -> None:
    """Texts of their own, most with copies and with another outlet's report of the event; some nobody can read."""
    folder.mkdir()
    lines: list[dict[str, Any]] = []
    for number in range(TEXTS):
        told = "HIMARS launchers were moved by rail." if number % 3 else "They deliver the F-16 Block 70 in May."
        text = f"{prose(number, 60)}\n\n{told}\n\n{prose(100 + number, 60)}"
        title = prose(200 + number, 6)
        lines += [
            {
                "url": f"https://outlet{copy}.example/{number}",
                "source": f"Outlet {copy}",
                "published": f"2026-06-{1 + number % 9:02}T1{copy}:00:00Z",
                "title": title,
                "text": text if copy != 2 else text[: 3 * len(text) // 4],
            }
            for copy in range(number % 4)
        ]
        (folder / f"{number:02}.txt").write_text(f"{title}\n\n{prose(number, 60)}\n\n{prose(300 + number, 40)}\n")
    (folder / "lines.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n{broken\n")
    (folder / "empty.txt").write_bytes(b"")


def start(program: Program, home: str, prefix: str, url: str) -> subprocess.Popen[str]:
    environment = program.environment | {"WIREPICKET_INDEX_PREFIX": prefix, "WIREPICKET_HOME": home}
    command = [str(PROGRAM), "run", "--seeds", "seeds", "--rules", "rules.yaml", "--store", url, "--json"]
    return subprocess.Popen(
        command, cwd=program.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def held(program: Program, prefix: str, url: str) -> dict[str, list[dict[str, Any]]]:
    """All that the store holds, but for what tells one run from another."""
    found = {}
    for what in ("articles", "stories", "alerts", "quarantine"):
        ran = program("export", what, "--store", url, WIREPICKET_INDEX_PREFIX=prefix)
        assert ran.code == 0, ran.err
        of_a_run = {"first_seen", "last_seen", "closed_at", "matched_at", "archive_record"}
        found[what] = [{name: value for name, value in line.items() if name not in of_a_run} for line in ran.lines]
    return found


def test_two_at_once_end_with_what_one_ends_with(program: Program, tmp_path: Path, elasticsearch_url: str) -> None:
    write_seeds(tmp_path / "seeds")
    (tmp_path / "rules.yaml").write_text(RULES)
    alone, together = (f"e{uuid.uuid4().hex[:12]}" for _ in range(2))
    # The second pair sets the store up at once as well.
    runs = [start(program, home, together, elasticsearch_url) for home in ("one", "two")]
    told = []
    for run in runs:
        out, err = run.communicate(timeout=240)
        assert run.returncode == 1, err  # the broken seeds
        told.append(json.loads(out))
    with start(program, "alone", alone, elasticsearch_url) as run:
        out, err = run.communicate(timeout=240)
        assert run.returncode == 1, err
    expected = held(program, alone, elasticsearch_url)
    assert held(program, together, elasticsearch_url) == expected
    assert len(expected["articles"]) == TEXTS + sum(number % 4 for number in range(TEXTS))
    assert len(expected["quarantine"]) == 2
    # An article is new to the one that wrote it first, and to the other as well where that one had looked earlier.
    count = len(expected["articles"])
    assert all(one["new"] <= count for one in told)
    assert sum(one["new"] for one in told) >= count
    assert sum(one["alerts"] for one in told) == len(expected["alerts"]) > 10
    # One that came late may have found nothing left to deliver, and has no such file.
    logs = [log for home in ("one", "two") for log in (tmp_path / home).glob("alerts.jsonl")]
    delivered = {json.loads(line)["id"] for log in logs for line in log.read_text().splitlines()}
    assert delivered == {one["id"] for one in expected["alerts"]}
