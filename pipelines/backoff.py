"""Pauses between failed attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

Pause = TypeVar("Pause", float, timedelta)

_MOST_DOUBLINGS = 20
"""Number of doublings at most: far beyond any longest pause, and without overflow."""


def doubled(first: Pause, longest: Pause, failures: int) -> Pause:
    """Return the pause after ``failures`` (at least 1) in a row: doubled each time from ``first`` up to ``longest``."""
    return min(longest, first * (1 << min(failures - 1, _MOST_DOUBLINGS)))
