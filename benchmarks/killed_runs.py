"""kill -9 of batch runs at random points, then a run to the end: what is stored equals that of an undisturbed run.

    .venv/bin/python -m benchmarks.killed_runs [--kills 300] [--store sqlite|elasticsearch|URL…]

Runs take in some hundred texts (copies, stories, alerts, one bad seed): archive, journal, Beam pipeline, store, outbox.
In each round the same seeds are run over an empty home and store, killed one to four times at moments spread evenly
over the time of a whole run, and run once more to the end. Without ``--store``: an SQLite file, and a real
Elasticsearch that is started for it, each with as many kills; one that runs already is given by its URL. Ends with exit
code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.killed_alerts import MATCHER, article, report
from benchmarks.killing import killed_after
from benchmarks.workers import start_workers
from flows import steps
from flows.inputs import Inputs, store_of
from flows.progress import Reporter
from flows.run import run_pass
from pipelines.beam.batch import Results, run_batch
from pipelines.beam.child import make_job
from pipelines.beam.launch import BatchReport, read_report
from pipelines.config import Settings, load_settings
from pipelines.ingest.refine import refine
from pipelines.stores import local_node
from schemas.export import export_alert, export_article, export_quarantine, export_story
from schemas.records import AlertOrigin
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEXTS = 130
"""More than two portions of the pipeline."""
RULES = "- {id: rockets, query: HIMARS}\n- {id: shields, query: S-400 OR HIMARS, notify: [desk]}\n"
VOLATILE = {"first_seen", "last_seen", "closed_at", "matched_at", "archive_record"}
"""Fields that tell when and where of a run, not what."""
MOST_KILLS = 4
"""Of one round."""


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    kills: int = 0
    rounds: int = 0
    seconds: float = 0.0
    """Longest time to a kill: that of a whole run."""
    differences: list[str] = field(default_factory=list)


def write_seeds(folder: Path) -> None:
    """The seeds and rules of all rounds."""
    (folder / "seeds").mkdir()
    lines = [json.dumps(report(number)) for number in range(TEXTS)]
    (folder / "seeds" / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "seeds" / "empty.txt").write_text("", encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")


def run_here(settings: Settings, folder: Path) -> None:
    """``wirepicket run`` with the pipeline in this process in place of a child, so that all of it is killed at once."""
    inputs = Inputs.of([folder / "seeds"], [], folder / "rules.yaml", "inprocess", settings)

    def in_this_process(step: Callable[..., Any], *args: Any, **how: Any) -> Any:  # noqa: ANN401 - any step
        return _process(inputs, settings, args[0]) if step is steps.process else step(*args, **how)

    run_pass(inputs, settings, Reporter(), as_json=True, run=in_this_process)


def _process(inputs: Inputs, settings: Settings, refs: Any) -> BatchReport:  # noqa: ANN401 - captures of a journal
    if not refs:
        return BatchReport()
    with TemporaryDirectory() as name:
        run_batch(refs, make_job(settings, str(inputs.rule_file), AlertOrigin.LIVE), Results(Path(name)))
        return read_report(Path(name))


def exports_of(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """All exports, without what is a run's own."""
    with store_of(settings) as store:
        store.refresh()
        exports: dict[str, Iterable[object]] = {
            "articles": map(export_article, store.iter_articles()),
            "stories": map(export_story, store.iter_stories()),
            "alerts": map(export_alert, store.iter_alerts()),
            "quarantine": map(export_quarantine, store.iter_quarantine()),
        }
        return {
            kind: [{name: value for name, value in to_dict(one).items() if name not in VOLATILE} for one in records]
            for kind, records in exports.items()
        }


def kill_many(folder: Path, kills: int, url: str | None, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Rounds until so many runs were killed in the middle. ``url`` is an Elasticsearch; ``None``: SQLite."""
    chance = random.Random(kills)
    start_workers()
    # The server that forks workers is this process's child; a forked run uses it and must not look after it.
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]  # noqa: SLF001
    refine(article(0)[1], MATCHER)  # whatever is loaded at first use is there in every fork
    write_seeds(folder)
    outcome = Outcome()

    def one(name: str) -> Callable[[], None]:
        return lambda: run_here(settings_of(folder / name, url), folder)

    begin = time.monotonic()
    assert killed_after(600, one("undisturbed"))
    outcome.seconds = time.monotonic() - begin
    expected = exports_of(settings_of(folder / "undisturbed", url))
    assert all(expected.values()), "the seeds make some of everything"
    while outcome.kills < kills:
        _empty(url)
        name = f"round-{outcome.rounds}"
        for _ in range(min(chance.randint(1, MOST_KILLS), kills - outcome.kills)):
            if killed_after(chance.uniform(0, outcome.seconds), one(name)):
                outcome.seconds *= 0.95  # a run that had the time to end was not hit in the middle
            else:
                outcome.kills += 1
        assert killed_after(600, one(name))
        outcome.rounds += 1
        got = exports_of(settings_of(folder / name, url))
        outcome.differences += [f"{name}: {kind} differ" for kind in expected if got[kind] != expected[kind]]
        say(f"{outcome.kills} kills, {outcome.rounds} rounds, {len(outcome.differences)} differences")
    _empty(url)
    return outcome


def settings_of(home: Path, url: str | None) -> Settings:
    """Those of one round."""
    home.mkdir(exist_ok=True)
    return load_settings(home=home, store=url, index_prefix="killed", workers=1)


def _empty(url: str | None) -> None:
    """Delete all that a round left in Elasticsearch."""
    if url:
        with httpx.Client(base_url=url, timeout=60) as client:
            for index in client.get("/_cat/indices/killed-*", params={"h": "index"}).raise_for_status().text.split():
                client.delete(f"/{index}").raise_for_status()


def main() -> int:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--store", nargs="+", default=["sqlite", "elasticsearch"])
    options = parser.parse_args()
    faults = 0
    for kind in options.store:
        with TemporaryDirectory() as name:
            folder = Path(name)
            node = folder / "node"
            url = None if kind == "sqlite" else kind
            if kind == "elasticsearch":
                url = local_node.up(node, 0, cache=Path("var/elasticsearch"))
            try:
                outcome = kill_many(folder, options.kills, url, lambda line: print(line, file=sys.stderr))
            finally:
                local_node.down(node)
        faults += len(outcome.differences)
        print(
            f"{kind}: {outcome.kills} runs killed in {outcome.rounds} rounds, up to {outcome.seconds:.1f} s after "
            f"their start; {len(outcome.differences)} differences"
        )
        for line in outcome.differences:
            print(f"  {line}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
