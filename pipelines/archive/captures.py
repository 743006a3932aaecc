"""Reading captures from the archive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipelines.archive.dates import record_date
from pipelines.archive.framing import records
from pipelines.archive.http import parse_message
from pipelines.archive.packed import RawFile
from pipelines.archive.record import Damage, Record
from pipelines.archive.warc import CONTEXT, CONTEXT_TYPE, Context
from pipelines.errors import SeedError
from schemas.records import Capture, CaptureRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def read_captures(folder: Path, refs: Iterable[CaptureRef]) -> Iterator[tuple[CaptureRef, Capture]]:
    """Yield the captures at given positions. Raises ``SeedError`` for a position without a complete capture."""
    for file, group in groupby(sorted(refs), key=lambda ref: ref.file):
        with _open(folder / file) as raw:
            for ref in group:
                yield ref, _capture_at(raw, ref)


def _capture_at(raw: RawFile, ref: CaptureRef) -> Capture:
    cause = ""
    for item in captures_of(records(raw, ref.offset)):
        if not isinstance(item, Damage):
            offset, capture = item
            if offset == ref.offset:
                return capture
            break
        cause = cause or f": {item.reason}: {item.detail}"
    raise SeedError("archive_record_missing", f"no capture at {ref}{cause}")


def scan_captures(
    folder: Path, file: str, start: int = 0, report: Callable[[Damage], object] = lambda _: None
) -> Iterator[tuple[CaptureRef, Capture]]:
    """Yield the complete captures of a file from an offset on. ``report`` is called with the damage."""
    with _open(folder / file) as raw:
        for item in captures_of(records(raw, start)):
            if isinstance(item, Damage):
                report(item)
            else:
                offset, capture = item
                yield CaptureRef(file=file, offset=offset), capture


def _open(path: Path) -> RawFile:
    try:
        return RawFile(path)
    except OSError as error:
        raise SeedError("archive_file_missing", f"{path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Opened:
    """A capture whose first record has been read."""

    offset: int
    body_id: str
    context: Context
    url: str | None
    request: tuple[tuple[str, str], ...] = ()


def captures_of(read: Iterable[Record | Damage]) -> Iterator[tuple[int, Capture] | Damage]:
    """Yield the complete captures among records, each with the offset of its first record, and the damage."""
    opened: _Opened | None = None
    for record in read:
        if isinstance(record, Damage):
            yield replace(record, url=record.url or (opened.url if opened else None))
            continue
        if record.verified is False:
            continue  # its damage is reported separately
        headers = record.headers
        try:
            if record.type == "metadata" and record.content_type == CONTEXT_TYPE:
                context = CONTEXT.validate_json(record.block())
                opened = _Opened(record.position.offset, headers["WARC-Refers-To"], context, record.url)
            elif opened and record.type == "request" and headers["WARC-Concurrent-To"] == opened.body_id:
                request = parse_message(record.block())
                opened = replace(opened, request=request.headers if request else ())
            elif opened and headers["WARC-Record-ID"] == opened.body_id:
                capture = _capture(record, opened)
                yield opened.offset, capture
                opened = None
            elif record.type in {"response", "resource"}:
                yield _damage(record, "no_context", "the metadata record of its capture is missing or damaged")
        except Exception as error:  # noqa: BLE001 - any error of the parsers loses a single record
            yield _damage(record, "bad_record", f"{type(error).__name__}: {error}")


def _damage(record: Record, reason: str, detail: str) -> Damage:
    return Damage(record.position, record.size, reason, detail, record.url)


def _capture(record: Record, opened: _Opened) -> Capture:
    context = opened.context
    http = parse_message(record.block()) if record.type == "response" else None
    fetched_at = record_date(record.headers["WARC-Date"])
    if fetched_at is None:
        raise ValueError(f"{record.headers['WARC-Date']!r} is no date")
    return Capture(
        url=record.headers["WARC-Target-URI"],
        fetched_at=fetched_at,
        kind=context.kind,
        body=http.body if http else record.block(),  # kept decoded
        content_type=http.header("content-type") if http else record.content_type,
        status=http.status if http else None,
        headers=http.headers if http else (),
        external_id=context.external_id,
        entry=context.entry,
        final_url=context.final_url,
        reading=context.reading,
        listed_at=context.listed_at,
        request=opened.request,
    )
