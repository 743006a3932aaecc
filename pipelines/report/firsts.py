"""Outlets that published stories first. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from pipelines.lineage.first import latest
from pipelines.report.model import FirstRow
from pipelines.report.spans import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


def firsts(stories: Iterable[Mapping[str, datetime]]) -> tuple[FirstRow, ...]:
    """Return for each outlet how often it was first, most often first.

    ``stories`` has for each story the time of publication by outlet; stories of a single outlet do not count.
    """
    carried: defaultdict[str, int] = defaultdict(int)
    leads: defaultdict[str, list[float]] = defaultdict(list)
    for times in stories:
        if len(times) > 1:
            for source in times:
                carried[source] += 1
        if first_source := leader(times):
            earliest, second = sorted(times.values())[:2]
            leads[first_source].append((second - latest(earliest)).total_seconds())
    rows = [
        FirstRow(
            source=source,
            stories=count,
            first=len(leads[source]),
            lead=in_words(timedelta(seconds=median(leads[source]))) if leads[source] else "",
        )
        for source, count in carried.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.first, -row.stories, row.source)))


def leader(times: Mapping[str, datetime]) -> str | None:
    """Return the outlet that published before all others; ``None`` for a single outlet, or if that is uncertain."""
    ranked = sorted((time, source) for source, time in times.items())
    return ranked[0][1] if len(ranked) > 1 and latest(ranked[0][0]) < ranked[1][0] else None
