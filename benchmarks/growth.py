"""Both stores as they grow: searching, looking up duplicates, grouping, and what is on disk.

    .venv/bin/python -m benchmarks.growth [--articles 10000 100000] [--only sqlite|elasticsearch] [--folder FOLDER]
                                          [--memory-only] [--merged]

For each number a store of its own is filled with made-up articles (three a story, words as frequent as Zipf has them,
each with what two of a thousand rules ask for) and as many made-up fingerprints. Only then all of them are measured, a
portion of each in turn, so that nothing but their size tells them apart: the first 20 hits of 100 queries, of every
operator of the language; the same with one article a story; the entries that share a copy key with a new fingerprint,
for 100 of these; and batches of 200 new articles regrouped, look-ups included, and remembered. What the look-ups cost
of that stands in a column of its own, beside a bare B-tree: an SQLite table of random numbers, as many as the memory
has keys, in which as many are looked up by one query. With ``--memory-only`` there are no articles to be searched,
with ``--merged`` each index of Elasticsearch's is merged into one segment before it is measured.

With ``--folder`` what was filled is kept there and measured again by the next call. Without ``--store`` Elasticsearch
is a node started for it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
import uuid
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import elasticsearch
import numpy as np

from benchmarks.fingerprints import PAIRS, fingerprints
from benchmarks.generated_alerts import Generator, articles
from benchmarks.given import given
from benchmarks.groups import EmptyMemory
from pipelines.grouping.regroup import regroup
from pipelines.likeness.fingerprint import MAX_KEYS
from pipelines.rules.language.query import parse
from pipelines.stores import local_node, open_store
from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pipelines.rules.language.query import Query
    from pipelines.stores.memory import Memory
    from pipelines.stores.protocol import Store
    from pipelines.stores.searching import Hit
    from schemas.records import Fingerprint, Rule

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

RULES = 1_000
ROUNDS = 5
QUERIES = 20
"""A round."""
BATCH = 200
KEYS = MAX_KEYS + len(PAIRS)
"""Look-up keys of a made-up fingerprint, or nearly."""
PAGE = 20
PORTION = 2_000
REMEMBERED_AT_ONCE = 20_000
"""Of a small portion each key would be a page of the lists to be written, of a large one many share it."""
A_STORY = 3
HEAP_MB = 2_048
MERGE_SECONDS = 3_600
_HORIZON = timedelta(days=14)
_SINGLES = ("search", "one a story", "duplicates")
_BATCHES = ("regroup", "look-ups", "bare tree", "remember")
_HEADINGS = (
    *("store", "articles", *(f"{what}, ms p50 / p95" for what in _SINGLES)),
    *(f"{what}, ms an article (of the first)" for what in _BATCHES),
    "size (an article)",
)
_NONE = "–"
"""Of what was not measured."""


def timed(ask: Callable[[], Answer]) -> tuple[Answer, float]:
    """An answer, and the milliseconds it took."""
    start = time.perf_counter()
    answer = ask()
    return answer, 1_000 * (time.perf_counter() - start)


class TimedMemory:
    """A memory, and how long it took to answer."""

    def __init__(self, memory: Memory) -> None:
        self.milliseconds = 0.0
        self.remembered, self.members = self._timed(memory.remembered), self._timed(memory.members)
        self.related, self.common_keys = self._timed(memory.related), self._timed(memory.common_keys)
        self.count_holders = self._timed(memory.count_holders)

    def _timed(self, ask: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        def answered(*given: Asked.args, **named: Asked.kwargs) -> Answer:
            answer, took = timed(lambda: ask(*given, **named))
            self.milliseconds += took
            return answer

        return answered


def _bytes_of(path: Path) -> int:
    return path.stat().st_size


class BareTree:
    """What looking up costs SQLite itself: random numbers in a table which is nothing but their tree."""

    def __init__(self, path: Path, count: int) -> None:
        """Of so many articles, each with as many keys as a made-up one has."""
        self._made = np.random.default_rng(count)
        self._connection = sqlite3.connect(path)
        with self._connection:
            self._connection.execute("CREATE TABLE IF NOT EXISTS tree (key INTEGER PRIMARY KEY) WITHOUT ROWID")
            if not self._connection.execute("SELECT 1 FROM tree").fetchone():
                keys = np.sort(self._random(count))
                for start in range(0, len(keys), PORTION * KEYS):
                    rows = ((key,) for key in keys[start : start + PORTION * KEYS].tolist())
                    self._connection.executemany("INSERT OR IGNORE INTO tree VALUES (?)", rows)

    def look_up(self) -> None:
        """As many as the keys of a batch, in order."""
        wanted = json.dumps(np.sort(self._random(BATCH)).tolist())
        join = "SELECT tree.key FROM json_each(?) AS wanted CROSS JOIN tree ON tree.key = wanted.value"
        self._connection.execute(join, (wanted,)).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _random(self, articles: int) -> NDArray[np.int64]:
        return self._made.integers(0, 2**63 - 1, articles * KEYS, np.int64)


@dataclass(slots=True)
class Grown:
    """A store that holds so much, and what was measured of it."""

    kind: str
    count: int
    store: Store
    bytes_on_disk: Callable[[], int]
    filled: Path
    """A file that is there once the store is full."""
    tree: BareTree | None = None
    settle: Callable[[], None] = lambda: None
    """Asked of it once it is full."""
    times: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of each thing asked."""

    def fill(self, words: int) -> None:
        """Fill it, from where an earlier call was broken off; nothing to do where it is full."""
        if self.filled.exists():
            return
        if words:
            self._fill_articles(words)
        self._fill_memory()
        self.store.refresh()
        self.filled.touch()

    def _fill_articles(self, words: int) -> None:
        generator = Generator(1)
        made = articles(generator, generator.rules(RULES), words)
        for held in range(0, self.count, PORTION):
            portion = [
                replace(article, story_id=f"{(held + number) // A_STORY:040x}", canonical_id=article.id)
                for number, article in enumerate(islice(made, min(PORTION, self.count - held)))
            ]
            ids = [one.id for one in portion]
            if not self.store.articles(ids[-1:]):
                self.store.update_articles(ids, given(portion))

    def _fill_memory(self) -> None:
        prints = fingerprints(1)
        for held in range(0, self.count, REMEMBERED_AT_ONCE):
            portion = list(islice(prints, min(REMEMBERED_AT_ONCE, self.count - held)))
            if not self.store.remembered([portion[-1].article_id]):
                self.store.remember(regroup(portion, EmptyMemory(), _HORIZON).changed)

    def ask(self, rules: list[Rule], new: list[Fingerprint]) -> None:
        """A round: searches by these rules, look-ups of single fingerprints, a batch regrouped and remembered."""
        for rule in rules:
            query = parse(rule.query)
            self._timed("search", partial(self._page, query))
            self._timed("one a story", partial(self._page, query, one_per_story=True))
        for one in new[:QUERIES]:
            self._timed("duplicates", partial(self.store.related, Space.COPY, one.copy_keys))
        with self.store.exclusive():
            memory = TimedMemory(self.store)
            found = self._timed("regroup", lambda: regroup(new, memory, _HORIZON))
            self.times.setdefault("look-ups", []).append(memory.milliseconds)
            self._timed("remember", lambda: self.store.remember(found.changed, common=found.common, rare=found.rare))
        if self.tree:
            self._timed("bare tree", self.tree.look_up)

    def _page(self, query: Query, *, one_per_story: bool = False) -> list[Hit]:
        return list(islice(self.store.search(query, one_per_story=one_per_story), PAGE))

    def _timed(self, what: str, ask: Callable[[], Answer]) -> Answer:
        answer, took = timed(ask)
        self.times.setdefault(what, []).append(took)
        return answer

    def row(self, first: Grown) -> str:
        """Its row of the table; times of a batch also as a ratio to those of the smallest store."""
        size = self.bytes_on_disk()
        spread = {what: np.percentile(times, (50, 95)) for what, times in self.times.items()}
        batch = {what: (spread[what][0] / BATCH, spread[what][0] / np.median(first.times[what])) for what in spread}
        cells = [self.kind, f"{self.count:,}"]
        cells += ["{:.1f} / {:.1f}".format(*spread[what]) if what in spread else _NONE for what in _SINGLES]
        cells += ["{:.3f} ({:.2f})".format(*batch[what]) if what in batch else _NONE for what in _BATCHES]
        cells.append(f"{size / 1e6:,.0f} MB ({size / self.count / 1e3:.1f} KB)")
        return "| " + " | ".join(cells) + " |"


