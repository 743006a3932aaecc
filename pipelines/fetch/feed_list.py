"""Reader of feed lists in OPML, TOML, YAML or plain text with an address per line, in any encoding.

Every readable address is accepted. The result also reports what was repaired and what was left out.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.errors import ConfigurationError
from pipelines.extract.charset import decode
from pipelines.fetch.feed_options import with_options
from pipelines.fetch.opml import read_opml
from pipelines.fetch.sources import FeedSource, feed_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SCHEME = re.compile(r"(?:feed:(?=https?:)|feed:/*(?!/))", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:(?:feed:)?https?|feed)://(?:(?![,;|](?:feed:)?https?://)[^\s\"'<>])+",  # several may follow without blanks
    re.IGNORECASE,
)
_HOST = re.compile(r"[^\s/:@.]+(?:\.[^\s/:@.]+)*\.[^\W\d_]{2,}(?::\d+)?(?:[/?][^\s]*)?")
"""An address without a scheme: a host with a top-level domain, and path or query."""
_LOCAL = re.compile(r"localhost(?::\d+)?/\S*|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/\S*", re.IGNORECASE)
_PIECES = {
    "toml": re.compile(r"^(?=\[\[\s*feeds\s*\]\])", re.MULTILINE),
    "yaml": re.compile(r"^(?=[ \t]*-[ \t])", re.MULTILINE),
}
"""Positions at which a list can be split into entries that are read one by one."""
_SECRET = re.compile(r"//[^/@\s]*@")
_AROUND = "-*• \t,;<>\"'"
"""Characters around addresses in lists written by hand."""
_QUOTED = 120


@dataclass(frozen=True, slots=True)
class FeedList:
    """A parsed feed list."""

    sources: tuple[FeedSource, ...]
    """Distinct feeds, in the list's order."""
    repaired: tuple[str, ...] = ()
    """Messages about entries that were read despite a fault."""
    left_out: tuple[str, ...] = ()
    """Messages about entries without a readable address."""


@dataclass(slots=True)
class _Reading:
    """State of the reading of a list."""

    name: str
    sources: dict[str, FeedSource] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def read_address(self, url: str, position: str) -> FeedSource | None:
        """Return the feed at a written address, or ``None``; record a repair or an unreadable address."""
        whole = with_scheme(url)
        try:
            source = feed_source(whole)
        except ValueError:
            self.left_out.append(f"{position}: {_shown(url)} is not an http(s) address of a feed")
            return None
        if whole != url.strip():
            self.repaired.append(f"{position}: {_shown(url)} is read as {source.url}")
        return source

    def add(self, source: FeedSource) -> None:
        """Add a feed; a second feed with the same address is merged into the first with its tags."""
        known = self.sources.setdefault(source.url, source)
        if known is not source:
            self.repaired.append(f"{source.url} is listed more than once")
            tags = tuple(dict.fromkeys((*known.tags, *source.tags)))
            self.sources[source.url] = replace(known, tags=tags, title=known.title or source.title)


def _shown(text: str) -> str:
    """Return a piece of a list for messages: short, and without a password."""
    return repr(_SECRET.sub("//…@", text.strip())[:_QUOTED])


def with_scheme(url: str) -> str:
    """Return an address with a scheme: ``feed:`` is removed, and https is the default."""
    url = url.strip()
    if url.lower().startswith("feed:"):
        url = _SCHEME.sub("", url, count=1)
    if url.startswith("//"):
        return f"https:{url}"
    return f"https://{url}" if _HOST.fullmatch(url) or _LOCAL.fullmatch(url) else url


