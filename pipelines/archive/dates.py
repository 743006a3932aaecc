"""The dates of records."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_STAMP = re.compile(r"\d{8}(?:\d{4}(?:\d\d)?)?")
"""A date of ARC: year to second, or some of it."""


def record_date(text: str | None) -> datetime | None:
    """Parse a date in ISO 8601 or of an ARC file, to UTC and whole seconds; ``None`` for anything else.

    Without a zone it is UTC, as the WARC standard asks for.
    """
    text = (text or "").strip()
    try:
        if _STAMP.fullmatch(text):
            return datetime.strptime(f"{text:0<14}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
