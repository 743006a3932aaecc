"""Dates of archive records."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_STAMP = re.compile(r"\d{8}(?:\d{4}(?:\d\d)?)?")
"""A date of ARC: year to second, possibly cut off."""


def record_date(text: str | None) -> datetime | None:
    """Parse a date in ISO 8601 or of an ARC file to UTC and whole seconds; return ``None`` for any other text.

    A date without a zone is UTC, as the WARC standard requires.
    """
    text = (text or "").strip()
    try:
        if _STAMP.fullmatch(text):
            return datetime.strptime(f"{text:0<14}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
