"""``python -m tests.upgrade.make PROGRAM URL FOLDER``: keep the stores that a version of the program writes.

PROGRAM is that version's ``wirepicket``, URL an Elasticsearch without data, FOLDER the result. It has all that a user
of the version has: settings, rules, feed list, archive, a SQLite store, an Elasticsearch (``elastic.json.gz``), and
the version's exports (``expected/``). ``test_upgrade.py`` opens it with today's program.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.http_server import Answer, WebServer
from tests.upgrade.elastic import dump

EXPORTS = ("articles", "stories", "alerts", "quarantine", "changes", "revisions")
EXAMPLE = Path(__file__).parents[2] / "infra" / "example"
PREFIX = "kept"
SETTINGS = (
    'home = "home"\nrules = "rules.yaml"\nfeeds = "feeds.opml"\nallow_nets = ["127.0.0.0/8"]\nhorizon_days = 30\n'
)
RULES = """\
- id: rockets
  query: HIMARS OR "M270"
  severity: high
  notify: [log]
- id: fighters
  query: '"F-16 Block 70" OR Gripen'
  severity: medium
- id: anything
  query: lang:en AND ministry
  severity: low
"""
FIRST = (
    "The garrison of Lower Brenn received two mobile bridges on Monday. The engineers will train with them until May."
)
LATER = FIRST + " A HIMARS battery joins the exercise, the ministry of Lower Brenn added."


def page(title: str, text: str) -> Answer:
    """Return a small article page."""
    paragraphs = "".join(f"<p>{line}</p>" for line in (text, "The town has 3,000 inhabitants and a railway station."))
    return Answer(
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article>".encode()
    )


def make(program: Path, url: str, folder: Path) -> None:
    """Run a version of the program over seeds and a feed, twice, into both stores, and keep what it has written."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "seeds").mkdir(parents=True)
    (folder / "archive").mkdir()
    for seed in sorted((EXAMPLE / "seeds").iterdir()):
        shutil.copy(seed, folder / "seeds")
    (folder / "seeds" / "empty.txt").write_text("\n", encoding="utf-8")
    (folder / "wirepicket.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    with WebServer() as web:
        outline = f'<outline type="rss" text="Brenn Gazette" xmlUrl="{web.url}/feed"/>'
        (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{outline}</body></opml>\n', encoding="utf-8")
        item = f"<item><title>Bridges reach Lower Brenn</title><link>{web.url}/bridges</link><guid>b1</guid></item>"
        feed = f'<rss version="2.0"><channel><title>Brenn Gazette</title>{item}</channel></rss>'
        web.routes["/feed"] = Answer(feed.encode(), headers={"Content-Type": "application/rss+xml"})
        web.routes["/bridges"] = page("Bridges reach Lower Brenn", FIRST)
        for store in (None, url):
            call(program, folder, store, "run")
            for text in (FIRST, LATER):
                (folder / "seeds" / "brenn.html").write_bytes(page("Bridges reach Lower Brenn, again", text).body)
                call(program, folder, store, "run", "--seeds", "seeds")
            name = "elasticsearch" if store else "sqlite"
            alert = json.loads(call(program, folder, store, "export", "alerts").splitlines()[0])
            call(program, folder, store, "alerts", "ack", alert["id"])
            keep(folder / "expected" / name, {what: call(program, folder, store, "export", what) for what in EXPORTS})
            shutil.move(folder / "home" / "archive", folder / "archive" / name)
            if not store:
                database = (folder / "home" / "wirepicket.db").read_bytes()
                (folder / "wirepicket.db.gz").write_bytes(gzip.compress(database, mtime=0))
            shutil.rmtree(folder / "home")
    (folder / "elastic.json.gz").write_bytes(gzip.compress(json.dumps(dump(url, PREFIX)).encode(), mtime=0))
    shutil.rmtree(folder / "seeds")


def keep(target: Path, exports: dict[str, str]) -> None:
    """Write the exports of a store to files."""
    target.mkdir(parents=True)
    for what, lines in exports.items():
        (target / f"{what}.jsonl").write_text(lines, encoding="utf-8")


def call(program: Path, folder: Path, store: str | None, *arguments: str) -> str:
    """Run a command of the program, and return what it prints. Exit code 1 tells of the broken seed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WIREPICKET_")}
    environment |= {"WIREPICKET_INDEX_PREFIX": PREFIX} | ({"WIREPICKET_STORE": store} if store else {})
    command = [str(program), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).absolute())
