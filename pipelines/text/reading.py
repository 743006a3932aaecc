"""The components of a date in a text: day, time of day, offset from UTC."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone


@dataclass(frozen=True, slots=True)
class Reading:
    """A date with its time of day and offset, as far as a text states them."""

    day: datetime | None
    """Midnight UTC; ``None`` if the order of day and month is ambiguous."""
    clock: timedelta | None
    """Time since midnight; ``None`` if it is missing or contradicts itself."""
    offset: timedelta | None
    """Offset from UTC; ``None`` if no zone is given, or only zones with several meanings."""
    local: bool
    """True if there is a time but no zone."""

    def exact(self) -> datetime | None:
        """Return the moment in UTC, in whole seconds, if date, time and zone are known."""
        if self.day is None or self.clock is None or self.offset is None:
            return None
        with suppress(OverflowError, ValueError):
            local = (self.day + self.clock).replace(tzinfo=timezone(self.offset))
            return local.astimezone(UTC)
        return None

    def nearest(self) -> datetime | None:
        """Return the moment, with UTC in place of a missing zone; midnight UTC of the day if no time can be used."""
        if self.local and self.day is not None and self.clock is not None:
            return self.day + self.clock
        return self.exact() or self.day


def on_clock(shown: timedelta, half: int | None) -> timedelta | None:
    """Return the time since midnight of a clock; ``half`` is 0 for a.m., 12 for p.m., ``None`` for neither.

    Some programs write "22:15 PM" and mean 22:15. "0:15 PM" and "13:00 AM" have no clear meaning: they give ``None``.
    """
    if half is None:
        return shown
    hour = shown // timedelta(hours=1)
    if hour > 12 or hour == 0:  # noqa: PLR2004
        return shown if bool(half) == bool(hour) else None
    return shown + timedelta(hours=hour % 12 + half - hour)
