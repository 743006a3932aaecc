"""Time of parsing queries of the rule language.

    python -m benchmarks.rule_parsing [--rules N] [--rounds N]

Prints microseconds of processor time a query, the least of some rounds, for generated rules of every operator, for
plain terms, and for queries with an error, and the ratio to one regular expression that only finds the words, phrases
and brackets of the same queries, in the same rounds. What is remembered of parsed queries is cleared before each round.
"""

from __future__ import annotations

import argparse
import re
import time
from typing import TYPE_CHECKING

from benchmarks.generated_alerts import Generator
from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.construct import make_phrase, make_term
from pipelines.rules.language.query import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PIECE = re.compile(r'"[^"]*"|[()]|[^\s()"]+')


def seconds(task: Callable[[str], object], queries: Sequence[str]) -> float:
    """Return the seconds of processor time of a task on all queries."""
    for cache in (parse, make_term, make_phrase):
        cache.cache_clear()
    begin = time.process_time()
    for query in queries:
        task(query)
    return time.process_time() - begin


def _refused(query: str) -> None:
    try:
        parse(query)
    except RuleSyntaxError:
        return
    raise AssertionError(query)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    generated = [rule.query for rule in Generator(options.rules).rules(options.rules)]
    kinds: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "of every operator": (parse, generated),
        "plain terms": (parse, [f"name{number}" for number in range(options.rules)]),
        "with an error": (_refused, [f"{query} OR" for query in generated]),
    }
    for name, (task, queries) in kinds.items():
        ours = bare = float("inf")
        for _ in range(options.rounds):
            ours = min(ours, seconds(task, queries))
            bare = min(bare, seconds(_PIECE.findall, queries))
        length = sum(map(len, queries)) / len(queries)
        print(
            f"{name:18}{ours / len(queries) * 1e6:6.1f} us a query of {length:.0f} characters, "
            f"{ours / bare:5.1f} times the regular expression ({bare / len(queries) * 1e6:.1f} us)"
        )


if __name__ == "__main__":
    main()
