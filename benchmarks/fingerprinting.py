"""What the fingerprint of an article costs, and what of that its copies and its stories are found by.

    .venv/bin/python -m benchmarks.fingerprinting FILE.jsonl.gz [--articles N] [--rounds N]

FILE has the form that ``benchmarks.duplicates`` reads. Prints microseconds of processor time an article, the least of
some rounds, and how many times that is what one regular expression takes to find the words of the same texts: by that,
two versions of the code can be compared. Each round begins with no term's hash known, as a process does.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.duplicates import content, read
from pipelines.identify.article import fingerprint
from pipelines.likeness.fingerprint import hash_text, numbers, shingles, winnow
from pipelines.likeness.story_features import story_features
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.records import ArticleContent

_WORD = re.compile(r"\w+")


def measure(task: Callable[[ArticleContent], object], contents: Sequence[ArticleContent]) -> float:
    """Seconds of processor time for a task on all articles."""
    hash_text.cache_clear()
    start = time.process_time()
    for one in contents:
        task(one)
    return time.process_time() - start


def _for_copies(one: ArticleContent) -> None:
    winnow(shingles(one.body))
    numbers(one.body)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    contents = [content(number, document) for number, document in enumerate(read(options.file)[: options.articles])]
    seen = now_utc()
    tasks: dict[str, Callable[[ArticleContent], object]] = {
        "words": lambda one: _WORD.findall(one.body),
        "fingerprint": lambda one: fingerprint(one, seen),
        "for copies": _for_copies,
        "for stories": lambda one: story_features(one.title, one.body, one.language),
    }
    taken = {name: float("inf") for name in tasks}
    for _ in range(options.rounds + 1):  # in the first what is made at first use is made as well
        for name, task in tasks.items():
            taken[name] = min(taken[name], measure(task, contents))
    for name, seconds in taken.items():
        print(f"{name:12} {seconds / len(contents) * 1e6:7.0f} us  {seconds / taken['words']:6.1f} times the words")


if __name__ == "__main__":
    main()