@contextmanager
def sqlite(folder: Path, counts: list[int]) -> Iterator[list[Grown]]:
    """A file for each number."""
    with ExitStack() as stack:
        grown = []
        for count in counts:
            path = folder / f"{count}.db"
            store = stack.enter_context(open_store(f"sqlite:///{path}"))
            tree = stack.enter_context(closing(BareTree(path.with_suffix(".tree"), count)))
            grown.append(Grown("sqlite", count, store, partial(_bytes_of, path), path.with_suffix(".full"), tree))
        yield grown


@contextmanager
def elastic(folder: Path, counts: list[int], url: str | None, *, keep: bool, merged: bool) -> Iterator[list[Grown]]:
    """Indices for each number, taken away again where they are not to be kept.

    In a node of the folder where there is no address.
    """
    address = url or local_node.up(folder / "node", port=0, heap_mb=HEAP_MB, cache=Path("var/elasticsearch"))

    def size(prefix: str) -> int:
        return int(client.indices.stats(index=f"{prefix}-*")["_all"]["total"]["store"]["size_in_bytes"])

    def merge(prefix: str) -> None:
        client.options(request_timeout=MERGE_SECONDS).indices.forcemerge(index=f"{prefix}-*", max_num_segments=1)

    try:
        with ExitStack() as stack:
            client = stack.enter_context(elasticsearch.Elasticsearch(address))
            grown = []
            for count in counts:
                prefix = f"growth-{count}"
                store = stack.enter_context(open_store(address, index_prefix=prefix))
                marker = folder / f"{prefix}.full"
                one = Grown("elasticsearch", count, store, partial(size, prefix), marker)
                if merged:
                    one.kind += ", merged"
                    one.settle = partial(merge, prefix)
                grown.append(one)
            try:
                yield grown
            finally:
                if not keep:
                    made = client.indices.get(index=",".join(f"growth-{count}-*" for count in counts))
                    client.indices.delete(index=[*made])
    finally:
        if not url:
            local_node.down(folder / "node")


