"""Publication dates as machines write them, and which of them are believed."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pipelines.clean.dates import find_date
from schemas.records import DateDoubt

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No news site is older; earlier dates are those of an unset clock or of a story's subject."""
_TOLERANCE = timedelta(days=1)
"""A page may be ahead of us by its time zone, not by more."""
_MAX_LENGTH = 80
_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?:[T\s]+(?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?Z?"
)
_URL = re.compile(
    r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>0?[1-9]|1[0-2]|[a-z]{3})[/-](?P<day>0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_declared(text: str) -> datetime | None:
    """A declared date: ISO 8601, RFC 5322, compact, or written out; aware, UTC, whole seconds.

    A date without a time is midnight UTC, and so is a time without a zone read: as UTC, since nothing else is
    said. ``None`` for anything else.
    """
    text = text.strip()[:_MAX_LENGTH]
    found = _ISO.match(text)
    if found:
        clock = found["time"] or "00:00"
        zone = (found["zone"] or "+00:00").upper()
        zone = "+00:00" if zone in ("Z", "UTC", "GMT") else zone
        with suppress(ValueError):
            return _utc(datetime.fromisoformat(f"{found['date']}T{clock}{zone}"))
        return None
    compact = _COMPACT.fullmatch(text)
    if compact:
        with suppress(ValueError):
            return datetime(*(int(part or 0) for part in compact.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type] # six numbers, then the zone
        return None
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return _utc(parsedate_to_datetime(text))
    written = find_date(text)
    return written.moment if written else None


def date_in_url(url: str) -> datetime | None:
    """The date in an address such as ``/2026/06/03/``, midnight UTC."""
    found = _URL.search(url)
    if found is None:
        return None
    month = found["month"].lower()
    if month.isalpha() and month not in _MONTHS:
        return None
    with suppress(ValueError):
        number = _MONTHS.index(month) + 1 if month.isalpha() else int(month)
        return datetime(int(found["year"]), number, int(found["day"]), tzinfo=UTC)
    return None


def believed(moment: datetime | None, reference: datetime) -> datetime | None:
    """The date if it is neither before 1995 nor more than a day after the reference (when the page was fetched)."""
    if moment is None or not EARLIEST <= moment <= reference + _TOLERANCE:
        return None
    return moment


def doubt(moment: datetime | None, reference: datetime) -> DateDoubt | None:
    """Why a date is not believed; ``None`` for one that is, and for none."""
    if moment is None or believed(moment, reference):
        return None
    return DateDoubt.BEFORE_1995 if moment < EARLIEST else DateDoubt.FUTURE


def _utc(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)
