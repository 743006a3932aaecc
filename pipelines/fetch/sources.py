"""Feed lists: OPML, TOML, YAML, or plain text with one address a line; and writing them.

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
    trust = "feed"               # titles, authors and dates of the feed before those of the page
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import yaml

from pipelines.errors import ConfigurationError
from pipelines.extract.selectors import compile_selector
from pipelines.fetch.opml import read_opml, write_opml
from pipelines.identify.url import uri_of
from schemas.records import ReadingOptions, Trusted
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

_SPAN = re.compile(r"(\d{1,4})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WINDOW = re.compile(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)")
_MAX_PAUSE = 60
_LANGUAGE = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Window:
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
    window: Window | None = None
    credentials: tuple[str, str] | None = None
    """User and password."""
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


def parse_feed_list(data: bytes, name: str) -> tuple[FeedSource, ...]:
    """The feeds of a list, each once, in its order.

    ``name`` is the file's, for messages and its form (``.toml``, ``.yaml``). Raises ``ConfigurationError`` where it
    is no list, has no feed, or an option is wrong.
    """
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        sources = [replace(_checked(url, name), title=title) for url, title in read_opml(text, name)]
    elif name.lower().endswith(".toml"):
        sources = _tables(_read(tomllib.loads, text, name), name)
    elif name.lower().endswith((".yaml", ".yml")):
        sources = _tables(_read(yaml.safe_load, text, name), name)
    else:
        sources = _lines(text, name)
    if not sources:
        raise ConfigurationError(
            f"{name}: no feed in it; OPML needs <outline xmlUrl=…>, TOML and YAML a list 'feeds', "
            "text an address a line"
        )
    return tuple({source.url: source for source in reversed(sources)}.values())[::-1]


def _read(load: Callable[[str], Any], data: bytes, name: str) -> object:
    try:
        return load(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{name}: {error}") from error


def _lines(data: bytes, name: str) -> list[FeedSource]:
    lines = (line.strip() for line in data.decode("utf-8", "replace").splitlines())
    return [_checked(line, name) for line in lines if line and not line.startswith("#")]


def _checked(url: str, name: str) -> FeedSource:
    try:
        return feed_source(url)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}") from error


def _tables(document: object, name: str) -> list[FeedSource]:
    entries = document.get("feeds") if isinstance(document, dict) else document
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ConfigurationError(f"{name}: 'feeds' must be a list")
    return [_table(entry, f"{name}: feed {number}") for number, entry in enumerate(entries, 1)]


def _table(entry: object, place: str) -> FeedSource:
    if isinstance(entry, str):
        return _checked(entry, place)
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        raise ConfigurationError(f"{place}: 'url' is missing")
    source = _checked(entry["url"], place)
    for option, value in entry.items():
        if option == "url":
            continue
        if option not in _OPTIONS:
            raise ConfigurationError(f"{place}: unknown option {option!r}; known are {', '.join(_OPTIONS)}")
        expected, read = _OPTIONS[option]
        try:
            if option in _READING:
                source = replace(source, reading=replace(source.reading, **{option: read(value)}))
            else:
                source = replace(source, **{option: read(value)})
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{place}: {option} = {value!r}: expected {expected}") from error
    return source


def _as_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _as_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - one message for all options
    return value


def _as_pause(value: Any) -> float:  # noqa: ANN401 - from a file
    pause = float(value)
    if not 0 <= pause <= _MAX_PAUSE:
        raise ValueError
    return pause


def _as_span(value: object) -> timedelta:
    found = _SPAN.fullmatch(_as_text(value))
    if not found or not int(found[1]):
        raise ValueError
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _as_window(value: object) -> Window:
    found = _WINDOW.fullmatch(_as_text(value))
    if not found:
        raise ValueError
    return Window(time.fromisoformat(found[1]), time.fromisoformat(found[2]))


def _as_selector(value: object) -> str:
    text = _as_text(value)
    compile_selector(text)
    return text


def _as_selectors(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - one message for all options
    return tuple(map(_as_selector, value))


def _as_language(value: object) -> str:
    found = _LANGUAGE.fullmatch(_as_text(value))
    if not found:
        raise ValueError
    return found[0].lower()


_READING = frozenset(one.name for one in fields(ReadingOptions))
_OPTIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("a text", _as_text),
    "source": ("a text", _as_text),
    "pages": ("true or false", _as_flag),
    "pause": (f"seconds from 0 to {_MAX_PAUSE}", _as_pause),
    "every": ("a span as 30m, 6h or 1d", _as_span),
    "window": ("hours in UTC as 06:00-22:00", _as_window),
    "body": ("a CSS selector, or an XPath that begins with / or .//", _as_selector),
    "remove": ("a list of CSS selectors or XPaths", _as_selectors),
    "language": ("a language code of two letters", _as_language),
    "trust": ("page or feed", Trusted),
}


def format_feed_list(sources: Sequence[FeedSource], form: str) -> str:
    """A feed list as ``opml``, ``toml``, ``yaml`` or ``txt``. Passwords are left out; OPML and text know no options."""
    if form == "opml":
        return write_opml([(source.url, source.title or source.source) for source in sources])
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
    reading = to_dict(source.reading)
    told |= {key: value for key, value in reading.items() if value != _AS_USUAL[key]}
    return {key: value for key, value in told.items() if value is not None}
