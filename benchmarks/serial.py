"""Time of writing and reading records as JSON.

    python -m benchmarks.serial [--rounds N] [--records N]

Prints microseconds of processor time a record, the least of some rounds, for kinds of records that are written most
often, and the ratio to orjson alone on the same records as plain dictionaries in the same rounds. orjson makes no
record of what it reads and checks nothing of what it writes; what a ratio has above 1 is the cost of the records.
``to_dict`` and ``from_dict`` are given as ratios to the same, though they leave no text or read none.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from schemas.records import (
    Alert,
    AlertMatch,
    Article,
    ArticleContent,
    Capture,
    DroppedLine,
    Fingerprint,
    MediaKind,
    Observation,
    PublishedFrom,
)
from schemas.serial import from_dict, from_json, to_dict, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_START = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = ("frigate", "delivery", "of", "the", "ministry", "said", "défense", "Łódź", "on", "missile", "Übung", "a")


def article(draw: random.Random) -> Article:
    """Make an article of 400 words with three captures."""
    seen = _START + timedelta(seconds=draw.randrange(10**7))
    content = ArticleContent(
        article_id=f"{draw.getrandbits(96):024x}",
        digest=f"{draw.getrandbits(256):064x}",
        url="https://outlet.example/2026/a-report-on-frigates",
        external_id=None,
        source="Outlet",
        title=_text(draw, 9),
        description=_text(draw, 25),
        author="A. Author",
        published=seen,
        published_from=PublishedFrom.JSON_LD,
        language="en",
        body="\n\n".join(_text(draw, 50) for _ in range(8)),
        dropped=tuple(DroppedLine(_text(draw, 6), "teaser") for _ in range(4)),
        word_count=400,
    )
    captures = [
        Observation(fetched_at=seen + timedelta(hours=hour), digest=content.digest, archive_record="a.warc.gz@1")
        for hour in range(3)
    ]
    return Article(content=content, observations=tuple(captures), revision=1, first_seen=seen)


def fingerprint(draw: random.Random) -> Fingerprint:
    """Make the fingerprint of an article of 400 words."""
    return Fingerprint(
        article_id=f"{draw.getrandbits(96):024x}",
        digest=f"{draw.getrandbits(256):064x}",
        source="Outlet",
        title_key=draw.getrandbits(63),
        published=_START,
        first_seen=_START,
        word_count=400,
        shingles=draw.randbytes(8 * 398),
        numbers=draw.randbytes(8 * 6),
        copy_keys=tuple(draw.getrandbits(63) for _ in range(25)),
        story_features=draw.randbytes(600),
        story_keys=tuple(draw.getrandbits(63) for _ in range(50)),
    )


def capture(draw: random.Random) -> Capture:
    """Make the capture of a page of 60 kB."""
    return Capture(
        url="https://outlet.example/2026/a-report-on-frigates",
        fetched_at=_START,
        kind=MediaKind.HTML,
        body=draw.randbytes(60_000),
        content_type="text/html",
        status=200,
        headers=tuple((f"header-{number}", _text(draw, 3)) for number in range(12)),
    )


def alert(draw: random.Random) -> Alert:
    """Make an alert of five matches."""
    matches = [
        AlertMatch(
            article_id="a" * 24, field="body", sentence=_text(draw, 22), start=7, end=14, form="frigate", term="frigate"
        )
        for _ in range(5)
    ]
    return Alert(
        id=f"{draw.getrandbits(96):024x}",
        rule_id="frigates",
        rule_version="1",
        story_id="b" * 24,
        article_id="a" * 24,
        matched_at=_START,
        matches=tuple(matches),
    )


def _text(draw: random.Random, words: int) -> str:
    return " ".join(draw.choice(_WORDS) for _ in range(words))


def least(rounds: int, tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the least seconds of processor time of each task, the tasks taking turns in each round."""
    taken = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, task in tasks.items():
            begin = time.process_time()
            task()
            taken[name] = min(taken[name], time.process_time() - begin)
    return taken


def measure(make: Callable[[random.Random], object], records: int, rounds: int) -> None:
    """Print the figures of one kind of record."""
    draw = random.Random(1)
    made = [make(draw) for _ in range(records)]
    kind = type(made[0])
    plain = [to_dict(record) for record in made]
    texts = [to_json(record) for record in made]
    assert texts == [orjson.dumps(value) for value in plain]
    taken = least(
        rounds,
        {
            "to_json": lambda: _each(to_json, made),
            "to_dict": lambda: _each(to_dict, made),
            "orjson.dumps": lambda: _each(orjson.dumps, plain),
            "from_json": lambda: _each(lambda text: from_json(kind, text), texts),
            "from_dict": lambda: _each(lambda value: from_dict(kind, value), plain),
            "orjson.loads": lambda: _each(orjson.loads, texts),
        },
    )
    print(f"{kind.__name__}, {sum(map(len, texts)) / records / 1000:.1f} kB of JSON")
    for base, names in (("orjson.dumps", ("to_json", "to_dict")), ("orjson.loads", ("from_json", "from_dict"))):
        for name in names:
            print(
                f"  {name:10}{taken[name] / records * 1e6:8.1f} us, {taken[name] / taken[base]:5.2f} times {base} "
                f"({taken[base] / records * 1e6:.1f} us)"
            )


def _each(task: Callable[..., object], values: Iterable[object]) -> None:
    for value in values:
        task(value)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    for make in (article, fingerprint, capture, alert):
        measure(make, options.records, options.rounds)


if __name__ == "__main__":
    main()
