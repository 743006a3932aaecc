"""kill -9 of Flink's task managers while a stream runs: recovery time, nothing lost, nothing double.

    .venv/bin/python -m benchmarks.killed_task_managers [--kills 20] [--rate 2]

Starts a standalone cluster (a job manager and two task managers; `make flink` fetches what it needs) and a stream on
it. While captures come at a steady rate, a task manager that has work is killed at a random moment and started again,
so many times. Recovery is the time from the kill to the alert of the first capture written after it. At the end the
exports must equal those of an undisturbed stream (in-process) over the same archive, and no article may have been told
as new by two messages. Ends with exit code 1 where that does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.end_to_end import PROGRAM
from benchmarks.homes import link_runners
from benchmarks.killed_runs import exports_of
from benchmarks.streaming import LOOK, RULES, Feed
from pipelines.beam.flink import cluster
from pipelines.config import load_settings
from pipelines.java.ports import free_port
from pipelines.stores import open_store
from schemas.records import MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PATIENCE = 300.0
"""Seconds for anything to happen."""
LONGEST_PAUSE = 8.0
"""Seconds between a recovery and the next kill, at most: more than two checkpoints."""


class Run:
    """A stream over an archive that is fed at a steady rate."""

    def __init__(self, home: Path, feed: Feed, rate: float) -> None:
        self._feed = feed
        self._rate = rate
        self._store = open_store(f"sqlite:///{home / 'wirepicket.db'}")
        self._next = time.monotonic()
        self.written: list[str] = []

    def until_alert(self, article: str | None = None) -> None:
        """Go on until the alert of an article is recorded; of the last one so far."""
        wanted = article or self.written[-1]
        end = time.monotonic() + PATIENCE
        while not any(match.article_id == wanted for one in self._store.iter_alerts() for match in one.matches):
            assert time.monotonic() < end, f"no alert within {PATIENCE:.0f} s"
            self.go_on(LOOK)

    def go_on(self, seconds: float) -> None:
        """Feed for some time."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            if now >= self._next:
                self.written.append(self._feed.add())
                self._next = max(self._next + 1 / self._rate, now)
            time.sleep(LOOK)

    def write(self) -> str:
        """Feed one at once; its article's id."""
        self.written.append(self._feed.add())
        return self.written[-1]


def busy(here: cluster.Cluster) -> list[str]:
    """The task managers that have work, by name."""
    told = here.get("/taskmanagers") or {"taskmanagers": []}
    return [one["id"] for one in told["taskmanagers"] if one["freeSlots"] < one["slotsNumber"]]


def kill_many(home: Path, here: cluster.Cluster, run: Run, kills: int) -> list[float]:
    """Kill so many task managers; seconds of each recovery."""
    chance = random.Random(kills)
    run.write()
    run.until_alert()
    seconds: list[float] = []
    while len(seconds) < kills:
        run.go_on(chance.uniform(0, LONGEST_PAUSE))
        name = chance.choice(busy(here))
        os.kill(here.pids()[name], signal.SIGKILL)
        begin = time.monotonic()
        run.until_alert(run.write())
        seconds.append(time.monotonic() - begin)
        cluster.up(home, here.port)
        print(f"kill {len(seconds)} ({name}): {seconds[-1]:.1f} s", file=sys.stderr)
    run.until_alert()
    return seconds


@contextmanager
def streaming(folder: Path, home: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """``wirepicket stream`` while the context lasts."""
    command = [str(PROGRAM), "stream", "--rules", "rules.yaml", *arguments]
    told = os.environ | {"WIREPICKET_HOME": str(home)} | environment
    with subprocess.Popen(command, cwd=folder, env=told, stdout=subprocess.DEVNULL) as stream:
        try:
            yield stream
        finally:
            stream.terminate()


def faults_of(home: Path, undisturbed: Path, written: int) -> list[str]:
    """What is not as it should be."""
    got, expected = (exports_of(load_settings(home=one)) for one in (home, undisturbed))
    faults = [f"{kind} differ" for kind in expected if got[kind] != expected[kind]]
    if len(got["articles"]) != written:
        faults.append(f"{len(got['articles'])} articles of {written} captures")
    pairs = [(one["rule_id"], one["story_id"]) for one in got["alerts"]]
    if len(pairs) != len(set(pairs)):
        faults.append("a story has two alerts of one rule")
    lines = [json.loads(line) for line in (home / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    return faults + told_twice(lines)


def told_twice(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Articles that two messages of the log told as new.

    Counted by article and not by thread: stories that were told apart may be one later, and a story may fall apart
    before its alert was told, so that each part tells what it has. A story that grows is told again as escalated.
    """
    new: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lines:
        if line["kind"] == MessageKind.NEW:
            for article in {match["article_id"] for match in line["matches"]}:
                new[line["rule_id"], article].add(line["message_id"])
    return [
        f"{article} was told as new by {len(messages)} messages of rule {rule}"
        for (rule, article), messages in new.items()
        if len(messages) > 1
    ]


def main() -> int:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=2.0, help="captures a second")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        home, undisturbed = folder / "flink", folder / "undisturbed"
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        link_runners(home)
        open_store(f"sqlite:///{home / 'wirepicket.db'}").setup()
        here = cluster.up(home, free_port())
        try:
            beam = f"--flink_master={here.address} --parallelism={cluster.TASK_MANAGERS}"
            with (
                Feed(home / "archive", 1_000_000) as feed,
                streaming(folder, home, "--runner", "flink", WIREPICKET_BEAM_OPTIONS=beam),
            ):
                run = Run(home, feed, options.rate)
                seconds = kill_many(home, here, run, options.kills)
        finally:
            cluster.down(home)
        shutil.copytree(home / "archive", undisturbed / "archive", ignore=shutil.ignore_patterns("streams", "pending"))
        with streaming(folder, undisturbed, "--until-idle", "5") as stream:
            stream.wait()
        faults = faults_of(home, undisturbed, len(run.written))
    print(f"{len(seconds)} task managers killed, {len(run.written)} captures at {options.rate:g} a second")
    print(
        f"seconds to recover: median {statistics.median(seconds):.1f}, longest {max(seconds):.1f}; "
        f"{sum(one <= 15 for one in seconds)} of {len(seconds)} within 15"
    )
    print(f"{len(faults)} faults")
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
