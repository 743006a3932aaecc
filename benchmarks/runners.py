"""Beam against a plain loop over the same steps: pages a second, peak memory, and Beam's overhead, by runner.

    .venv/bin/python -m benchmarks.runners [--pages 1000] [--workers 1 2] [--runner inprocess prism flink] [--repeat 3]

All process the captures of one archive into an SQLite store of their own, each in a child process, so that its peak
memory (PSS) is its own; the clock begins when everything is imported. "loop" does what the transforms do, a portion
after the other, without Beam. For the overhead of Beam both run once more with results of extraction that were prepared
before: what Beam then takes longer than the loop, as a share of its run that extracts. The least of the repeats
counts. `flink` needs `make flink`, `prism` needs `make prism`; their starts count, as users wait for them.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.end_to_end import PeakMemory
from benchmarks.homes import link_runners
from benchmarks.streaming import Feed
from benchmarks.workers import start_workers
from pipelines.alerts.policy import AlertPolicy
from pipelines.archive.captures import read_captures
from pipelines.archive.index import ArchiveIndex
from pipelines.beam import transforms
from pipelines.beam.batch import Results, run_batch
from pipelines.beam.runners import find_runner
from pipelines.beam.transforms import PORTION, Job
from pipelines.config import load_settings
from pipelines.grouping.apply import apply_regroup
from pipelines.ingest.batch import store_batch
from pipelines.ingest.pool import RefinePool
from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from pipelines.stores import StoreConfig
from schemas.records import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOOP = "loop"
RULES = (Rule(id="rockets", query="HIMARS"),)
PREPARED = "prepared.pickle"


class PreparedPool:
    """Stands in for the workers: what they would answer is there."""

    answers: dict[str, Any]

    def __init__(self, *_: object, **__: object) -> None:
        """Whatever workers are told does not matter."""

    def refine_ahead(self, portions: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
        """Portions with the answers."""
        for portion in portions:
            yield portion, [self.answers[capture.url] for _, capture in portion]

    def close(self) -> None:
        """Nothing to end."""


def loop(refs: list[Any], job: Job) -> None:
    """What a run does, without Beam."""
    fingerprints: list[Any] = []
    portions = (list(read_captures(job.archive, refs[at : at + PORTION])) for at in range(0, len(refs), PORTION))
    workers = RefinePool(job.rules, job.workers, learned={})
    with job.store.open() as store:
        for captures, results in workers.refine_ahead(portions):
            fingerprints += store_batch(captures, results, store).fingerprints
        apply_regroup(fingerprints, store, job.horizon, AlertPolicy.of(job.rules))
    workers.close()


def child(folder: Path, runner: str, workers: int, *, extract: bool) -> None:
    """Process the archive in ``folder`` and print the seconds."""
    start_workers()
    settings = load_settings(home=folder)
    with ArchiveIndex(settings.archive) as index:
        refs = [found.ref for found in index.span()]
    if not extract:
        PreparedPool.answers = pickle.loads((folder / PREPARED).read_bytes())
        setattr(transforms, "RefinePool", PreparedPool)  # noqa: B010 - it is no export of the module
    with TemporaryDirectory(dir=folder) as name:
        job = Job(
            archive=settings.archive.resolve(),
            store=StoreConfig(url=f"sqlite:///{Path(name) / 'store.db'}"),
            rules=RULES,
            horizon=timedelta(days=14),
            workers=workers,
        )
        with job.store.open() as store:
            store.setup()
        begin = time.perf_counter()
        if runner == LOOP:
            loop(refs, job)
        else:
            found = find_runner(runner, settings)
            run_batch(refs, job, Results(Path(name)), found.name, found.options)
        seconds = time.perf_counter() - begin
        with job.store.open() as store:
            articles = sum(1 for _ in store.iter_articles())
    print(json.dumps({"seconds": seconds, "articles": articles}))


def measured(folder: Path, runner: str, workers: int, repeat: int, *, extract: bool) -> tuple[float, int, int]:
    """The least seconds of some runs, their peak memory in bytes, and their articles."""
    seconds, peak, articles = float("inf"), 0, 0
    for _ in range(repeat):
        words = ["--child", runner, str(workers), "extract" if extract else "prepared", "--folder", str(folder)]
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.runners", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            memory = PeakMemory(process.pid)
            out, _ = process.communicate()
        told = json.loads(out)
        seconds, articles, peak = min(seconds, told["seconds"]), told["articles"], max(peak, memory.end())
    return seconds, peak, articles


def prepare(folder: Path, pages: int) -> None:
    """Fill the archive, and refine all of it."""
    with Feed(folder / "archive", pages) as feed:
        for _ in range(pages):
            feed.add()
    with ArchiveIndex(folder / "archive") as index:
        refs = [found.ref for found in index.span()]
    matcher = Matcher(RULES)
    answers = {capture.url: refine(capture, matcher) for _, capture in read_captures(folder / "archive", refs)}
    (folder / PREPARED).write_bytes(pickle.dumps(answers))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--runner", nargs="+", default=["inprocess", "prism", "flink"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        runner, workers, how = options.child
        child(options.folder, runner, int(workers), extract=how == "extract")
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        link_runners(folder)
        prepare(folder, options.pages)
        print(f"{options.pages} pages, {os.cpu_count()} cores")
        for workers in options.workers:
            bare, _, expected = measured(folder, LOOP, workers, options.repeat, extract=False)
            for runner in (LOOP, *options.runner):
                whole, peak, articles = measured(folder, runner, workers, options.repeat, extract=True)
                assert articles == expected, f"{runner}: {articles} articles of {expected}"
                line = f"{runner:10} {workers} workers {options.pages / whole:6.0f} pages/s {peak / 2**20:6.0f} MB"
                if runner != LOOP:
                    without, _, _ = measured(folder, runner, workers, options.repeat, extract=False)
                    line += f"   overhead of Beam {(without - bare) / whole:5.1%}"
                print(line, flush=True)


if __name__ == "__main__":
    main()
