"""Who was first, and when that cannot be said."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipelines.lineage.first import Trust, first_to_publish, out_by, trust, when_out
from schemas.records import Article, Observation
from tests.synthetic import DAY, content

NOON = DAY + timedelta(hours=12)


def article(
    name: str, published: datetime | None, seen: datetime = DAY + timedelta(days=1), listed: datetime | None = None
) -> Article:
    observations = tuple(
        Observation(fetched_at=seen + timedelta(hours=at), digest="", archive_record=f"a@{at}", listed_at=one)
        for at, one in enumerate([None, listed])
    )
    told = content(name, "Text.", published=published)
    return Article(content=told, observations=observations, revision=1, first_seen=seen)


def test_grades() -> None:
    assert trust(article("a", NOON)) is Trust.PLAUSIBLE
    assert trust(article("a", DAY)) is Trust.DAY
    assert trust(article("a", NOON + timedelta(days=2))) is Trust.IMPLAUSIBLE
    assert trust(article("a", None)) is Trust.SEEN


def test_what_stood_in_a_feed_was_out_though_it_was_fetched_later() -> None:
    early = NOON - timedelta(hours=3)
    assert article("a", None).first_listed is None
    assert article("a", None, listed=early).first_listed == out_by(article("a", None, listed=early)) == early
    assert trust(article("a", NOON, listed=early)) is Trust.IMPLAUSIBLE
    assert trust(article("a", NOON, listed=NOON + timedelta(minutes=1))) is Trust.PLAUSIBLE
    good = article("good", NOON)
    assert first_to_publish([good, article("undated", None)]) is good
    assert first_to_publish([good, article("undated", None, listed=early)]) is None


def test_the_earliest_plausible_time_is_first() -> None:
    early, late = article("early", NOON), article("late", NOON + timedelta(hours=1))
    assert first_to_publish([late, early]) is early


def test_of_a_day_the_end_counts_or_when_it_was_seen() -> None:
    assert when_out(article("day", DAY, seen=DAY + timedelta(days=3))) == DAY + timedelta(days=1, seconds=-1)
    assert when_out(article("day", DAY, seen=NOON)) == NOON
    assert when_out(article("timed", NOON)) == NOON


def test_a_clock_that_goes_wrong_is_not_first_and_makes_nobody_else_doubtful() -> None:
    good, wrong = article("good", NOON), article("wrong", NOON + timedelta(days=9))
    assert first_to_publish([wrong, good]) is good


def test_it_is_not_said_where_it_cannot_be() -> None:
    good = article("good", NOON)
    assert first_to_publish([good, article("day", DAY)]) is None
    assert first_to_publish([good, article("undated", None, NOON - timedelta(hours=1))]) is None
    assert first_to_publish([good, article("undated", None, NOON + timedelta(hours=1))]) is good
    assert first_to_publish([article("undated", None)]) is None
    assert first_to_publish([]) is None
