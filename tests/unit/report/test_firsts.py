from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.report.firsts import firsts, leader
from pipelines.report.model import FirstRow
from pipelines.report.spans import in_words

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_median_lead_of_each_outlet() -> None:
    rows = firsts(
        [
            {"A": NOON, "B": NOON + HOUR},
            {"A": NOON, "B": NOON + 3 * HOUR, "C": NOON + 9 * HOUR},
            {"B": NOON, "A": NOON + HOUR / 2},
            {"C": NOON},
        ]
    )
    assert rows == (
        FirstRow(source="A", stories=3, first=2, lead="2 h"),
        FirstRow(source="B", stories=3, first=1, lead="30 min"),
        FirstRow(source="C", stories=1, first=0, lead=""),
    )


@pytest.mark.parametrize(
    ("times", "first"),
    [
        ({"A": NOON}, None),
        ({}, None),
        ({"A": NOON, "B": NOON}, None),
        ({"A": NOON, "B": NOON - HOUR}, "B"),
        # Of a date without a time nobody knows whether it lies before noon.
        ({"A": MIDNIGHT, "B": NOON}, None),
        ({"A": MIDNIGHT, "B": NOON + 24 * HOUR}, "A"),
    ],
)
def test_the_leader(times: dict[str, datetime], first: str | None) -> None:
    assert leader(times) == first


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (119, "119 min"), (120, "2 h"), (200, "3 h 20 min"), (60 * 30 + 20, "30 h"), (60 * 24 * 4, "4 d")],
)
def test_lengths_of_time(minutes: int, words: str) -> None:
    assert in_words(timedelta(minutes=minutes)) == words
