"""Captures as WARC 1.1 records.

A capture is two or three consecutive records, each a gzip member of its own: a ``metadata`` record with its context
(kind, seed id, feed entry, target of redirects), the ``request`` if it was fetched, and its bytes as a ``response``
(fetched) or ``resource`` (read from a file) record, to which the metadata refers. The metadata comes first: if a crash
cuts the sequence short, the bytes are missing or torn and the capture does not count; all earlier captures do.

A page that was fetched again without a change is a ``revisit`` record, which refers to the earlier capture.
"""

from __future__ import annotations

import fcntl
import io
import os
from base64 import b32encode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1, sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from pydantic import TypeAdapter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.errors import CaptureError
from pipelines.identify.url import uri_of
from pipelines.printable import is_printable, is_token
from schemas.records import Capture, CaptureRef, FeedEntry, MediaKind, ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

CONTEXT_TYPE = "application/vnd.wirepicket.capture+json"
"""Content type of the metadata records that open a capture."""
SUFFIX = ".warc.gz"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisit records: WARC 1.1, 6.7."""


MAX_URL, MAX_HEADERS = 2**16, 2**17
"""Most characters of an address, and of the headers of a message, in the archive."""


def payload_digest(body: bytes) -> str:
    """Return the SHA-256 of the bytes of a capture, hex: captures of an address with equal digests are the same."""
    return sha256(body).hexdigest()


MAX_FILE_BYTES = 10**9
"""Size from which a new file is begun, as recommended in annex C of the WARC standard."""


class ArchiveWriter:
    """A writer of captures to new WARC files in a folder. Other processes see captures for certain after ``flush``."""

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
        """Append a capture. It is safe on disk after the next ``flush``.

        Raises ``CaptureError`` as ``check_capture`` does.
        """
        check_capture(capture)
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
        """Append a revisit: a new request returned the same content as the capture at ``captured_at``.

        ``body`` is ``None`` if the server itself answered "not modified". Raises ``CaptureError`` as ``check_capture``.
        """
        _check_url(url)
        _check_headers(headers)
        _, warc = self._opened()
        http = _HttpHeaders(str(status), list(headers), protocol="HTTP/1.1")
        warc_headers = {
            "WARC-Date": _warc_date(fetched_at),
            "WARC-Profile": NOT_MODIFIED if body is None else SAME_PAYLOAD,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": _warc_date(captured_at),
        }
        if body is not None:
            # SHA-1 in base 32, as in the response records, since other tools compare it.
            digest = sha1(body, usedforsecurity=False).digest()
            warc_headers["WARC-Payload-Digest"] = f"sha1:{b32encode(digest).decode()}"
        record = warc.create_warc_record(url, "revisit", http_headers=http, warc_headers_dict=warc_headers)
        warc.write_record(record)

    def _opened(self) -> tuple[BinaryIO, WARCWriter]:
        if self._file and self._file.tell() >= self._max_file_bytes:
            self._close()
        if self._file is None:
            # The file is created with the first capture, so that a run without new captures leaves no file.
            self.folder.mkdir(parents=True, exist_ok=True)
            self._name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:16]}{SUFFIX}"
            self._file = (self.folder / self._name).open("xb")
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        """The current file and its size in bytes; ``None`` before the first record."""
        return (self._name, self._file.tell()) if self._file else None

    def flush(self) -> None:
        """Write all buffered data to disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


def being_written(path: Path) -> bool:
    """Return whether a process is writing or copying a file, so that its end may be incomplete."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def check_capture(capture: Capture) -> None:
    """Check that a capture can be read from the archive as it was written.

    Raises:
        CaptureError: ``bad_url`` or ``bad_header`` for a control character, half of a surrogate pair or blanks at
            the ends, and for an invalid header name; ``bad_text`` for text that UTF-8 cannot express.
    """
    _check_url(capture.url)
    if capture.final_url is not None:
        _check_url(capture.final_url)
    _check_headers((*capture.headers, *capture.request, ("Content-Type", capture.content_type or "")))
    try:
        _context_json(capture)
    except ValueError as error:
        raise CaptureError("bad_text", str(error)) from error


def _check_url(url: str) -> None:
    if not url or len(url) > MAX_URL or not is_printable(url):
        raise CaptureError("bad_url", f"an address of {len(url)} characters: {url[:200]!a}")
    try:
        urlsplit(url)
    except ValueError as error:
        raise CaptureError("bad_url", f"{error}: {url[:200]!a}") from error


def _check_headers(headers: Iterable[tuple[str, str]]) -> None:
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if not is_token(name) or not is_printable(value) or size > MAX_HEADERS:
            raise CaptureError("bad_header", f"{name[:100]!a}: {value[:200]!a}")


class _HttpHeaders(StatusAndHeaders):  # type: ignore[misc] # warcio is untyped
    """HTTP headers as sent; warcio would percent-encode other characters than ASCII, which cannot be undone."""

    def to_ascii_bytes(self, header_filter: Callable[[tuple[str, str]], tuple[str, str] | None] | None = None) -> bytes:
        """Return the headers in UTF-8, which warcio's parser tries first."""
        return bytes(self.to_bytes(header_filter, "utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The content of the metadata record of a capture."""

    kind: MediaKind
    external_id: str | None
    entry: FeedEntry | None
    final_url: str | None = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    listed_at: datetime | None = None


CONTEXT = TypeAdapter(Context)


def _records(warc: WARCWriter, capture: Capture) -> Iterator[object]:
    date = _warc_date(capture.fetched_at)
    context_id, body_id = f"<urn:uuid:{uuid4()}>", f"<urn:uuid:{uuid4()}>"
    content = _context_json(capture)
    yield warc.create_warc_record(
        capture.url,
        "metadata",
        payload=io.BytesIO(content),
        length=len(content),  # without it warcio creates a temporary file
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
        http = _HttpHeaders(str(capture.status), list(capture.headers), protocol="HTTP/1.1")
        yield warc.create_warc_record(
            capture.url, "response", payload=body, length=length, http_headers=http, warc_headers_dict=headers
        )


def _context_json(capture: Capture) -> bytes:
    context = Context(
        kind=capture.kind,
        external_id=capture.external_id,
        entry=capture.entry,
        final_url=capture.final_url,
        reading=capture.reading,
        # Whole seconds like the dates of WARC; otherwise a page could seem to be fetched before it was listed.
        listed_at=capture.listed_at.replace(microsecond=0) if capture.listed_at else None,
    )
    return CONTEXT.dump_json(context)


def _request(warc: WARCWriter, capture: Capture, headers: dict[str, str]) -> object:
    parts = urlsplit(uri_of(capture.final_url or capture.url))
    target = quote(urlunsplit(("", "", parts.path or "/", parts.query, "")), safe="%/:=&?~#+!$,;'@()*[]")
    http = _HttpHeaders(f"GET {target} HTTP/1.1", list(capture.request), is_http_request=True)
    return warc.create_warc_record(capture.url, "request", http_headers=http, warc_headers_dict=headers)


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
