"""Sums and differences of the counts of a pipeline's steps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from schemas.records import StepCount

if TYPE_CHECKING:
    from collections.abc import Iterable


def add_counts(*counts: Iterable[StepCount]) -> tuple[StepCount, ...]:
    """Return the sums of counts, one for each step and element, in the order of step and element."""
    total: Counter[tuple[str, str]] = Counter()
    for count in (count for group in counts for count in group):
        total[count.step, count.element] += count.count
    return _counts(total)


def count_increases(before: Iterable[StepCount], now: Iterable[StepCount]) -> tuple[StepCount, ...]:
    """Return the increases of counts since ``before``, without those that have not increased."""
    earlier = {(count.step, count.element): count.count for count in before}
    return _counts({key: count.count - earlier.get(key, 0) for count in now for key in [(count.step, count.element)]})


def _counts(counted: dict[tuple[str, str], int]) -> tuple[StepCount, ...]:
    return tuple(
        StepCount(step=step, element=element, count=count)
        for (step, element), count in sorted(counted.items())
        if count > 0
    )
