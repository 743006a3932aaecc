"""A stream at a steady rate for long: memory and state once the horizon has passed.

    .venv/bin/python -m benchmarks.soak [--rate 50] [--seconds 3600] [--horizon 300] [--every 60]

Captures are dated back, so that each falls behind the horizon of the store ``--horizon`` seconds after it is written,
and the stream looks for what lies behind it every tenth of that. Every ``--every`` seconds a line tells the captures
written and processed, the entries remembered for grouping, the captures under way, and the memory of all processes
(PSS). At the end the last third is compared with the third before it. The clock begins when the first capture is
through.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.end_to_end import family_memory
from benchmarks.streaming import RULES, Feed
from flows.inputs import Inputs, store_of
from flows.progress import Reporter
from flows.stream import StreamRun
from pipelines.archive.pending import waiting
from pipelines.beam.runners import INPROCESS
from pipelines.config import load_settings
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.config import Settings

ONE_IN = 50
"""One of so many captures raises an alert: were it each, each would share the look-up keys of all others."""
DAYS = 1
"""Horizon of the store in days: captures are dated so that it comes sooner."""
LOOK = 0.05
PATIENCE = 200.0
"""Seconds for the stream to start."""


class Complaints(Reporter):
    """Says only what went wrong: a stream that broke off and went on would pass for a slow one."""

    def say(self, message: str) -> None:
        """Say it, unless it tells of a window."""
        if " captures: " not in message:
            super().say(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of the stream. Times in seconds."""

    rate: float
    """Captures a second."""
    seconds: float
    horizon: float
    every: float
    """Between two samples."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The stream at one moment."""

    seconds: float
    written: int
    processed: int
    remembered: int
    under_way: int
    memory: int
    """Bytes."""

    def __str__(self) -> str:
        """The line of it."""
        return (
            f"{self.seconds:6.0f} s  {self.written:7} written  {self.processed:7} processed  "
            f"{self.remembered:6} remembered  {self.under_way:5} under way  {self.memory / 2**20:5.0f} MB"
        )


def soak(folder: Path, plan: Plan, say: Callable[[Sample], None]) -> list[Sample]:
    """Run a stream under a steady rate; samples of it."""
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    settings = load_settings(home=folder / "var", horizon_days=DAYS)
    inputs = Inputs.of([], [], folder / "rules.yaml", INPROCESS, settings)
    stop = threading.Event()
    forget = plan.horizon / 10
    stream = StreamRun(settings=settings, inputs=inputs, reporter=Complaints(), stop=stop, notify=False, forget=forget)
    runs = threading.Thread(target=stream.run)
    runs.start()
    samples: list[Sample] = []
    try:
        with Feed(settings.archive, int(plan.rate * plan.seconds) + 2, one_in=ONE_IN) as feed:
            for sample in _fed(feed, stream, settings, plan):
                say(sample)
                samples.append(sample)
    finally:
        stop.set()
        runs.join()
    return samples


def _fed(feed: Feed, stream: StreamRun, settings: Settings, plan: Plan) -> Iterator[Sample]:
    back = timedelta(days=DAYS) - timedelta(seconds=plan.horizon)
    feed.add(now_utc() - back)
    deadline = time.monotonic() + PATIENCE
    while not stream.total.captures:
        assert time.monotonic() < deadline, f"the stream took nothing in within {PATIENCE:.0f} s"
        time.sleep(LOOK)
    begin, written, sampled = time.monotonic(), 0, 0
    with store_of(settings) as store:
        store.setup()
        while (now := time.monotonic() - begin) < plan.seconds:
            while written < now * plan.rate:
                feed.add(now_utc() - back)
                written += 1
            if now >= plan.every * (sampled + 1):
                sampled += 1
                remembered = sum(1 for _ in store.stale(now_utc()))
                under_way, memory = waiting(settings.archive), family_memory(psutil.Process())
                yield Sample(now, written, stream.total.captures, remembered, under_way, memory)
            time.sleep(LOOK)


def growth(samples: list[Sample], what: Callable[[Sample], int]) -> float:
    """The mean of the last third as a ratio to that of the third before it."""
    third = len(samples) // 3
    return statistics.fmean(map(what, samples[-third:])) / max(
        1, statistics.fmean(map(what, samples[-2 * third : -third]))
    )


def main() -> None:
    """Soak and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50.0, help="captures a second")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--horizon", type=float, default=300.0, help="seconds")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two lines")
    told = parser.parse_args()
    plan = Plan(rate=told.rate, seconds=told.seconds, horizon=told.horizon, every=told.every)
    with tempfile.TemporaryDirectory() as name:
        samples = soak(Path(name), plan, lambda sample: print(sample, flush=True))
    print(f"last third to the third before: memory ×{growth(samples, lambda one: one.memory):.2f}, ", end="")
    print(f"remembered ×{growth(samples, lambda one: one.remembered):.2f}")


if __name__ == "__main__":
    main()
