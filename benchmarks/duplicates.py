"""Near duplicates on labelled syndication.

    .venv/bin/python -m benchmarks.duplicates FILE.jsonl.gz

FILE has an object a line: id, group, kind, outlet, title, text. Prints pair precision, recall and F1, the pairs of
templated notices merged (there should be none), and documents a second.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.groups import EmptyMemory, pair_scores, pairs
from pipelines.grouping.regroup import regroup
from pipelines.identify.article import fingerprint
from schemas.records import ArticleContent

_SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def content(number: int, document: dict[str, str]) -> ArticleContent:
    """Content of a labelled document, as extraction would give it."""
    return ArticleContent(
        article_id=f"{number:08}",
        digest="",
        url="",
        external_id=None,
        source=document["outlet"],
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


def main(path: Path) -> None:
    """Measure and print."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    start = time.perf_counter()
    prints = [fingerprint(content(number, document), _SEEN) for number, document in enumerate(documents)]
    prints = [replace(one, story_keys=()) for one in prints]  # stories are not measured here
    middle = time.perf_counter()
    grouped = regroup(prints, EmptyMemory(), timedelta(days=14))
    end = time.perf_counter()
    found = pairs([entry.canonical_id for entry in grouped.entries])
    true = pairs([document["group"] for document in documents])
    templates = {number for number, document in enumerate(documents) if document["kind"] == "template"}
    precision, recall, f1 = pair_scores(found, true)
    print(f"{len(documents)} documents, {len(true)} true pairs")
    print(f"precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")
    print(f"notices merged: {sum(a in templates and b in templates for a, b in found)} pairs")
    print(f"fingerprints {len(documents) / (middle - start):.0f}/s, grouping {len(documents) / (end - middle):.0f}/s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
