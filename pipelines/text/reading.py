"""A date as far as a text gives it: day, time of day, offset from UTC."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone


@dataclass(frozen=True, slots=True)
class Reading:
    """A date and what stands with it."""

    day: datetime | None
    """Midnight UTC; ``None`` where the digits do not say which is the day and which the month."""
    clock: timedelta | None
    """Time since midnight; ``None`` where none is given, or it contradicts itself."""
    offset: timedelta | None
    """From UTC; ``None`` where no zone is given, or none that has one meaning."""
    local: bool
    """A time without a word on its zone."""

    def exact(self) -> datetime | None:
        """Return the moment, UTC, whole seconds, if date, time and zone are known."""
        if self.day is None or self.clock is None or self.offset is None:
            return None
        with suppress(OverflowError, ValueError):
            local = (self.day + self.clock).replace(tzinfo=timezone(self.offset))
            return local.astimezone(UTC)
        return None

    def nearest(self) -> datetime | None:
        """Return the moment; a time without a zone as UTC, since nothing else is said; else midnight UTC of the day."""
        if self.local and self.day is not None and self.clock is not None:
            return self.day + self.clock
        return self.exact() or self.day


def on_clock(shown: timedelta, half: int | None) -> timedelta | None:
    """Return the time since midnight that a clock shows; ``half`` is 0 for a.m., 12 for p.m., ``None`` for neither.

    "22:15 PM" is written by programs that mean 22:15; nobody knows what "0:15 PM" and "13:00 AM" mean: ``None``.
    """
    if half is None:
        return shown
    hour = shown // timedelta(hours=1)
    if hour > 12 or hour == 0:  # noqa: PLR2004
        return shown if bool(half) == bool(hour) else None
    return shown + timedelta(hours=hour % 12 + half - hour)
