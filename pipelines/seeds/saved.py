"""The address and the time of saving that browsers write into a saved page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.identify.url import uri_of
from pipelines.printable import is_printable
from pipelines.text.moments import read_moment

if TYPE_CHECKING:
    from datetime import datetime

_HEAD = 4_096
"""Bytes at the start of a page that contain the comment."""
_BROWSER = re.compile(rb"<!--\s*saved from url=\(\d{4,6}\)(?P<url>\S{1,2000})\s*-->", re.IGNORECASE)
"""The "mark of the web", introduced by Internet Explorer and also written by Chromium and extensions of Firefox."""
_SINGLE_FILE = re.compile(
    rb"<!--\s*Page saved with SingleFile\s+url:\s*(?P<url>\S{1,2000})(?:\s+saved date:\s*(?P<date>[^\r\n]{1,100}))?"
)
_ZONE_NAME = re.compile(r"\s*\([^)]*\)\s*$")


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The origin of a saved page."""

    url: str
    saved_at: datetime | None
    """Time of saving, UTC; ``None`` if the page does not give it."""


def saved_page(body: bytes) -> SavedPage | None:
    """Return the origin of a saved page from the comment at its start, or ``None`` if it has no such comment."""
    comment = _SINGLE_FILE.search(body[:_HEAD]) or _BROWSER.search(body[:_HEAD])
    if comment is None:
        return None
    url = uri_of(comment["url"].decode("utf-8", "replace"))
    if not url.lower().startswith(("http://", "https://")) or not is_printable(url):
        return None
    date = comment.groupdict().get("date")
    # JavaScript's form: "Mon Jun 01 2026 10:00:00 GMT+0200 (Central European Summer Time)".
    reading = read_moment(_ZONE_NAME.sub("", date.decode("utf-8", "replace"))) if date else None
    return SavedPage(url, reading.exact() if reading else None)
