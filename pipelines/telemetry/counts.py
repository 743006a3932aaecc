"""What the steps of a pipeline have counted, added up and set off."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from schemas.records import StepCount

if TYPE_CHECKING:
    from collections.abc import Iterable


def together(*counts: Iterable[StepCount]) -> tuple[StepCount, ...]:
    """All of them, one for each step and element, in their order."""
    total: Counter[tuple[str, str]] = Counter()
    for one in (one for some in counts for one in some):
        total[one.step, one.element] += one.count
    return _counts(total)


def since(before: Iterable[StepCount], now: Iterable[StepCount]) -> tuple[StepCount, ...]:
    """What has come since ``before``, as far as anything has."""
    less = {(one.step, one.element): one.count for one in before}
    return _counts({(one.step, one.element): one.count - less.get((one.step, one.element), 0) for one in now})


def _counts(counted: dict[tuple[str, str], int]) -> tuple[StepCount, ...]:
    return tuple(
        StepCount(step=step, element=element, count=count)
        for (step, element), count in sorted(counted.items())
        if count > 0
    )
