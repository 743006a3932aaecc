"""Counts of articles by outlet and time. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.report.model import Activity

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = (("hour", timedelta(days=2)), ("day", timedelta(days=45)), ("week", timedelta(days=400)))
"""Units of time, each with the longest span that uses it; longer spans use months."""
_MAX_BUCKETS = 120
"""Buckets at most; earlier articles count in the first bucket."""
_MAX_ROWS = 20
"""Outlets with a row at most."""


def activity(articles: Iterable[tuple[str | None, datetime | None, bool]]) -> Activity:
    """Count articles by outlet and time; each is given as (outlet, time of publication, true for a copy)."""
    dated = []
    undated = 0
    for source, time, copy in articles:
        if time is None:
            undated += 1
        else:
            dated.append((source or "unknown", time, copy))
    if not dated:
        return Activity(unit="day", starts=(), texts=(), copies=(), rows=(), undated=undated)
    first, last = min(time for _, time, _ in dated), max(time for _, time, _ in dated)
    unit = next((name for name, longest in _UNITS if last - first <= longest), "month")
    starts = _starts(unit, first, last)[-_MAX_BUCKETS:]
    index_of = {start: number for number, start in enumerate(starts)}
    texts, copies = [0] * len(starts), [0] * len(starts)
    rows: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
    total: Counter[str] = Counter()
    for source, time, copy in dated:
        index = index_of.get(_start(unit, time), 0)
        (copies if copy else texts)[index] += 1
        rows[source][index] += 1
        total[source] += 1
    busiest = sorted(total, key=lambda source: (-total[source], source))[:_MAX_ROWS]
    return Activity(
        unit=unit,
        starts=tuple(starts),
        texts=tuple(texts),
        copies=tuple(copies),
        rows=tuple((source, tuple(rows[source])) for source in busiest),
        undated=undated,
    )


def _start(unit: str, time: datetime) -> datetime:
    """Return the beginning of the hour, day, week (Monday) or month of a time."""
    if unit == "hour":
        return time.replace(minute=0, second=0, microsecond=0)
    day = datetime(time.year, time.month, time.day, tzinfo=UTC)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _starts(unit: str, first: datetime, last: datetime) -> list[datetime]:
    starts = [_start(unit, first)]
    # Thirty-two days after the beginning of a month is in the next month.
    step = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}.get(
        unit, timedelta(days=32)
    )
    while (following := _start(unit, starts[-1] + step)) <= last:
        starts.append(following)
    return starts
