"""What was learned of sources, in both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.records import ExtractionDay, ExtractionSample, LearnedLine

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store

NOW = datetime(2026, 6, 10, tzinfo=UTC)
LINE = LearnedLine(
    source="Wire", line="our desk in the north wrote this.", articles=7, learned_at=datetime(2026, 6, 1, tzinfo=UTC)
)


def day(source: str, number: int, *keys: int, words: int = 300) -> ExtractionDay:
    samples = (ExtractionSample(key=f"{key:016x}", words=words, dropped_words=9, title_echoes=1) for key in keys)
    return ExtractionDay(source=source, day=f"2026-06-{number:02}", samples=tuple(samples))


def test_samples_of_a_day_are_joined(store: Store) -> None:
    store.add_extraction_days([day("Wire", 2, 5, 3), day("Wire", 1, 1), day("Another", 2, 8)])
    store.add_extraction_days([day("Wire", 2, 4), day("Wire", 2, 3, words=10)])
    store.add_extraction_days([])
    store.refresh()
    found = store.extraction_days("2026-06-02")
    assert [(one.source, one.day) for one in found] == [("Another", "2026-06-02"), ("Wire", "2026-06-02")]
    assert [(sample.key[-1], sample.words) for sample in found[1].samples] == [("3", 10), ("4", 300), ("5", 300)]
    assert len(store.extraction_days("2026-06-01")) == 3
    for _ in range(2):
        store.add_extraction_days([day("Wire", 2, 4)])
    store.refresh()
    assert store.extraction_days("2026-06-02") == found


def test_learned_lines_are_kept_and_replaced(store: Store) -> None:
    long = replace(LINE, source="Ünïcode", line="ğ" * 400)
    store.put_learned_lines([long, LINE])
    store.put_learned_lines([replace(LINE, refused_at=NOW)])
    store.put_learned_lines([])
    store.refresh()
    assert store.learned_lines() == [replace(LINE, refused_at=NOW), long]
