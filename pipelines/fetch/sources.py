"""Sources of news: feeds with their options, and the writer of feed lists; ``feed_list`` reads lists.

TOML and YAML lists may hold options of single feeds::

    [[feeds]]
    url = "https://news.example/rss"
    source = "Example News"      # name of the outlet, instead of the feed's own title
    pages = false                # the feed has full texts: do not fetch the pages
    pause = 5                    # seconds between two requests to its host
    every = "30m"                # polling interval, instead of one from the feed's own rhythm
    window = "06:00-22:00"       # hours in which it is polled (UTC)
    body = "div.story"           # container of the story on its pages: a CSS selector or an XPath
    remove = [".promo"]          # elements that are not part of the story
    language = "de"              # language of its pages, whatever they declare
    tags = ["navy", "Europe"]    # labels for people
    trust = "feed"               # prefer titles, authors and dates of the feed to those of the page
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import yaml

from pipelines.fetch.opml import Outline, write_opml
from pipelines.identify.url import uri_of
from schemas.records import ReadingOptions
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """Hours of the day (UTC) in which a feed may be polled; they may span midnight."""

    start: time
    end: time

    def contains(self, moment: datetime) -> bool:
        """Return whether a time is within the hours: start included, end excluded."""
        clock = moment.time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed to monitor, with its options."""

    url: str
    """Address without user and password."""
    title: str | None = None
    """Title in the feed list, for people."""
    source: str | None = None
    """Name of the outlet, instead of the feed's own title."""
    pages: bool = True
    """True if the pages of its entries are fetched."""
    pause: float | None = None
    """Seconds between two requests to its host."""
    every: timedelta | None = None
    """Time between two requests, instead of an interval from the feed's own rhythm."""
    window: ActiveHours | None = None
    credentials: tuple[str, str] | None = None
    """User and password."""
    tags: tuple[str, ...] = ()
    """Folders and categories of the feed in the list."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)

    def __repr__(self) -> str:
        """Return a form without the password."""
        return f"FeedSource({self.url!r})"


def feed_source(url: str) -> FeedSource:
    """Return the feed at an address, with user and password separated from the address.

    Raises:
        ValueError: the text is not an http(s) address.
    """
    parts = urlsplit(uri_of(url.strip()))
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an http(s) address of a feed")
    _ = parts.port
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return FeedSource(
        urlunsplit(parts._replace(netloc=host)),
        credentials=(unquote(name), unquote(password)) if user else None,
    )


def format_feed_list(sources: Sequence[FeedSource], form: str) -> str:
    """Format a feed list as ``opml``, ``toml``, ``yaml`` or ``txt``, without passwords. OPML and text omit options."""
    if form == "opml":
        return write_opml([Outline(source.url, source.title or source.source, source.tags) for source in sources])
    if form == "txt":
        return "".join(f"{source.url}\n" for source in sources)
    tables = [_as_table(source) for source in sources]
    if form == "yaml":
        return str(yaml.safe_dump({"feeds": tables}, allow_unicode=True, sort_keys=False))
    # Strings, numbers and booleans of JSON are valid TOML too.
    return "\n".join(
        "[[feeds]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
        for table in tables
    )


_DEFAULTS = to_dict(ReadingOptions())


def _as_table(source: FeedSource) -> dict[str, Any]:
    table: dict[str, Any] = {"url": source.url, "title": source.title, "source": source.source}
    table["pages"] = None if source.pages else False
    table["pause"] = source.pause
    table["every"] = f"{int(source.every.total_seconds()) // 60}m" if source.every else None
    table["window"] = str(source.window) if source.window else None
    table["tags"] = list(source.tags) or None
    reading = to_dict(source.reading)
    table |= {key: value for key, value in reading.items() if value != _DEFAULTS[key]}
    return {key: value for key, value in table.items() if value is not None}
