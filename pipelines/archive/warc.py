"""Captures as WARC 1.1 records.

A capture is two or three records in a row, each a gzip member of its own: a ``metadata`` record with what we know
of it (kind, seed id, feed entry, where redirects led), for what was fetched the ``request``, and the bytes themselves
as a ``response`` (fetched) or ``resource`` (read from a file) record, to which the metadata refers. The metadata
comes first: where a crash cut the row short, the bytes are missing or torn and the capture does not count, whatever
was written before it does.

What was fetched again and is unchanged is a ``revisit`` record, which refers to the capture it equals.
"""

from __future__ import annotations

import io
import os
import zlib
from base64 import b32encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha1, sha256
from importlib.metadata import version
from itertools import groupby
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.errors import SeedError
from pipelines.identify.url import uri_of
from schemas.records import Capture, CaptureRef, FeedEntry, MediaKind, ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from warcio.recordloader import ArcWarcRecord

CONTEXT_TYPE = "application/vnd.wirepicket.capture+json"
"""Content type of the metadata records which open a capture."""
SUFFIX = ".warc.gz"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisit records: WARC 1.1, 6.7."""


def payload_digest(body: bytes) -> str:
    """SHA-256 of the bytes of a capture, hex: captures of one address with equal digests are the same."""
    return sha256(body).hexdigest()


MAX_FILE_BYTES = 10**9
"""Size from which a new file is begun: what the WARC standard's annex C recommends."""


class ArchiveWriter:
    """Writes captures to new WARC files in a folder. Nothing is sure to be seen by others before ``flush``."""

    def __init__(self, folder: Path, max_file_bytes: int = MAX_FILE_BYTES) -> None:
        self.folder = folder
        self._max_file_bytes = max_file_bytes
        self._name = ""
        self._file: BinaryIO | None = None
        self._warc: WARCWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write(self, capture: Capture) -> CaptureRef:
        """Append a capture. It is safe on disk after the next ``flush``."""
        file, warc = self._opened()
        ref = CaptureRef(file=self._name, offset=file.tell())
        for record in _records(warc, capture):
            warc.write_record(record)
        return ref

    def write_revisit(
        self,
        url: str,
        fetched_at: datetime,
        *,
        captured_at: datetime,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: bytes | None,
    ) -> None:
        """Append a revisit: the address was asked again, and what it gave is what was captured at ``captured_at``.

        ``body`` is ``None`` where the server itself said "not modified".
        """
        _, warc = self._opened()
        http = StatusAndHeaders(str(status), list(headers), protocol="HTTP/1.1")
        told = {
            "WARC-Date": _warc_date(fetched_at),
            "WARC-Profile": NOT_MODIFIED if body is None else SAME_PAYLOAD,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": _warc_date(captured_at),
        }
        if body is not None:
            # SHA-1 in base 32, as in the response records: what other tools compare.
            digest = sha1(body, usedforsecurity=False).digest()
            told["WARC-Payload-Digest"] = f"sha1:{b32encode(digest).decode()}"
        warc.write_record(warc.create_warc_record(url, "revisit", http_headers=http, warc_headers_dict=told))

    def _opened(self) -> tuple[BinaryIO, WARCWriter]:
        if self._file and self._file.tell() >= self._max_file_bytes:
            self._close()
        if self._file is None:
            # The file is made with the first capture, so that a run with nothing new leaves nothing behind.
            self.folder.mkdir(parents=True, exist_ok=True)
            self._name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:16]}{SUFFIX}"
            self._file = (self.folder / self._name).open("xb")
            self._warc = WARCWriter(self._file, gzip=True, warc_version="1.1")
            software = {"software": f"wirepicket/{version('wirepicket')}", "format": "WARC File Format 1.1"}
            self._warc.write_record(self._warc.create_warcinfo_record(self._name, software))
        assert self._warc is not None
        return self._file, self._warc

    def _close(self) -> None:
        self.flush()
        if self._file:
            self._file.close()
        self._file = self._warc = None

    @property
    def position(self) -> tuple[str, int] | None:
        """The file that is written to, and its size; ``None`` before the first record."""
        return (self._name, self._file.tell()) if self._file else None

    def flush(self) -> None:
        """Force what was written to disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What the metadata record of a capture says."""

    kind: MediaKind
    external_id: str | None
    entry: FeedEntry | None
    final_url: str | None = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    listed_at: datetime | None = None


_CONTEXT = TypeAdapter(_Context)