def measure(grown: list[Grown], rules: list[Rule]) -> None:
    """All of them in turn, once unmeasured to warm up."""
    # Articles that none of the stores holds: of another seed, and of another in every call.
    stream = fingerprints(uuid.uuid4().int % 2**32)
    for turn in range(ROUNDS + 1):
        asked, new = rules[turn * QUERIES :][:QUERIES], list(islice(stream, BATCH))
        for one in grown:
            one.ask(asked, new)
            if turn == 0:
                one.times.clear()


def main() -> None:
    """Fill, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--words", type=int, default=350)
    parser.add_argument("--memory-only", action="store_true", help="no articles, no searches")
    parser.add_argument("--only", choices=["sqlite", "elasticsearch"])
    parser.add_argument("--store", help="address of an Elasticsearch")
    parser.add_argument("--folder", type=Path, help="where what was filled is kept; default: a temporary one")
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument("--merged", action="store_true", help="one segment an index of Elasticsearch's")
    options = parser.parse_args()
    counts = sorted(options.articles)
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        print("| " + " | ".join(_HEADINGS) + " |\n" + "|---" * len(_HEADINGS) + "|", flush=True)
        for kind in [options.only] if options.only else ["sqlite", "elasticsearch"]:
            keep = bool(options.folder)
            stores = (
                sqlite(folder, counts)
                if kind == "sqlite"
                else elastic(folder, counts, options.store, keep=keep, merged=options.merged)
            )
            with stores as grown:
                for one in grown:
                    one.store.setup()
                    one.fill(0 if options.memory_only else options.words)
                    one.settle()
                if not options.fill_only:
                    measure(grown, [] if options.memory_only else Generator(1).rules(RULES))
                    print(*(one.row(grown[0]) for one in grown), sep="\n", flush=True)


if __name__ == "__main__":
    main()
