"""Near duplicates on labelled syndication, beside MinHash.

    .venv/bin/python -m benchmarks.duplicates FILE.jsonl.gz [--pairs PAIRS.json ARTICLES.jsonl.gz]

FILE has an object a line: id, group, kind, outlet, title, text. Prints pair precision, recall and F1, the pairs of
templated notices merged (there should be none), and documents a second of processor time, all on one core; beside
them, from the same run, datasketch's MinHashLSH and rensa at the thresholds that suit them best. How many times our
time they take is the median of turns that they take with us, since other work on the machine slows all of it down.
PAIRS names pairs of ids in ARTICLES (``near_duplicate``: what is to be found; ``ambiguous``: what counts neither way)
and is scored alike.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.groups import EmptyMemory, pair_scores, pairs
from pipelines.grouping.regroup import regroup
from pipelines.identify.article import fingerprint
from pipelines.likeness.fingerprint import copy_keys, key_of, numbers, pack, shingles, words
from schemas.records import ArticleContent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from schemas.records import Fingerprint

    Pairs = AbstractSet[tuple[int, int]]

_SEEN = datetime(2026, 1, 1, tzinfo=UTC)
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
PERMUTATIONS = 128
MINHASH_SHINGLE = 5
"""Words in a shingle of MinHash, as is usual."""
RENSA_BANDS = 32
TURNS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """What one method found, and the processor time it took."""

    found: Pairs
    seconds: float


def content(number: int, document: dict[str, str]) -> ArticleContent:
    """Content of a labelled document, as extraction would give it."""
    return ArticleContent(
        article_id=f"{number:08}",
        digest="",
        url="",
        external_id=None,
        source=document.get("outlet") or document.get("domain"),
        title=document["title"],
        description=None,
        author=None,
        published=None,
        published_from=None,
        language="en",
        body=document["text"],
        dropped=(),
        word_count=len(document["text"].split()),
    )


def ours(documents: Sequence[dict[str, str]]) -> Measured:
    """Copy groups of all documents at once. What stories need of a fingerprint is made before, and not timed."""
    contents = [content(number, document) for number, document in enumerate(documents)]
    bare = [replace(fingerprint(one, _SEEN), story_keys=()) for one in contents]
    start = time.process_time()
    prints = [_copy_part(one, made) for one, made in zip(contents, bare, strict=True)]
    grouped = regroup(prints, EmptyMemory(), timedelta(days=14))
    seconds = time.process_time() - start
    return Measured(pairs([entry.canonical_id for entry in grouped.entries]), seconds)


def _copy_part(made: ArticleContent, bare: Fingerprint) -> Fingerprint:
    ordered = shingles(made.body)
    title = words(made.title or "")
    title_key = key_of(" ".join(title))
    return replace(
        bare,
        title_key=title_key,
        shingles=pack(ordered),
        numbers=pack(numbers(made.body)),
        copy_keys=copy_keys(ordered, title_key, len(title)),
    )


def datasketch(documents: Sequence[dict[str, str]], threshold: float) -> Measured:
    """Pairs that ``MinHashLSH`` brings together and whose estimated Jaccard similarity reaches the threshold."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - in the extra "bench" only

    start = time.process_time()
    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    signatures: list[Any] = []
    found: set[tuple[int, int]] = set()
    for number, document in enumerate(documents):
        signature = MinHash(num_perm=PERMUTATIONS)
        signature.update_batch([one.encode() for one in _minhash_shingles(document["text"])])
        near = index.query(signature)
        found |= {(other, number) for other in near if signature.jaccard(signatures[other]) >= threshold}
        index.insert(number, signature)
        signatures.append(signature)
    return Measured(found, time.process_time() - start)


def rensa(documents: Sequence[dict[str, str]], threshold: float) -> Measured:
    """The same with rensa's ``RMinHash`` and ``RMinHashLSH``, which are compiled."""
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - in the extra "bench" only

    start = time.process_time()
    index = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=RENSA_BANDS)
    signatures: list[Any] = []
    found: set[tuple[int, int]] = set()
    for number, document in enumerate(documents):
        signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
        signature.update(_minhash_shingles(document["text"]))
        near = index.query(signature)
        found |= {(other, number) for other in near if signature.jaccard(signatures[other]) >= threshold}
        index.insert(number, signature)
        signatures.append(signature)
    return Measured(found, time.process_time() - start)


def _minhash_shingles(text: str) -> list[str]:
    tokens = words(text)
    count = max(1, len(tokens) - MINHASH_SHINGLE + 1)
    return [" ".join(tokens[start : start + MINHASH_SHINGLE]) for start in range(count)]


def best(
    method: Callable[[Sequence[dict[str, str]], float], Measured],
    documents: Sequence[dict[str, str]],
    true: Pairs,
    ignored: Pairs,
) -> tuple[float, Measured]:
    """The threshold under which a method has its highest F1, and what it finds there."""
    tried = [(threshold, method(documents, threshold)) for threshold in THRESHOLDS]
    return max(tried, key=lambda one: pair_scores(set(one[1].found - ignored), set(true))[2])


def times_ours(
    method: Callable[[Sequence[dict[str, str]], float], Measured], threshold: float, documents: Sequence[dict[str, str]]
) -> float:
    """How many times our time a method takes: the median of so many turns."""
    return median(method(documents, threshold).seconds / ours(documents).seconds for _ in range(TURNS))


def compare(documents: Sequence[dict[str, str]], true: Pairs, ignored: Pairs = frozenset()) -> None:
    """A line for each method; pairs in ``ignored`` count neither way."""
    print(f"{len(documents)} documents, {len(true)} true pairs")
    ours(documents)  # what is made at first use is not timed, as with the others, which are tried more than once
    measured = ours(documents)
    _report("wirepicket", measured, len(documents), pair_scores(set(measured.found - ignored), set(true)))
    for name, method in (("datasketch", datasketch), ("rensa", rensa)):
        threshold, other = best(method, documents, true, ignored)
        scores = pair_scores(set(other.found - ignored), set(true))
        _report(f"{name} {threshold}", other, len(documents), scores)
        print(f"{'':16} {times_ours(method, threshold, documents):.2f} times our time")
    templates = {number for number, document in enumerate(documents) if document.get("kind") == "template"}
    if templates:
        print(f"notices merged: {sum(a in templates and b in templates for a, b in measured.found)} pairs")


def _report(name: str, told: Measured, documents: int, scores: tuple[float, float, float]) -> None:
    precision, recall, f1 = scores
    speed = documents / told.seconds
    print(f"{name:16} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}  {speed:6.0f}/s")


def read(path: Path) -> list[dict[str, str]]:
    """The documents of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--pairs", nargs=2, type=Path, metavar=("PAIRS", "ARTICLES"))
    options = parser.parse_args()
    documents = read(options.file)
    compare(documents, pairs([document["group"] for document in documents]))
    if options.pairs:
        labelled, articles = json.loads(options.pairs[0].read_text()), read(options.pairs[1])
        number = {document["id"]: place for place, document in enumerate(articles)}
        true, ignored = (
            {(min(number[a], number[b]), max(number[a], number[b])) for a, b in labelled.get(kind, ())}
            for kind in ("near_duplicate", "ambiguous")
        )
        print(f"\n{options.pairs[0].name}:")
        compare(articles, true, frozenset(ignored))


if __name__ == "__main__":
    np.seterr(over="ignore")
    main()
