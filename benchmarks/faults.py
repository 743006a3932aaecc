"""Inputs that once went wrong, run through the program as a user runs it.

    python -m benchmarks.faults FOLDER [--only NAME …]

``FOLDER`` holds a folder for each case: its input files and a ``README`` whose line ``COMMAND`` names the command; a
folder that has a ``README`` alone is passed over. A port of 127.0.0.1 that a feed list names is served with the files
of the case. What must come out is in ``expected.json`` of the case, or under its name in
``benchmarks/faults_expected.json``:

- ``articles``: for each article the fields it must have, ``contains`` and ``lacks`` (texts of its title and body);
  with ``only`` there must be no others;
- ``alerts``: the rules that must have matched; ``stories``: the number of stories;
- ``quarantine``: the reasons that must be among those of the quarantine; ``exit_code``.

Prints a line a case; the exit status is 1 where one does not hold or has no expectation.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAM = Path(sys.executable).parent / "wirepicket"
EXPECTED = Path(__file__).with_name("faults_expected.json")
SECONDS = 300
_PORT = re.compile(r"127\.0\.0\.1:(\d+)")
_COMMAND = re.compile(r"^COMMAND\s+wirepicket (?P<arguments>[^(\n]+)", re.MULTILINE)


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Case:
    """A case in a copy of its folder."""

    def __init__(self, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIREPICKET_", "PREFECT_"))}
        self._environment = kept | {"WIREPICKET_ALLOW_NETS": "127.0.0.0/8"}
        self.folder = folder

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """Run the program in the folder."""
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def exported(self, kind: str) -> list[dict[str, Any]]:
        """Return what the program exports."""
        return [json.loads(line) for line in self.run(["export", kind]).stdout.splitlines()]

    def ports(self) -> set[int]:
        """Return the ports that feed lists of the case name."""
        lists = (path for path in self.folder.glob("feeds.*"))
        return {int(port) for path in lists for port in _PORT.findall(path.read_text(encoding="utf-8"))}


def faults_of(case: Case, expected: Mapping[str, Any], arguments: list[str]) -> Iterator[str]:
    """Yield what does not hold of a case."""
    with ExitStack() as stack:
        for port in case.ports():
            handler = partial(_Files, directory=str(case.folder))
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", port), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        ran = case.run(arguments)
    if ran.returncode != expected.get("exit_code", ran.returncode):
        yield f"exit code {ran.returncode}, not {expected['exit_code']}: {ran.stderr[-300:]}"
    articles = case.exported("articles")
    for wanted in expected.get("articles", ()):
        if not any(_fits(article, wanted) for article in articles):
            yield f"no article {json.dumps(wanted, ensure_ascii=False)}"
    if expected.get("only") and len(articles) != len(expected["articles"]):
        yield f"{len(articles)} articles, not {len(expected['articles'])}"
    if expected.get("stories") not in {None, len({article["story_id"] for article in articles})}:
        yield f"not {expected['stories']} stories"
    matched = {alert["rule_id"] for alert in case.exported("alerts")}
    yield from (f"no alert of {rule}" for rule in sorted(set(expected.get("alerts", ())) - matched))
    reasons = {item["reason"] for item in case.exported("quarantine")}
    yield from (f"not in quarantine: {reason}" for reason in sorted(set(expected.get("quarantine", ())) - reasons))


def _fits(article: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    text = f"{article['title']}\n{article['body']}"
    fields = {name: value for name, value in wanted.items() if name not in {"contains", "lacks"}}
    return (
        all(article[name] == value for name, value in fields.items())
        and all(part in text for part in wanted.get("contains", ()))
        and not any(part in text for part in wanted.get("lacks", ()))
    )


def main() -> int:
    """Read the arguments and run; a case that does not hold decides the exit status."""
    parser = argparse.ArgumentParser(description="Run inputs that once went wrong.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=None, help="names of cases")
    arguments = parser.parse_args()
    known = json.loads(EXPECTED.read_text(encoding="utf-8"))
    failed = total = 0
    for source in sorted(path for path in arguments.folder.iterdir() if path.is_dir()):
        if arguments.only and source.name not in arguments.only:
            continue
        if [path.name for path in source.iterdir()] == ["README"]:
            print(f"-      {source.name}: no input")
            continue
        own = source / "expected.json"
        expected = json.loads(own.read_text(encoding="utf-8")) if own.exists() else known.get(source.name)
        command = _COMMAND.search((source / "README").read_text(encoding="utf-8"))
        total += 1
        if expected is None or command is None:
            problems = ["no expectation" if expected is None else "no command in its README"]
        else:
            with TemporaryDirectory(prefix="wirepicket-fault-") as name:
                folder = Path(name) / "case"
                shutil.copytree(source, folder)
                (folder / "README").unlink()
                words = ["." if word == "FOLDER" else word for word in shlex.split(command["arguments"])]
                problems = list(faults_of(Case(folder), expected, words))
        failed += bool(problems)
        print(f"{'FAILS' if problems else 'holds'}  {source.name}", *problems, sep="\n         ", flush=True)
    print(f"{total - failed} of {total} cases hold")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
