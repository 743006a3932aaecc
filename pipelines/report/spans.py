"""Formatting of time spans. Pure."""

from __future__ import annotations

from datetime import timedelta

_HOUR, _DAY = 60, 24 * 60
_LONG_HOURS, _LONG_DAYS = 10, 3


def in_words(span: timedelta) -> str:
    """Format a time span in minutes (up to two hours), hours or days: ``5 min``, ``3 h 20 min``, ``4 d``."""
    minutes = round(span / timedelta(minutes=1))
    if minutes < 2 * _HOUR:
        return f"{minutes} min"
    hours, rest = divmod(minutes, _HOUR)
    if minutes < _LONG_DAYS * _DAY:
        return f"{hours} h {rest} min" if rest and hours < _LONG_HOURS else f"{hours} h"
    return f"{round(minutes / _DAY)} d"
