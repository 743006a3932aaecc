"""What it saves that story keys of a crowd link nothing, and what it costs.

    .venv/bin/python -m benchmarks.crowding [FILE.jsonl.gz …] [--articles 4000 8000 16000]

Made-up fingerprints (``benchmarks.fingerprints``, every second term one that many articles have) are regrouped and
remembered, portion by portion, in two SQLite files: in one keys link however many have them. For each number
remembered: entries that the last portions read for stories, and milliseconds of processor time they took, an article.

With files of labelled articles (id, event, title, text; all are one corpus, and an article without an event is a
stranger to all): the share of the pairs of one event that have a key in common which no more than so many strangers
have, and of the articles that such keys connect with most of their event.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np

from benchmarks.fingerprints import fingerprints
from pipelines.grouping import stop_keys
from pipelines.grouping.apply import remember
from pipelines.grouping.linkage import Threshold, average_link, candidate_pairs
from pipelines.grouping.regroup import regroup
from pipelines.likeness.story_features import story_features
from pipelines.stores import open_store
from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import MemoryEntry

PORTION, MEASURED = 250, 4
"""Fingerprints regrouped at a time; portions measured before each number is reached."""
UNBOUNDED = 10**9
STRANGERS = (0, 1, 2, 5, 10, 50, UNBOUNDED)
COPY_KEYS = 20
"""Story keys that a stranger has in common with another article where it is a copy of it, and left out."""
_HORIZON = timedelta(days=14)


class Counting:
    """A store that counts the entries it gives out for stories."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.given = 0
        self.remembered, self.members = store.remembered, store.members
        self.common_keys, self.count_holders = store.common_keys, store.count_holders

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """The store's answer."""
        found = self._store.related(space, keys)
        if space is Space.STORY:
            self.given += len(found)
        return found


def growing(store: Store, counts: Sequence[int], crowd: int) -> Iterator[tuple[float, float]]:
    """Entries read and milliseconds, an article, where a store comes to hold each number."""
    stream = fingerprints(1, everyday=2)
    spent: list[tuple[int, float]] = []
    with patch.object(stop_keys, "CROWD", crowd):
        for held in range(PORTION, counts[-1] + 1, PORTION):
            memory = Counting(store)
            start = time.process_time()
            with store.exclusive():
                remember(regroup(list(islice(stream, PORTION)), memory, _HORIZON), store)
            spent.append((memory.given, 1_000 * (time.process_time() - start)))
            if held in counts:
                given, took = (sum(each) / (MEASURED * PORTION) for each in zip(*spent[-MEASURED:], strict=True))
                yield given, took


def documents_of(path: Path) -> list[dict[str, str]]:
    """The articles of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def meetings(documents: Sequence[Mapping[str, str]]) -> None:
    """Print how articles of one event meet in spite of strangers."""
    events: defaultdict[str, list[frozenset[int]]] = defaultdict(list)
    kept: list[frozenset[int]] = []
    for one in sorted(documents, key=lambda one: "event" not in one):
        keys = frozenset(story_features(one["title"], one["text"], "en")[1])
        if "event" in one:
            events[one["event"]].append(keys)
        elif any(len(keys & other) >= COPY_KEYS for other in kept):
            continue
        kept.append(keys)
    told = sum(map(len, events.values()))
    print(f"\n{told} articles of {len(events)} events, {len(kept) - told} strangers")
    held = Counter(chain.from_iterable(kept))
    for most in STRANGERS:
        pairs = met = connected = 0
        for members in events.values():
            own = Counter(chain.from_iterable(members))
            rare = [{key for key in keys if held[key] - own[key] <= most} for keys in members]
            first, _ = candidate_pairs(rare, np.arange(len(rare)))
            met += len(first)
            pairs += len(members) * (len(members) - 1) // 2
            connected += max(map(len, connections(rare)))
        limit = "any number of" if most == UNBOUNDED else f"up to {most}"
        print(f"keys of {limit} strangers: {met / pairs:.3f} of the pairs meet, {connected / told:.3f} are connected")


def connections(keys: Sequence[Collection[int]]) -> list[list[str]]:
    """Articles, by number, that chains of common keys connect: what single link makes of them."""
    names = [f"{number:04}" for number in range(len(keys))]
    first, second = candidate_pairs(keys, np.arange(len(keys)))
    edges = {(names[a], names[b]): 1.0 for a, b in zip(first.tolist(), second.tolist(), strict=True)}
    return average_link(names, edges, lambda pairs: [1.0] * len(pairs), Threshold(0, 0))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--articles", nargs="+", type=int, default=[4_000, 8_000, 16_000])
    options = parser.parse_args()
    counts = sorted(options.articles)
    with TemporaryDirectory() as folder:
        rows = []
        for crowd in (UNBOUNDED, stop_keys.CROWD):
            with open_store(f"sqlite:///{folder}/{crowd}.db") as store:
                store.setup()
                rows.append(list(growing(store, counts, crowd)))
    print(f"remembered: entries read and ms an article, of all keys; of those that no more than {stop_keys.CROWD} have")
    for count, (all_read, all_took), (read, took) in zip(counts, *rows, strict=True):
        print(f"{count:,}: {all_read:.1f} and {all_took:.2f}; {read:.1f} and {took:.2f} ({took / all_took:.2f})")
    if options.files:
        meetings([one for path in options.files for one in documents_of(path)])


if __name__ == "__main__":
    main()
