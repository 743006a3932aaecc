"""Times given on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pipelines.errors import ConfigurationError

_SPAN = re.compile(r"([0-9]{1,4})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str, now: datetime, option: str = "--since") -> datetime:
    """Return the time of ``2026-06-01``, ``2026-06-01T12:00Z`` (UTC without a zone) or a span before ``now`` (``36h``).

    Raises:
        ConfigurationError: the text is none of these; the message names ``option``.
    """
    span = _SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"{option} {text!r}: expected a date (2026-06-01), a time (2026-06-01T12:00Z) or a span (90m, 36h, 7d, 2w)"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
