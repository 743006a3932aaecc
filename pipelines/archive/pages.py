"""Reading of pages from archives of other programs: WARC 0.17 to 1.1 and ARC, packed or not, whole or damaged."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.archive.dates import record_date
from pipelines.archive.framing import records
from pipelines.archive.http import MAX_BODY, archived_headers, decoded, parse_message
from pipelines.archive.packed import RawFile
from pipelines.archive.record import Damage, Record
from pipelines.errors import SeedError
from pipelines.printable import is_printable, printable, printable_headers
from schemas.records import Capture, MediaKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.archive.http import Message

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Earliest plausible date: the web did not exist before."""
_TOLERANCE = timedelta(days=1)
_HEAD = 300_000
"""Bytes of a block that decide whether it holds a page: HTTP headers and the beginning of the body."""
_KINDS_NAMED = 8
_UNKNOWN_TYPES = frozenset(
    {"", "*/*", "application/http", "application/octet-stream", "application/unknown", "no-type", "unknown"}
    | {"unknown/unknown"}
)
"""Content types without meaning, after which the bytes decide (WHATWG MIME Sniffing, 7, and habits of ARC writers)."""
_XML_TYPES = frozenset({"application/xml", "text/xml"})
_HTML = re.compile(
    rb"[\s\xef\xbb\xbf]*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|script|meta)\b",
    re.IGNORECASE | re.DOTALL,
)


def read_pages(path: Path, read_at: datetime) -> Iterator[Capture | Damage]:
    """Yield the pages of an archive of any program (successful responses and resources in HTML) and its damage.

    ``read_at`` is the time of reading, UTC. A page whose date is invalid, before the web, or after ``read_at`` counts
    as fetched at ``read_at``.

    Raises:
        SeedError: ``empty``; ``not_warc`` for a file without a record; ``no_pages`` at the end of one without a page.
        OSError: the file cannot be read.
    """
    passed: Counter[str] = Counter()
    pages, first, other = 0, [], False
    with RawFile(path) as raw:
        if not raw.size:
            raise SeedError("empty", f"{path.name} has no bytes")
        for item in records(raw):
            if isinstance(item, Damage):
                if not passed.total() and item.reason == "not_a_record":
                    first.append(item)
                    continue
                other = True
                yield item
                continue
            yield from first
            first = []
            kind, results = _read(item, read_at)
            passed[kind] += 1
            pages += sum(isinstance(result, Capture) for result in results)
            yield from results
        if not passed.total() and not other:
            raise SeedError("not_warc", f"{path.name}: {raw.size} bytes, in which no WARC or ARC record begins")
    yield from first
    if not pages:
        raise SeedError("no_pages", f"{path.name}: {_summed_up(passed)}")


def _summed_up(passed: Counter[str]) -> str:
    count = passed.total()
    kinds = ", ".join(f"{number} {kind}" for kind, number in passed.most_common(_KINDS_NAMED))
    return f"{count} record{'s' * (count != 1)}, none a page that could be read" + (f" ({kinds})" if kinds else "")


_PAGE = "page"


def _read(record: Record, read_at: datetime) -> tuple[str, list[Capture | Damage]]:
    """Return the kind of a record, and its page and damage, if any."""
    try:
        kind = _kind(record)
        return kind, list(_page(record, read_at)) if kind == _PAGE else []
    except Exception as error:  # noqa: BLE001 - any error of the parsers loses a single record
        detail = f"{type(error).__name__}: {error}"
        return "unreadable record", [Damage(record.position, record.size, "unexpected", detail, record.url)]


def _kind(record: Record) -> str:
    """Return ``page``, or a description of any other kind of record."""
    if record.type not in {"response", "resource"}:
        return record.type or "record without a type"
    message = _message(record, _HEAD)
    if message and message.status != 200:  # noqa: PLR2004 - OK
        return f"answer {message.start.partition(' ')[0]}" if message.start else "answer without a status"
    media_type = _content_type(record, message).partition(";")[0].strip().lower()
    if "html" in media_type or (media_type in _UNKNOWN_TYPES | _XML_TYPES and _HTML.match(_beginning(record, message))):
        return _PAGE
    return media_type or "record without a type of content"


def _message(record: Record, size: int | None = None) -> Message | None:
    return parse_message(record.block(size)) if record.type == "response" else None


def _beginning(record: Record, message: Message | None) -> bytes:
    return decoded(message).body if message else record.block(_HEAD)


def _content_type(record: Record, message: Message | None) -> str:
    declared = message.header("content-type") if message else None
    if declared is None and (message is None or record.format == "arc"):
        declared = record.content_type
    return declared or ""


def _page(record: Record, read_at: datetime) -> Iterator[Capture | Damage]:
    url = (record.url or "").replace(" ", "%20")
    if not url or not is_printable(url):
        yield Damage(record.position, record.size, "bad_url", f"a page of the address {printable(url)!r}")
        return
    if record.size > MAX_BODY:
        yield Damage(record.position, record.size, "too_large", f"more than {MAX_BODY // 2**20} MB", url)
        return
    message = _message(record)
    body = decoded(message) if message else None
    yield Capture(
        url=url,
        fetched_at=_date(record, read_at) or read_at,
        kind=MediaKind.HTML,
        body=body.body if body else record.block(),
        content_type=printable(_content_type(record, message)) or None,
        status=message.status if message else None,
        headers=archived_headers(printable_headers(message.headers)) if message else (),
    )
    if body and body.fault:
        yield Damage(record.position, record.size, "content_encoding", f"read as far as it goes: {body.fault}", url)


def _date(record: Record, latest: datetime) -> datetime | None:
    moment = record_date(record.headers.get_header("archive-date" if record.format == "arc" else "WARC-Date"))
    return moment if moment and EARLIEST <= moment <= latest + _TOLERANCE else None
