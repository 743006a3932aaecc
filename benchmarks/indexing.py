"""Articles written into Elasticsearch as the pipeline does it, against a bare ``streaming_bulk`` of the same documents.

    .venv/bin/python -m benchmarks.indexing [--articles 10000] [--words 350] [--rounds 5] [--store URL]

Both fill new indices of the same templates, in portions that take turns, so that what else the machine does meets both.
The bare one gets its documents ready made. Ours looks up what is there, makes each document (the normalised tokens
among it) and writes by compare-and-set. Without ``--store`` a real node is started for it.
"""

from __future__ import annotations

import argparse
import time
import uuid
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import elasticsearch
from elasticsearch.helpers import streaming_bulk

from benchmarks.generated_alerts import Generator, articles
from benchmarks.given import given
from pipelines.stores import local_node, open_store
from pipelines.stores.elastic.documents import ARTICLES

PORTION = 2_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=350)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--store", help="address of an Elasticsearch")
    options = parser.parse_args()
    generator = Generator(1)
    found = list(islice(articles(generator, generator.rules(50), options.words), options.articles))
    made = {article.id: ARTICLES.document(article) for article in found}
    bare, ours = 0.0, 0.0
    with TemporaryDirectory() as folder, ExitStack() as stack:
        url = options.store
        if not url:
            url = local_node.up(Path(folder), port=0, cache=Path("var/elasticsearch"))
            stack.callback(local_node.down, Path(folder))
        client = stack.enter_context(elasticsearch.Elasticsearch(url, request_timeout=60))
        for turn in range(options.rounds + 1):
            alias, prefix = (f"bench-{uuid.uuid4().hex[:8]}" for _ in range(2))
            with open_store(url, index_prefix=prefix) as store, open_store(url, index_prefix=alias) as other:
                store.setup()
                other.setup()
                for begin in range(0, len(found), PORTION):
                    portion = found[begin : begin + PORTION]
                    actions = [
                        {"_op_type": "index", "_index": f"{alias}-articles", "_id": one.id, "_source": made[one.id]}
                        for one in portion
                    ]
                    start = time.perf_counter()
                    for _ in streaming_bulk(client, actions):
                        pass
                    middle = time.perf_counter()
                    store.update_articles([one.id for one in portion], given(portion))
                    if turn:  # the first warms both up
                        bare += middle - start
                        ours += time.perf_counter() - middle
                for one in (store, other):
                    one.refresh()
                    assert sum(1 for _ in one.iter_articles()) == len(found)
            client.indices.delete(index=[*client.indices.get(index=f"{alias}-*,{prefix}-*")])
            if turn:
                total = turn * len(found)
                print(
                    f"round {turn}: streaming_bulk {total / bare:,.0f} documents/s, ours {total / ours:,.0f}: "
                    f"{bare / ours:.2f} of it",
                    flush=True,
                )


if __name__ == "__main__":
    main()
