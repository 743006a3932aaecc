"""The shipped example, seed by seed and entry by entry, as it must come out of extraction and cleaning.

``expected.json`` is written by ``python tests/golden/extract/test_example.py`` and read through before it is kept.
"""

from __future__ import annotations

import json
import sys
from calendar import timegm
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from pipelines.clean import clean
from pipelines.extract import extract
from schemas.records import Capture, FeedEntry, MediaKind

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "infra" / "example"
FETCHED = datetime(2026, 6, 8, tzinfo=UTC)


def captures() -> dict[str, Capture]:
    """Every article of the example as a capture, by a name for people."""
    found: dict[str, Capture] = {}
    kinds = {".txt": MediaKind.TEXT, ".html": MediaKind.HTML}
    for path in sorted((EXAMPLE / "seeds").iterdir()):
        if path.suffix == ".jsonl":
            for line in path.read_bytes().splitlines():
                found[json.loads(line)["id"]] = capture(MediaKind.JSON_ARTICLE, line)
        else:
            found[path.name] = capture(kinds[path.suffix], path.read_bytes())
    feed = feedparser.parse(str(EXAMPLE / "feed.xml"))
    for entry in feed.entries:
        published = datetime.fromtimestamp(timegm(entry.published_parsed), UTC)
        found[entry.id] = capture(
            MediaKind.FEED_ENTRY,
            b"",
            FeedEntry(
                feed_url="seed:feed.xml",
                entry_id=entry.id,
                link=entry.link,
                title=entry.title,
                author=entry.author,
                published=published,
                html=entry.content[0].value,
                source=feed.feed.title,
            ),
        )
    return found


def capture(kind: MediaKind, body: bytes, entry: FeedEntry | None = None) -> Capture:
    return Capture(url="seed:example", fetched_at=FETCHED, kind=kind, body=body, entry=entry)


def outcome(one: Capture) -> dict[str, Any]:
    extracted = extract(one)
    cleaned = clean(extracted)
    return {
        "title": cleaned.title,
        "author": cleaned.author,
        "description": cleaned.description,
        "published": extracted.published and extracted.published.isoformat(),
        "published_from": extracted.published_from,
        "site_name": extracted.site_name,
        "paragraphs": list(cleaned.paragraphs),
        "dropped": [[item.reason, item.line] for item in cleaned.dropped],
    }


EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8")) if (HERE / "expected.json").exists() else {}


def test_the_example_has_what_a_newcomer_should_see() -> None:
    found = captures()
    assert set(found) == set(EXPECTED)
    assert len(found) == 19
    outcomes = [outcome(one) for one in found.values()]
    assert all(item["title"] and item["published"] for item in outcomes)
    assert all(180 <= sum(len(line.split()) for line in item["paragraphs"]) <= 400 for item in outcomes)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome_is_as_expected(name: str) -> None:
    assert outcome(captures()[name]) == EXPECTED[name]


if __name__ == "__main__":
    text = json.dumps({name: outcome(one) for name, one in captures().items()}, ensure_ascii=False, indent=1)
    sys.stdout.write(f"{(HERE / 'expected.json').write_text(text + chr(10), encoding='utf-8')} characters\n")
