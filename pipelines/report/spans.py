"""Lengths of time in words, and times of which only the day is known. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_HOUR, _DAY = 60, 24 * 60
_LONG_HOURS, _LONG_DAYS = 10, 3


def in_words(span: timedelta) -> str:
    """A length of time, in minutes up to two hours, then hours, then days: ``5 min``, ``3 h 20 min``, ``4 d``."""
    minutes = round(span / timedelta(minutes=1))
    if minutes < 2 * _HOUR:
        return f"{minutes} min"
    hours, rest = divmod(minutes, _HOUR)
    if minutes < _LONG_DAYS * _DAY:
        return f"{hours} h {rest} min" if rest and hours < _LONG_HOURS else f"{hours} h"
    return f"{round(minutes / _DAY)} d"


def only_day(time: datetime) -> bool:
    """Whether a time may be no more than a date: midnight sharp is how one without a time is kept."""
    return (time.hour, time.minute, time.second) == (0, 0, 0)


def latest(time: datetime) -> datetime:
    """The latest moment that a time may mean: the last second of the day where only the day is known."""
    return time + timedelta(days=1, seconds=-1) if only_day(time) else time
