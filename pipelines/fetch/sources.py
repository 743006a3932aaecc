"""Feeds to be watched, their options, and writing lists of them; ``feed_list`` reads lists.

TOML and YAML carry options of single feeds::

    [[feeds]]
    url = "https://news.example/rss"
    source = "Example News"      # name of the outlet, in place of the feed's own title
    pages = false                # the feed's own texts are whole: do not fetch the pages
    pause = 5                    # seconds between two requests to its host
    every = "30m"                # ask that often, in place of the feed's own rhythm
    window = "06:00-22:00"       # ask only then (UTC)
    body = "div.story"           # what holds the story on its pages: a CSS selector or an XPath
    remove = [".promo"]          # what is not the story's
    language = "de"              # of its pages, whatever they say themselves
    tags = ["navy", "Europe"]    # for people
    trust = "feed"               # titles, authors and dates of the feed before those of the page
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
    """Hours of the day (UTC) in which a feed may be asked; it may go over midnight."""

    start: time
    end: time

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within."""
        clock = moment.time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed to be watched."""

    url: str
    """Without user and password."""
    title: str | None = None
    """What the list calls it, for people."""
    source: str | None = None
    """Name of the outlet, in place of the feed's own title."""
    pages: bool = True
    """Whether the pages of its entries are fetched."""
    pause: float | None = None
    """Seconds between two requests to its host."""
    every: timedelta | None = None
    """Time between two requests, in place of the feed's own rhythm."""
    window: ActiveHours | None = None
    credentials: tuple[str, str] | None = None
    """User and password."""
    tags: tuple[str, ...] = ()
    """Folders and categories in which the list has it."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)

    def __repr__(self) -> str:
        """Without the password."""
        return f"FeedSource({self.url!r})"


def feed_source(url: str) -> FeedSource:
    """The feed at an address; user and password in it are taken apart. Raises ``ValueError`` for no http(s) address."""
    parts = urlsplit(uri_of(url.strip()))
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no http(s) address of a feed")
    _ = parts.port
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return FeedSource(
        urlunsplit(parts._replace(netloc=host)),
        credentials=(unquote(name), unquote(password)) if user else None,
    )


def format_feed_list(sources: Sequence[FeedSource], form: str) -> str:
    """A feed list as ``opml``, ``toml``, ``yaml`` or ``txt``. Passwords are left out; OPML and text know no options."""
    if form == "opml":
        return write_opml([Outline(source.url, source.title or source.source, source.tags) for source in sources])
    if form == "txt":
        return "".join(f"{source.url}\n" for source in sources)
    tables = [_as_table(source) for source in sources]
    if form == "yaml":
        return str(yaml.safe_dump({"feeds": tables}, allow_unicode=True, sort_keys=False))
    # JSON's strings, numbers and booleans are TOML's too.
    return "\n".join(
        "[[feeds]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
        for table in tables
    )


_AS_USUAL = to_dict(ReadingOptions())


def _as_table(source: FeedSource) -> dict[str, Any]:
    told: dict[str, Any] = {"url": source.url, "title": source.title, "source": source.source}
    told["pages"] = None if source.pages else False
    told["pause"] = source.pause
    told["every"] = f"{int(source.every.total_seconds()) // 60}m" if source.every else None
    told["window"] = str(source.window) if source.window else None
    told["tags"] = list(source.tags) or None
    reading = to_dict(source.reading)
    told |= {key: value for key, value in reading.items() if value != _AS_USUAL[key]}
    return {key: value for key, value in told.items() if value is not None}
