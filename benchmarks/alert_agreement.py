"""Do the matcher, SQLite and Elasticsearch find the same pairs of rule and article?

    python -m benchmarks.alert_agreement [--rules 1000] [--articles 5000] [--store URL…]

Without ``--store`` a SQLite file in a temporary folder is asked, and a real Elasticsearch node that is started for it.
Exit code 1 when a pair differs.
"""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.generated_alerts import Generator, articles
from benchmarks.given import given
from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import parse
from pipelines.rules.matcher import Matcher, confirm
from pipelines.stores import local_node, open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import Article, Rule

PORTION = 500

Pair = tuple[str, str]
"""Id of a rule, id of an article."""


def by_matcher(rules: Sequence[Rule], found: Sequence[Article]) -> set[Pair]:
    """Pairs of the in-process matcher."""
    matcher = Matcher(rules)
    return {(hit.rule_id, article.id) for article in found for hit in matcher.match(article.content)}


def fill(store: Store, found: Sequence[Article]) -> None:
    """Write the articles."""
    store.setup()
    for start in range(0, len(found), PORTION):
        portion = found[start : start + PORTION]
        store.update_articles([article.id for article in portion], given(portion))
    store.refresh()


def by_store(rules: Sequence[Rule], store: Store) -> tuple[set[Pair], int]:
    """Pairs of the rules' compiled queries, each confirmed as a search does; and how many were looked at."""
    pairs: set[Pair] = set()
    looked = 0
    for rule in rules:
        query = parse(rule.query)
        for article in store.candidates(query):
            looked += 1
            content = article.content
            fields = {"title": content.title, "source": content.source, "language": content.language}
            if confirm(query, TextFields(body=content.body, **fields)) is not None:
                pairs.add((rule.id, article.id))
    return pairs, looked


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=5000)
    parser.add_argument("--store", nargs="+")
    options = parser.parse_args()
    generator = Generator(11)
    rules = generator.rules(options.rules)
    found = list(islice(articles(generator, rules), options.articles))
    expected = by_matcher(rules, found)
    matched = len({rule for rule, _ in expected})
    print(f"matcher: {len(expected)} pairs of {matched} rules and {len({one for _, one in expected})} articles")
    faults = 0
    with TemporaryDirectory() as folder, ExitStack() as stack:
        urls = options.store
        if not urls:
            home = Path(folder) / "node"
            urls = [f"sqlite:///{folder}/store.db", local_node.up(home, port=0, cache=Path("var/elasticsearch"))]
            stack.callback(local_node.down, home)
        for url in urls:
            begin = time.perf_counter()
            with open_store(url, index_prefix=f"agree-{uuid.uuid4().hex[:8]}") as store:
                fill(store, found)
                pairs, looked = by_store(rules, store)
            missing, more = len(expected - pairs), len(pairs - expected)
            seconds = time.perf_counter() - begin
            faults += missing + more
            print(
                f"{url.partition(':')[0]}: {len(pairs)} pairs of {looked} candidates; "
                f"{missing} missing, {more} too many; {seconds:.0f} s"
            )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
