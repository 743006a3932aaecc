"""The memory of grouping as it grows: what looking up and remembering an article costs.

    .venv/bin/python -m benchmarks.memory [--entries 10000 100000] [--store URL] [--batch 200]

Fills a store with made-up fingerprints (one in six a copy, events of up to five reports) to each number of entries in
turn, and at each measures batches of new ones: seconds of ``regroup`` an article, look-ups included, and of
``remember``; the size of an SQLite file. Made-up keys meet only where articles belong together: how many strangers
share a key in the real press is not measured here.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.groups import EmptyMemory
from pipelines.dedup.fingerprint import MAX_KEYS, pack, winnow
from pipelines.grouping.regroup import regroup
from pipelines.stores import open_store
from pipelines.stories.features import StoryFeatures
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store

SHINGLES = 400
STORY_KEYS = 75
TERMS = 250
FILL = 1_000
"""Entries written at a time while filling."""
ROUNDS = 5
"""Batches measured at each size; the median counts."""
_HORIZON = timedelta(days=14)
_DAY = datetime(2026, 6, 1, tzinfo=UTC)


def fingerprints(seed: int) -> Iterator[Fingerprint]:
    """Made-up fingerprints without end."""
    chance = random.Random(seed)
    made = np.random.default_rng(seed)
    number = 0
    while True:
        shared = made.integers(0, 2**62, STORY_KEYS, np.int64)
        terms = np.unique(made.integers(0, 2**32, TERMS, np.uint64))
        for _ in range(chance.choice((1, 1, 1, 2, 2, 5))):
            own = made.integers(0, 2**62, STORY_KEYS // 2, np.int64)
            keys = np.concatenate([shared[: STORY_KEYS // 2], own])
            weights = np.full(len(terms), len(terms) ** -0.5, np.float32)
            text = made.integers(0, 2**62, SHINGLES, np.uint64)
            for _ in range(2 if chance.random() < 1 / 6 else 1):
                number += 1
                kept = text[: chance.randint(SHINGLES // 2, SHINGLES)]
                yield Fingerprint(
                    article_id=uuid.UUID(int=chance.getrandbits(128)).hex,
                    digest="",
                    source=f"Outlet {chance.randint(0, 999)}",
                    title_key=chance.getrandbits(62),
                    published=_DAY + timedelta(minutes=number % 20_000),
                    first_seen=_DAY,
                    word_count=len(kept),
                    shingles=pack(kept),
                    numbers=b"",
                    copy_keys=winnow(kept)[:MAX_KEYS],
                    story_features=StoryFeatures(terms, weights).pack(),
                    story_keys=tuple(sorted(keys.tolist())),
                )


def measure(store: Store, batches: list[list[Fingerprint]]) -> tuple[float, float]:
    """Median milliseconds an article for regrouping and for remembering."""
    grouping, writing = [], []
    for batch in batches:
        start = time.perf_counter()
        with store.exclusive():
            found = regroup(batch, store, _HORIZON)
            middle = time.perf_counter()
            store.remember(found.changed, common=found.common, rare=found.rare)
        grouping.append((middle - start) / len(batch))
        writing.append((time.perf_counter() - middle) / len(batch))
    return 1_000 * float(np.median(grouping)), 1_000 * float(np.median(writing))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--store", help="address of a store; default: an SQLite file that is removed afterwards")
    parser.add_argument("--batch", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.db"
        address = options.store or f"sqlite:///{path}"
        with open_store(address, index_prefix=f"bench{uuid.uuid4().hex[:8]}") as store:
            store.setup()
            stream = fingerprints(1)
            held, first = 0, 0.0
            for wanted in sorted(options.entries):
                start, before = time.perf_counter(), held
                while held < wanted:
                    chunk = list(islice(stream, min(FILL, wanted - held)))
                    store.remember(regroup(chunk, EmptyMemory(), _HORIZON).changed)
                    held += len(chunk)
                filled = (time.perf_counter() - start) / max(1, held - before)
                store.refresh()
                batches = [list(islice(stream, options.batch)) for _ in range(ROUNDS)]
                grouping, writing = measure(store, batches)
                held += ROUNDS * options.batch
                first = first or grouping
                size = f"  {path.stat().st_size / held / 1e3:.1f} KB an entry" if path.exists() else ""
                print(
                    f"{wanted:9,} entries: regroup {grouping:.2f} ms an article ({grouping / first:.2f} of the first), "
                    f"remember {writing:.2f} ms, filling {1_000 * filled:.2f} ms{size}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
