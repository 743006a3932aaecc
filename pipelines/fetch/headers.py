"""What servers say of time in their headers. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_WAIT = timedelta(days=2)
"""Longest wait that we believe; a server that means more has made a mistake."""
_SECONDS = re.compile(r"\d{1,9}")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The moment that a ``Retry-After`` header names: seconds or an HTTP date (RFC 9110, 10.2.3), UTC.

    ``None`` where it cannot be read; never before ``now``, never after ``MAX_WAIT`` from then.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        moment = now + min(timedelta(seconds=int(text)), MAX_WAIT)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError, IndexError, TypeError):
            return None
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment, now), now + MAX_WAIT).replace(microsecond=0)


def max_age(cache_control: str | None) -> int | None:
    """Seconds for which an answer is fresh by ``Cache-Control`` (RFC 9111, 5.2.2); ``None`` where it does not say."""
    found = _MAX_AGE.search(cache_control or "")
    return int(found[1]) if found else None
