"""Parsers of response headers about time. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_WAIT = timedelta(days=2)
"""Longest accepted wait; a longer wait is taken for a mistake of the server."""
_SECONDS = re.compile(r"\d{1,9}")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """Return the time (UTC) of a ``Retry-After`` header: seconds or an HTTP date (RFC 9110, 10.2.3).

    The time is limited to the span from ``now`` to ``MAX_WAIT`` after it. An unreadable header gives ``None``.
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
    """Return the ``max-age`` of a ``Cache-Control`` header in seconds (RFC 9111, 5.2.2); ``None`` without it."""
    match = _MAX_AGE.search(cache_control or "")
    return int(match[1]) if match else None
