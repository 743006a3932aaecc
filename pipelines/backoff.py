"""Pauses between attempts that fail."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

Pause = TypeVar("Pause", float, timedelta)

_MOST_DOUBLINGS = 20
"""Beyond any cap by far, and no overflow."""


def doubled(first: Pause, longest: Pause, failures: int) -> Pause:
    """How long to wait after so many failures in a row, at least one: twice as long each time, up to ``longest``."""
    return min(longest, first * (1 << min(failures - 1, _MOST_DOUBLINGS)))
