"""Reading of seed files into captures."""

from __future__ import annotations

import gzip
import json
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.archive.pages import read_pages
from pipelines.archive.record import Damage
from pipelines.errors import ConfigurationError, SeedError
from pipelines.fetch.feed_list import read_feed_list
from pipelines.fetch.sources import FeedSource
from pipelines.identify.url import SEED_SCHEME
from pipelines.printable import is_printable, printable
from pipelines.seeds.saved import saved_page
from schemas.records import Capture, MediaKind, Quarantined

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

MAX_LINE = 32 * 2**20
"""Longest line of a ``.jsonl`` seed in bytes: ample for a page within JSON."""
_QUOTED = 200


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed in a seed file."""

    url: str
    body: bytes


SeedItem = Capture | FeedDocument | FeedSource | Quarantined


def read_seed(path: Path, fetched_at: datetime) -> Iterator[SeedItem]:
    """Yield the items of a seed file: captures, a feed, the feeds of a list, and the faults of single lines.

    ``fetched_at`` is the time of all captures of the run, so that their order on disk has no effect.
    """
    read = 0
    try:
        for item in _items(path, fetched_at):
            read += 1
            yield item
        if not read:
            raise SeedError("empty", f"{path}: nothing to be read in it")  # noqa: TRY301 - as the readers do
    except SeedError as error:
        yield _refused(path, error.reason, error.detail)
    except OSError as error:
        yield _refused(path, "unreadable", f"{path}: {error.strerror or error}")


def _items(path: Path, fetched_at: datetime) -> Iterator[SeedItem]:
    match _kind(path.name):
        case "txt":
            yield _whole(path, MediaKind.TEXT, "text/plain", fetched_at)
        case "html" | "htm":
            yield _page(path, fetched_at)
        case "jsonl":
            yield from _lines(path, fetched_at)
        case "warc" | "arc":
            yield from _pages(path, fetched_at)
        case _:
            yield from _xml(path)


def _pages(path: Path, fetched_at: datetime) -> Iterator[SeedItem]:
    for item in read_pages(path, fetched_at):
        if isinstance(item, Damage):
            yield _refused(path, item.reason, f"{path.name}: {item}", f"@{item.position}")
        else:
            yield item


def _refused(path: Path, reason: str, detail: str, suffix: str = "") -> Quarantined:
    return Quarantined(url=_address(path) + suffix, stage=SeedError.stage, reason=reason, detail=printable(detail))


def _address(path: Path) -> str:
    """Return the address of a seed file. Characters of its name that no address may contain are made printable."""
    return SEED_SCHEME + printable(path.name)


def _kind(name: str) -> str:
    return name.lower().removesuffix(".gz").removesuffix(".zst").rpartition(".")[2]


def _whole(path: Path, kind: MediaKind, content_type: str, fetched_at: datetime) -> Capture:
    return Capture(
        url=_address(path),
        fetched_at=fetched_at,
        kind=kind,
        body=path.read_bytes(),
        content_type=content_type,
        external_id=printable(path.name),
    )


def _page(path: Path, fetched_at: datetime) -> Capture:
    """Return a page, with the address and time that a browser wrote into it when it saved it, if any."""
    page = _whole(path, MediaKind.HTML, "text/html", fetched_at)
    saved = saved_page(page.body)
    if saved is None:
        return page
    at = saved.saved_at if saved.saved_at and saved.saved_at < fetched_at else fetched_at
    return replace(page, url=saved.url, fetched_at=at)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        if not path.name.lower().endswith(".gz"):
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked  # type: ignore[misc] # a GzipFile reads like any binary file


def _lines(path: Path, fetched_at: datetime) -> Iterator[SeedItem]:
    with _opened(path) as file:
        number = 0
        while True:
            try:
                line = file.readline(MAX_LINE + 1)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise SeedError("broken_gzip", f"after line {number}: {error}") from error
            if not line:
                break
            number += 1
            if len(line) > MAX_LINE:
                raise SeedError("line_too_long", f"line {number} has more than {MAX_LINE // 2**20} MB")
            if line.strip():
                yield _line(line.strip(), f"{_address(path)}#{number}", fetched_at)
        if not number:
            raise SeedError("empty", "the file has no line")


def _line(line: bytes, address: str, fetched_at: datetime) -> SeedItem:
    def refuse(reason: str, fault: str) -> Quarantined:
        quoted = printable(line[:_QUOTED].decode("utf-8", "replace"))
        return Quarantined(url=address, stage=SeedError.stage, reason=reason, detail=f"{fault}: {quoted}")

    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return refuse("bad_json", str(error))
    if not isinstance(record, dict):
        return refuse("bad_json", "expected an object")
    url = record.get("url")
    if not isinstance(url, str) or not url.strip():
        return refuse("no_url", "the field 'url' is missing")
    if not is_printable(url.strip()):
        return refuse("bad_url", f"the field 'url' holds control characters: {printable(url)!r}")
    has_text = isinstance(record.get("html"), str) or isinstance(record.get("text"), str)
    if not has_text:
        return refuse("no_text", "neither 'html' nor 'text' is given")
    identity = record.get("id")
    return Capture(
        url=url.strip(),
        fetched_at=fetched_at,
        kind=MediaKind.JSON_ARTICLE,
        body=line,
        content_type="application/json",
        external_id=None if identity is None else printable(str(identity)),
    )


def _xml(path: Path) -> Iterator[SeedItem]:
    body = path.read_bytes()
    if _is_opml(body):
        try:
            listed = read_feed_list(body, printable(path.name))
        except ConfigurationError as error:
            raise SeedError("bad_opml", str(error)) from error
        yield from listed.sources
        for fault in listed.left_out:
            yield Quarantined(url=_address(path), stage="seed", reason="left_out", detail=fault)
    else:
        yield FeedDocument(_address(path), body)


def _is_opml(body: bytes) -> bool:
    """Return whether the root element is ``<opml>``, regardless of the file name."""
    pull = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    with suppress(etree.XMLSyntaxError):  # the elements before the fault have been read
        pull.feed(body[:65_536])
    root = next((element for _, element in pull.read_events()), None)
    return root is not None and etree.QName(root).localname.lower() == "opml"
