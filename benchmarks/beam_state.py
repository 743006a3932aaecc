"""What it costs to find the candidates of new articles: look-ups in the store, as it is done, beside Beam's state.

    .venv/bin/python -m benchmarks.beam_state [--articles 5000 20000] [--window 200] [--runner inprocess prism]

Made-up fingerprints come in windows; wanted are all that share a copy key or a story key with one of them. "store" is
what a regrouping asks and writes (an SQLite file), whole fingerprints among it. A runner has a stateful step under 64
partition keys, to which each fingerprint sends the keys that fall to them. It holds them in a bag, packed, since Beam
for Python has no state that is looked up by key, and so reads all of them for each window. It finds ids only: the
fingerprints that grouping needs would have to come from somewhere still. Printed are microseconds an article, without
a runner's start (the same pipeline over nothing). All must find the same pairs.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from itertools import combinations, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import apache_beam as beam
import numpy as np
from apache_beam.coders import BytesCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.userstate import BagStateSpec

from benchmarks.fingerprints import fingerprints
from pipelines.beam.runners import INPROCESS, find_runner
from pipelines.config import load_settings
from pipelines.stores import open_store
from pipelines.stores.memory import Space
from schemas.records import MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.records import Fingerprint

PARTITIONS = 64
_STORY = 1 << 63
"""Sets the keys of stories apart from those of copies."""
_POSTING = np.dtype([("key", np.uint64), ("row", np.uint32)])

HELD = beam.DoFn.StateParam(BagStateSpec("held", BytesCoder()))

Pairs = set[tuple[int, int]]  # numbers of articles that share a key, the smaller first


def postings(window: Sequence[Fingerprint], first: int) -> np.ndarray:
    """The keys of articles numbered from ``first``."""
    keys = [(*one.copy_keys, *(key ^ _STORY for key in one.story_keys)) for one in window]
    return np.array([(key % 2**64, first + row) for row, some in enumerate(keys) for key in some], _POSTING)


def pairs_of(made: np.ndarray) -> Pairs:
    """The articles that share a key."""
    rows: defaultdict[int, set[int]] = defaultdict(set)
    for key, row in made.tolist():
        rows[key].add(row)
    return {pair for some in rows.values() if len(some) > 1 for pair in combinations(sorted(some), 2)}


def in_store(windows: Sequence[Sequence[Fingerprint]], folder: Path) -> tuple[float, float, Pairs]:
    """Seconds of look-ups and of remembering, and what was found."""
    asking = writing = 0.0
    number = {one.article_id: row for row, one in enumerate(one for window in windows for one in window)}
    pairs: Pairs = set()
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        store.setup()
        for window in windows:
            entries = [MemoryEntry(fingerprint=one, canonical_id=one.article_id, story_id="") for one in window]
            start = time.perf_counter()
            with store.exclusive():
                copies = store.related(Space.COPY, {key for one in window for key in one.copy_keys})
                stories = store.related(Space.STORY, {key for one in window for key in one.story_keys})
                middle = time.perf_counter()
                store.remember(entries)
            asking, writing = asking + middle - start, writing + time.perf_counter() - middle
            new = {number[one.article_id] for one in window}
            met = [*window, *(one.fingerprint for one in (*copies, *stories))]
            made = np.concatenate([postings([one], number[one.article_id]) for one in met])
            pairs |= {pair for pair in pairs_of(made) if not new.isdisjoint(pair)}
    return asking, writing, pairs


class Look(beam.DoFn):  # type: ignore[misc] # apache_beam is untyped
    """A partition's keys of a window in; the pairs that they make with each other and with those before out."""

    def process(self, element: tuple[int, bytes], held: beam.DoFn.StateParam = HELD) -> Iterator[tuple[int, Pairs]]:
        """Look at all that is held, and hold the window too."""
        new = np.frombuffer(element[1], _POSTING)
        before = np.frombuffer(b"".join(held.read()), _POSTING)
        held.add(element[1])
        met = pairs_of(np.concatenate((before[np.isin(before["key"], new["key"])], new)))
        rows = set(new["row"].tolist())
        yield 0, {pair for pair in met if not rows.isdisjoint(pair)}


def route(made: bytes) -> Iterator[tuple[int, bytes]]:
    """The keys of a window by partition."""
    all_of_it = np.frombuffer(made, _POSTING)
    partition = all_of_it["key"] % PARTITIONS
    for one in np.unique(partition):
        yield int(one), all_of_it[partition == one].tobytes()


def in_state(windows: Sequence[bytes], runner: str) -> tuple[float, Pairs]:
    """Seconds of a pipeline over windows of keys, and what it found."""
    found = find_runner(runner, load_settings())
    how = FnApiRunner() if found.name == INPROCESS else found.name
    with TemporaryDirectory() as name:
        start = time.perf_counter()
        with beam.Pipeline(runner=how, options=PipelineOptions(list(found.options))) as pipeline:
            _ = (
                pipeline
                | beam.Create(windows)
                | "Route" >> beam.FlatMap(route)
                | "Look" >> beam.ParDo(Look())
                | "UnderOneKey" >> beam.GroupByKey()
                | "Lines" >> beam.FlatMapTuple(lambda _, some: [f"{one} {other}" for one, other in set().union(*some)])
                | beam.io.WriteToText(f"{name}/pairs", num_shards=1, shard_name_template="")
            )
        seconds = time.perf_counter() - start
        lines = Path(f"{name}/pairs").read_text(encoding="utf-8").splitlines()
    return seconds, {(int(one), int(other)) for one, other in map(str.split, lines)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--runner", nargs="+", default=[INPROCESS])
    options = parser.parse_args()
    for count in options.articles:
        made = list(islice(fingerprints(1), count))
        windows = [made[at : at + options.window] for at in range(0, count, options.window)]
        with TemporaryDirectory() as name:
            asking, writing, expected = in_store(windows, Path(name))
        each = 1e6 / count
        print(f"{count} articles: store {asking * each:.0f} µs asking, {writing * each:.0f} µs writing", flush=True)
        packed = [postings(window, at * options.window).tobytes() for at, window in enumerate(windows)]
        for runner in options.runner:
            start, _ = in_state([b""], runner)
            seconds, pairs = in_state(packed, runner)
            assert pairs == expected, f"{runner}: {len(pairs)} pairs, the store found {len(expected)}"
            print(f"{count} articles: state on {runner} {(seconds - start) * each:.0f} µs", flush=True)


if __name__ == "__main__":
    main()
