from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipelines.report.activity import activity

DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


def test_counts_texts_and_copies_by_day_without_gaps() -> None:
    told = activity(
        [
            ("A", DAY + timedelta(hours=3), False),
            ("B", DAY + timedelta(hours=9), True),
            ("A", DAY + timedelta(days=3), False),
            (None, DAY + timedelta(days=3), False),
            ("C", None, False),
        ]
    )
    assert told.unit == "day"
    assert told.starts == tuple(DAY + timedelta(days=number) for number in range(4))
    assert (told.texts, told.copies) == ((1, 0, 0, 2), (1, 0, 0, 0))
    assert told.rows == (("A", (1, 0, 0, 1)), ("B", (1, 0, 0, 0)), ("unknown", (0, 0, 0, 1)))
    assert told.undated == 1


@pytest.mark.parametrize(
    ("span", "unit", "second"),
    [
        (timedelta(hours=30), "hour", DAY + timedelta(hours=1)),
        (timedelta(days=40), "day", DAY + timedelta(days=1)),
        (timedelta(days=100), "week", DAY + timedelta(days=7)),
        (timedelta(days=900), "month", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_the_unit_follows_the_span(span: timedelta, unit: str, second: datetime) -> None:
    told = activity([("A", DAY, False), ("A", DAY + span, False)])
    assert (told.unit, told.starts[1]) == (unit, second)


def test_nothing_dated() -> None:
    assert activity([("A", None, False)]).starts == ()


TIMES = some.none() | some.datetimes(datetime(1996, 1, 1), datetime(2030, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001


@given(some.lists(some.tuples(some.none() | some.sampled_from("ABC"), TIMES, some.booleans()), max_size=30))
def test_every_article_is_counted_once(articles: list[tuple[str | None, datetime | None, bool]]) -> None:
    told = activity(articles)
    assert sum(told.texts) + sum(told.copies) + told.undated == len(articles)
    assert sum(sum(counts) for _, counts in told.rows) + told.undated == len(articles)
