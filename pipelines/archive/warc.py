"""Captures as WARC 1.1 records.

A capture is two or three records in a row, each a gzip member of its own: a ``metadata`` record with what we know
of it (kind, seed id, feed entry, where redirects led), for what was fetched the ``request``, and the bytes themselves
as a ``response`` (fetched) or ``resource`` (read from a file) record, to which the metadata refers. The metadata
comes first: where a crash cut the row short, the bytes are missing or torn and the capture does not count, whatever
was written before it does.

What was fetched again and is unchanged is a ``revisit`` record, which refers to the capture it equals.
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
"""Content type of the metadata records which open a capture."""
SUFFIX = ".warc.gz"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisit records: WARC 1.1, 6.7."""


MAX_URL, MAX_HEADERS = 2**16, 2**17
"""Characters of an address, and of the headers of a message, that are archived at most."""


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
        """Append a revisit: the address was asked again, and what it gave is what was captured at ``captured_at``.

        ``body`` is ``None`` where the server itself said "not modified". Raises ``CaptureError`` as ``check_capture``.
        """
        _check_url(url)
        _check_headers(headers)
        _, warc = self._opened()
        http = _HttpHeaders(str(status), list(headers), protocol="HTTP/1.1")
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
        """The file that is written to, and its size; ``None`` before the first record."""
        return (self._name, self._file.tell()) if self._file else None

    def flush(self) -> None:
        """Force what was written to disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


def being_written(path: Path) -> bool:
    """Return whether a process is writing a file, or bringing it from elsewhere, so that its end is incomplete."""
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
            the ends, and for a name of a header that is none; ``bad_text`` for what UTF-8 cannot express.
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
    """HTTP headers as they were sent: warcio would percent-encode what is not ASCII, which nobody could take back."""

    def to_ascii_bytes(self, header_filter: Callable[[tuple[str, str]], tuple[str, str] | None] | None = None) -> bytes:
        """Return the headers in UTF-8, which warcio's parser tries first."""
        return bytes(self.to_bytes(header_filter, "utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the metadata record of a capture says."""

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
    told = _context_json(capture)
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
        # Whole seconds, as WARC's own dates: else a page might seem to have been fetched before it was listed.
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
