"""What browsers write into a page that they save: its address, and the time of saving."""

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
"""Bytes at the start of a page in which the comment stands."""
_BROWSER = re.compile(rb"<!--\s*saved from url=\(\d{4,6}\)(?P<url>\S{1,2000})\s*-->", re.IGNORECASE)
"""The mark of the web: Internet Explorer began it, Chromium and Firefox's extensions go on with it."""
_SINGLE_FILE = re.compile(
    rb"<!--\s*Page saved with SingleFile\s+url:\s*(?P<url>\S{1,2000})(?:\s+saved date:\s*(?P<date>[^\r\n]{1,100}))?"
)
_ZONE_NAME = re.compile(r"\s*\([^)]*\)\s*$")


@dataclass(frozen=True, slots=True)
class SavedPage:
    """Where and when a page was saved."""

    url: str
    saved_at: datetime | None
    """UTC; ``None`` where the page does not say."""


def saved_page(body: bytes) -> SavedPage | None:
    """Return where a page was saved from, as its first comment says; ``None`` where it says nothing of the kind."""
    found = _SINGLE_FILE.search(body[:_HEAD]) or _BROWSER.search(body[:_HEAD])
    if found is None:
        return None
    url = uri_of(found["url"].decode("utf-8", "replace"))
    if not url.lower().startswith(("http://", "https://")) or not is_printable(url):
        return None
    date = found.groupdict().get("date")
    # JavaScript's form: "Mon Jun 01 2026 10:00:00 GMT+0200 (Central European Summer Time)".
    reading = read_moment(_ZONE_NAME.sub("", date.decode("utf-8", "replace"))) if date else None
    return SavedPage(url, reading.exact() if reading else None)
