"""Machine-written publication dates and the check that they are plausible."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pipelines.text.dates import find_date
from pipelines.text.moments import read_moment
from schemas.records import DateDoubt

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No news site is older. Earlier dates come from an unset clock or from the subject of a story."""
_TOLERANCE = timedelta(days=1)
"""A page's date may be later than the time of its fetch by a time-zone offset, not by more."""
_URL = re.compile(
    r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>0?[1-9]|1[0-2]|[a-z]{3})[/-](?P<day>0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_declared(text: str, language: str | None = None) -> datetime | None:
    """Read a declared date: ISO 8601, RFC 5322, compact, or written out; aware, UTC, whole seconds.

    A date without a time is midnight UTC; so is a date whose time has an unknown zone. A time without a zone is
    read as UTC, but only if the whole text is understood. ``language`` is the page's (ISO 639-1). Any other text
    gives ``None``.
    """
    reading = read_moment(text, language=language)
    if reading:
        return reading.nearest()
    written = find_date(text)
    return written.moment if written else None


def date_in_url(url: str) -> datetime | None:
    """Return the date in an address such as ``/2026/06/03/``, as midnight UTC."""
    match = _URL.search(url)
    if match is None:
        return None
    month = match["month"].lower()
    if month.isalpha() and month not in _MONTHS:
        return None
    with suppress(ValueError):
        number = _MONTHS.index(month) + 1 if month.isalpha() else int(month)
        return datetime(int(match["year"]), number, int(match["day"]), tzinfo=UTC)
    return None


def believed(moment: datetime | None, reference: datetime) -> datetime | None:
    """Return the date if it is plausible, else ``None``.

    A plausible date is not before 1995 and at most a day after ``reference``, the time of the fetch.
    """
    if moment is None or not EARLIEST <= moment <= reference + _TOLERANCE:
        return None
    return moment


def doubt(moment: datetime | None, reference: datetime) -> DateDoubt | None:
    """Return the reason why a date is not plausible; ``None`` for a plausible date and for no date."""
    if moment is None or believed(moment, reference):
        return None
    return DateDoubt.BEFORE_1995 if moment < EARLIEST else DateDoubt.FUTURE
