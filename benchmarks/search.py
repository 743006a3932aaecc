"""Searching and looking up duplicates in a store that has grown, and its size on disk; in SQLite and in Elasticsearch.

    .venv/bin/python -m benchmarks.search [--articles 10000 100000] [--words 350] [--only sqlite|elasticsearch]

Fills each store with made-up articles (three a story, words as frequent as Zipf has them, each with what two of a
thousand rules ask for) and as many made-up fingerprints to each number in turn, and at each measures, once each: the
first 20 hits of 100 queries, of every operator of the language; the same with one article a story; the entries that
share a key with a new fingerprint, for 100 of these. Without ``--store`` Elasticsearch is a node started for it.
"""

from __future__ import annotations

import argparse
import time
import uuid
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import elasticsearch
import numpy as np

from benchmarks.generated_alerts import Generator, articles
from benchmarks.memory import fingerprints
from pipelines.alerts.query import parse
from pipelines.stores import local_node, open_store
from pipelines.stores.protocol import Space
from schemas.records import MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.stores.protocol import Store
    from schemas.records import Fingerprint, Rule

RULES = 1_000
QUERIES = 100
PAGE = 20
PORTION = 2_000
A_STORY = 3


class Filling:
    """A store that is filled, and how far."""

    def __init__(self, store: Store, bytes_on_disk: Callable[[], int], words: int) -> None:
        self.store = store
        self.bytes_on_disk = bytes_on_disk
        generator = Generator(1)
        self.rules = generator.rules(RULES)
        self._articles = articles(generator, self.rules, words)
        self.fingerprints = fingerprints(1)
        self.held = 0
        self.seconds = 0.0
        """What writing articles took so far."""

    def up_to(self, count: int) -> None:
        """Fill it."""
        while self.held < count:
            taken = min(PORTION, count - self.held)
            portion = [
                replace(article, story_id=f"{(self.held + number) // A_STORY:040x}", canonical_id=article.id)
                for number, article in enumerate(islice(self._articles, taken))
            ]
            start = time.perf_counter()
            self.store.update_articles([one.id for one in portion], lambda _, portion=portion: portion)
            self.seconds += time.perf_counter() - start
            self.store.remember([_entry(one) for one in islice(self.fingerprints, taken)])
            self.held += taken
        self.store.refresh()


def _entry(fingerprint: Fingerprint) -> MemoryEntry:
    return MemoryEntry(fingerprint=fingerprint, canonical_id=fingerprint.article_id, story_id=fingerprint.article_id)


def timed(asked: list[Callable[[], object]]) -> str:
    """Median and 95th percentile of milliseconds."""
    taken = []
    for ask in asked:
        start = time.perf_counter()
        ask()
        taken.append(1_000 * (time.perf_counter() - start))
    return f"{np.percentile(taken, 50):.1f} / {np.percentile(taken, 95):.1f}"


def measure(filling: Filling) -> str:
    """A row of the table."""
    store = filling.store

    def search(rule: Rule, *, one_per_story: bool) -> Callable[[], object]:
        query = parse(rule.query)
        return lambda: list(islice(store.search(query, one_per_story=one_per_story), PAGE))

    asked = filling.rules[:QUERIES]
    timed([search(rule, one_per_story=False) for rule in filling.rules[QUERIES : QUERIES + 20]])  # warms it up
    plain = timed([search(rule, one_per_story=False) for rule in asked])
    by_story = timed([search(rule, one_per_story=True) for rule in asked])
    new = list(islice(filling.fingerprints, QUERIES))
    found = timed([lambda one=one: store.related(Space.COPY, one.copy_keys) for one in new])
    size = filling.bytes_on_disk()
    return (
        f"{filling.held:,} | {filling.held / filling.seconds:,.0f} | {plain} | {by_story} | {found} | "
        f"{size / 1e6:,.0f} MB ({size / filling.held / 1e3:.1f} KB)"
    )


@contextmanager
def sqlite(folder: Path, words: int) -> Iterator[Filling]:
    """A file in the folder."""
    path = folder / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        yield Filling(store, lambda: path.stat().st_size, words)


@contextmanager
def elastic(folder: Path, words: int, url: str | None) -> Iterator[Filling]:
    """Indices of their own, removed afterwards; in a node of the folder where there is no address."""
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    address = url or local_node.up(folder, port=0, heap_mb=1024, cache=Path("var/elasticsearch"))

    def size() -> int:
        return int(client.indices.stats(index=f"{prefix}-*")["_all"]["total"]["store"]["size_in_bytes"])

    with elasticsearch.Elasticsearch(address) as client, open_store(address, index_prefix=prefix) as store:
        yield Filling(store, size, words)
        client.indices.delete(index=[*client.indices.get(index=f"{prefix}-*")])
    if not url:
        local_node.down(folder)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--words", type=int, default=350)
    parser.add_argument("--only", choices=["sqlite", "elasticsearch"])
    parser.add_argument("--store", help="address of an Elasticsearch")
    options = parser.parse_args()
    print(
        "| store | articles | written a second | search, ms p50 / p95 | one a story | duplicates | size (an article) |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in [options.only] if options.only else ["sqlite", "elasticsearch"]:
        with TemporaryDirectory() as name:
            folder, words = Path(name), options.words
            with sqlite(folder, words) if kind == "sqlite" else elastic(folder, words, options.store) as filling:
                filling.store.setup()
                for count in sorted(options.articles):
                    filling.up_to(count)
                    print(f"| {kind} | {measure(filling)} |", flush=True)


if __name__ == "__main__":
    main()
