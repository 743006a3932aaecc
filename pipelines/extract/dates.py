"""Publication dates as machines write them, and which of them are believed."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pipelines.text.dates import find_date
from pipelines.text.moments import read_moment
from schemas.records import DateDoubt

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No news site is older; earlier dates are those of an unset clock or of a story's subject."""
_TOLERANCE = timedelta(days=1)
"""A page may be ahead of us by its time zone, not by more."""
_URL = re.compile(
    r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>0?[1-9]|1[0-2]|[a-z]{3})[/-](?P<day>0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_declared(text: str, language: str | None = None) -> datetime | None:
    """Read a declared date: ISO 8601, RFC 5322, compact, or written out; aware, UTC, whole seconds.

    A date without a time is midnight UTC, and so is one with a time whose zone is not understood. A time without a
    zone is read as UTC, since nothing else is said, but only where the whole text is understood. ``language`` is the
    page's (ISO 639-1). ``None`` for anything else.
    """
    reading = read_moment(text, language=language)
    if reading:
        return reading.nearest()
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
