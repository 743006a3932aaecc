"""A change in how the pages of a source read is noticed, and chance is not."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from pipelines.errors import ExtractionError
from pipelines.ingest.drift import extraction_days, layout_changes
from pipelines.stores.merging import MAX_SAMPLES, health_of, with_samples
from schemas.records import Capture, CaptureRef, ExtractionDay, ExtractionSample, MediaKind


def sample(key: int, words: int = 400, dropped: int = 20, *, echo: bool = False) -> ExtractionSample:
    return ExtractionSample(key=f"{key:016x}", words=words, dropped_words=dropped, title_echoes=int(echo))


def day(number: int, samples: list[ExtractionSample], source: str = "Wire") -> ExtractionDay:
    return ExtractionDay(source=source, day=f"2026-06-{number:02}", samples=tuple(samples))


def usual(number: int, count: int = 10) -> ExtractionDay:
    chance = random.Random(number)
    return day(number, [sample(n, words=chance.randint(250, 700), dropped=chance.randint(0, 60)) for n in range(count)])


CHANGED = {
    "without a text": [sample(n, words=0 if n < 6 else 400) for n in range(10)],
    "median length": [sample(n, words=90) for n in range(10)],
    "headline in the text": [sample(n, echo=True) for n in range(10)],
    "words dropped": [sample(n, dropped=300) for n in range(10)],
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_change_of_layout_is_told_with_its_day(what: str) -> None:
    days = [usual(1), usual(2), usual(3), day(4, CHANGED[what]), usual(5)]
    (change,) = [one for one in layout_changes(days[:4]) if one.source == "Wire"]
    assert (change.day, change.source) == ("2026-06-04", "Wire")
    assert change.description.startswith(what)


def test_usual_days_and_days_of_few_articles_tell_nothing() -> None:
    assert layout_changes([usual(number) for number in range(1, 29)]) == []
    few = [usual(1), usual(2), day(3, CHANGED["median length"][:4])]
    assert layout_changes(few) == []
    assert layout_changes([usual(1, 5), day(2, CHANGED["median length"])]) == []


def test_other_sources_are_not_blamed() -> None:
    other = [day(number, CHANGED["median length"], "Another") for number in range(1, 5)]
    assert layout_changes([*other, usual(1), usual(2), usual(3)]) == []


def test_samples_of_one_capture_count_once_and_the_order_does_not_matter() -> None:
    samples = [sample(n) for n in range(100)]
    chance = random.Random(1)
    results = set()
    for _ in range(5):
        chance.shuffle(samples)
        whole: ExtractionDay | None = None
        for start in range(0, 100, 7):
            whole = with_samples(whole, day(1, samples[start : start + 7]))
        assert whole is not None
        results.add(with_samples(whole, day(1, samples[:9])))
    (one,) = results
    assert [sample.key for sample in one.samples] == [f"{n:016x}" for n in range(MAX_SAMPLES)]


def test_a_page_without_a_text_counts_for_its_source_and_day() -> None:
    capture = Capture(
        url="https://news.example/a", fetched_at=datetime(2026, 6, 3, 23, tzinfo=UTC), kind=MediaKind.HTML, body=b""
    )
    (found,) = extraction_days([(CaptureRef(file="a", offset=1), capture)], [ExtractionError("no_text")])
    assert (found.source, found.day) == ("news.example", "2026-06-03")
    assert health_of(found.samples).empty == 1