def read_feed_list(data: bytes, name: str) -> FeedList:
    """Read a feed list.

    ``name`` is the file's name, for messages and for the format (``.toml``, ``.yaml``).

    Raises:
        ConfigurationError: the list has no feed, or an option of a feed is wrong.
    """
    text = decode(data).lstrip("\ufeff \t\r\n")
    reading = _Reading(name)
    if text.startswith("<"):
        _read_opml(text, reading)
    elif name.lower().endswith(".toml"):
        _read_tables(text, "toml", tomllib.loads, reading)
    elif name.lower().endswith((".yaml", ".yml")):
        _read_tables(text, "yaml", yaml.safe_load, reading)
    else:
        _read_lines(text, reading)
    if not reading.sources:
        faults = "; ".join([*reading.repaired, *reading.left_out][:3])
        raise ConfigurationError(
            f"{name}: the list has no feed; OPML needs <outline xmlUrl=…>, TOML and YAML a list 'feeds', "
            f"text an address per line{f' ({faults})' if faults else ''}"
        )
    return FeedList(tuple(reading.sources.values()), tuple(reading.repaired), tuple(reading.left_out))


def _read_opml(text: str, reading: _Reading) -> None:
    outlines, fault = read_opml(text, reading.name)
    if fault:
        reading.repaired.append(f"{reading.name}: {fault}; read with repairs")
    for number, outline in enumerate(outlines, 1):
        position = f"{reading.name}: feed {number} {outline.title or ''}".rstrip()
        source = reading.read_address(outline.url, position)
        if source:
            reading.add(replace(source, title=outline.title, tags=outline.tags))


def _read_lines(text: str, reading: _Reading) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";", "//#")):
            continue
        position = f"{reading.name}: line {number}"
        addresses = [match[0].rstrip(",;|)]>") for match in _ADDRESS.finditer(bare)]
        whole = addresses == [bare]
        first, _, rest = bare.strip(_AROUND).partition(" ")
        if rest and not addresses and "/" in first and _HOST.fullmatch(first):
            addresses = [first]
        urls = addresses or [bare.strip(_AROUND)]
        for url in urls:
            source = reading.read_address(url, position)
            if source:
                reading.add(source)
                if not whole and addresses:
                    reading.repaired.append(f"{position}: only the address is read of {_shown(bare)}")


def _read_tables(text: str, form: str, load: Callable[[str], Any], reading: _Reading) -> None:
    try:
        document = load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        reading.repaired.append(f"{reading.name}: {error}; read entry by entry")
        _add_entries(_read_pieces(text, form, load, reading), reading)
        return
    entries = document.get("feeds") if isinstance(document, dict) else document
    if entries is not None and not isinstance(entries, list):
        if form == "yaml" and isinstance(entries, str):
            _read_lines("\n".join(entries.split()), reading)  # lines of addresses are a single string in YAML
            return
        raise ConfigurationError(f"{reading.name}: 'feeds' must be a list")
    _add_entries(entries or [], reading)


def _read_pieces(text: str, form: str, load: Callable[[str], Any], reading: _Reading) -> list[Any]:
    """Return the entries of a broken list, read one by one; of a broken entry only its address."""
    entries: list[Any] = []
    for piece in _PIECES[form].split(text):
        try:
            document = load(_dedented(piece))
            inner = document.get("feeds") if isinstance(document, dict) else document
            entries += inner if isinstance(inner, list) else []
        except (tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError, ValueError):
            match = _ADDRESS.search(piece)
            if match:
                entries.append(match[0].rstrip(",;|)]}>"))
                reading.repaired.append(f"{reading.name}: only the address is read of {_shown(piece)}")
            elif piece.strip():
                reading.left_out.append(f"{reading.name}: {_shown(piece)} cannot be read")
    return entries


def _dedented(piece: str) -> str:
    indent = len(piece) - len(piece.lstrip(" \t"))
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in piece.splitlines())


def _add_entries(entries: Iterable[object], reading: _Reading) -> None:
    for number, entry in enumerate(entries, 1):
        position = f"{reading.name}: feed {number}"
        options = {"url": entry} if isinstance(entry, str) else entry
        if not isinstance(options, dict):
            reading.left_out.append(f"{position}: {_shown(str(entry))} is not a feed")
            continue
        options = {str(key): value for key, value in options.items()}
        url = next((options.pop(key) for key in [*options] if key.lower() in ("url", "xmlurl")), None)
        if not isinstance(url, str):
            reading.left_out.append(f"{position}: 'url' is missing")
            continue
        source = reading.read_address(url, position)
        configured = with_options(source or FeedSource(url), options, position)
        if source:
            reading.add(configured)