def _records(warc: WARCWriter, capture: Capture) -> Iterator[object]:
    date = _warc_date(capture.fetched_at)
    context_id, body_id = f"<urn:uuid:{uuid4()}>", f"<urn:uuid:{uuid4()}>"
    context = _Context(
        kind=capture.kind,
        external_id=capture.external_id,
        entry=capture.entry,
        final_url=capture.final_url,
        reading=capture.reading,
        # Whole seconds, as WARC's own dates: else a page might seem to have been fetched before it was listed.
        listed_at=capture.listed_at.replace(microsecond=0) if capture.listed_at else None,
    )
    told = _CONTEXT.dump_json(context)
    yield warc.create_warc_record(
        capture.url,
        "metadata",
        payload=io.BytesIO(told),
        length=len(told),  # without it warcio makes a temporary file
        warc_content_type=CONTEXT_TYPE,
        warc_headers_dict={"WARC-Date": date, "WARC-Record-ID": context_id, "WARC-Refers-To": body_id},
    )
    if capture.request:
        yield _request(warc, capture, {"WARC-Date": date, "WARC-Concurrent-To": body_id})
    headers = {"WARC-Date": date, "WARC-Record-ID": body_id, "WARC-Concurrent-To": context_id}
    body, length = io.BytesIO(capture.body), len(capture.body)
    if capture.status is None:
        yield warc.create_warc_record(
            capture.url,
            "resource",
            payload=body,
            length=length,
            warc_content_type=capture.content_type or "application/octet-stream",
            warc_headers_dict=headers,
        )
    else:
        http = StatusAndHeaders(str(capture.status), list(capture.headers), protocol="HTTP/1.1")
        yield warc.create_warc_record(
            capture.url, "response", payload=body, length=length, http_headers=http, warc_headers_dict=headers
        )


def _request(warc: WARCWriter, capture: Capture, headers: dict[str, str]) -> object:
    parts = urlsplit(uri_of(capture.final_url or capture.url))
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    http = StatusAndHeaders(f"GET {target} HTTP/1.1", list(capture.request), is_http_request=True)
    return warc.create_warc_record(capture.url, "request", http_headers=http, warc_headers_dict=headers)


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_captures(folder: Path, refs: Iterable[CaptureRef]) -> Iterator[tuple[CaptureRef, Capture]]:
    """The captures at these places. Raises ``SeedError`` for a place that holds no whole capture."""
    for file, group in groupby(sorted(refs), key=lambda ref: ref.file):
        with _open(folder / file) as stream:
            for ref in group:
                stream.seek(ref.offset)
                capture = next((found for _, found in _pairs(stream)), None)
                if capture is None:
                    raise SeedError("archive_record_missing", f"no capture at {ref}")
                yield ref, capture


def scan_captures(folder: Path, file: str, start: int = 0) -> Iterator[tuple[CaptureRef, Capture]]:
    """Every whole capture of a file from an offset on. A record torn by a crash ends it without an error."""
    with _open(folder / file) as stream:
        stream.seek(start)
        for offset, capture in _pairs(stream):
            yield CaptureRef(file=file, offset=offset), capture


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SeedError("archive_file_missing", f"{path}: {error.strerror}") from error


def _pairs(stream: BinaryIO) -> Iterator[tuple[int, Capture]]:
    records = ArchiveIterator(stream, check_digests=True)
    opened: tuple[int, str, _Context] | None = None
    request: tuple[tuple[str, str], ...] = ()
    try:
        for record in records:
            headers = record.rec_headers
            if record.content_type == CONTEXT_TYPE:
                told = record.content_stream().read()
                if not record.digest_checker.passed:
                    return
                context = _CONTEXT.validate_json(told)
                # Asking for the offset skips to the end of the record, so it comes after reading.
                opened, request = (records.get_record_offset(), headers["WARC-Refers-To"], context), ()
            elif opened and record.rec_type == "request" and headers["WARC-Concurrent-To"] == opened[1]:
                request = tuple(record.http_headers.headers)
            elif opened and headers["WARC-Record-ID"] == opened[1]:
                body = record.content_stream().read()
                if not record.digest_checker.passed:
                    return
                yield opened[0], replace(_capture(record, body, opened[2]), request=request)
                opened = None
    except (ArchiveLoadFailed, EOFError, zlib.error, ValidationError, AttributeError):
        # The tail of a file whose writer was killed (elsewhere told by its digests); warcio stumbles over
        # headers without a type with an AttributeError. What stands before is whole.
        return


def _capture(record: ArcWarcRecord, body: bytes, context: _Context) -> Capture:
    http = record.http_headers
    return Capture(
        url=record.rec_headers["WARC-Target-URI"],
        fetched_at=datetime.fromisoformat(record.rec_headers["WARC-Date"]),
        kind=context.kind,
        body=body,
        content_type=http.get_header("Content-Type") if http else record.content_type,
        status=int(http.get_statuscode()) if http else None,
        headers=tuple(http.headers) if http else (),
        external_id=context.external_id,
        entry=context.entry,
        final_url=context.final_url,
        reading=context.reading,
        listed_at=context.listed_at,
    )


def read_pages(path: Path) -> Iterator[Capture]:
    """Pages of somebody else's WARC file: successful HTML responses and HTML resources.

    Raises ``SeedError`` when the file is no WARC file; a torn tail ends it without an error.
    """
    whole = False
    with _open(path) as stream:
        try:
            for record in ArchiveIterator(stream):
                whole = True
                url = record.rec_headers["WARC-Target-URI"]
                if record.rec_type not in {"response", "resource"} or not url:
                    continue
                http = record.http_headers
                kind = (http.get_header("Content-Type") if http else record.content_type) or ""
                if "html" not in kind or (http and http.get_statuscode() != "200"):
                    continue
                yield _capture(
                    record,
                    record.content_stream().read(),
                    _Context(kind=MediaKind.HTML, external_id=None, entry=None),
                )
        except (ArchiveLoadFailed, EOFError, zlib.error, AttributeError, ValueError) as error:
            if not whole:
                raise SeedError("not_warc", f"{path.name}: {error}") from error
