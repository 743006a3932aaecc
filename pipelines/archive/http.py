"""Parsing of the HTTP messages in records."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brotli
import zstandard
from warcio.bufferedreaders import ChunkedDataReader
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

from pipelines.archive.packed import ZSTD_WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_BODY = 64 * 2**20
"""Bytes of a body that are read at most; extraction takes far fewer."""
_MAX_HEAD = 256 * 2**10
_MESSAGE = re.compile(rb"(?:HTTP/\d|[A-Z]{3,10} )")
_PARSER = StatusAndHeadersParser(ArcWarcRecordLoader.HTTP_TYPES, verify=False)


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP message."""

    start: str
    """Rest of its first line after the protocol or method: ``200 OK``."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    """The body as sent."""

    @property
    def status(self) -> int | None:
        """Status of a response; ``None`` if it is no number."""
        code = self.start.partition(" ")[0]
        return int(code) if code.isascii() and code.isdigit() and len(code) < 4 else None  # noqa: PLR2004 - 3 digits

    def header(self, name: str) -> str | None:
        """Return the first header of a name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def parse_message(block: bytes) -> Message | None:
    """Return the HTTP message in a block, or ``None`` if the block is no message."""
    if not _MESSAGE.match(block):
        return None
    head = io.BytesIO(block[:_MAX_HEAD])
    parsed = _PARSER.parse(head)
    return Message(parsed.statusline, tuple(parsed.headers), block[head.tell() :])


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without transfer and content encodings."""

    body: bytes
    fault: str | None = None
    """The reason why the body may be incomplete."""


def decoded(message: Message) -> Decoded:
    """Return the body of a message without its encodings.

    A declared encoding that the body does not have is ignored, as browsers do. If the body breaks off, the result holds
    its beginning and the fault.
    """
    body, faults = message.body, []
    if (message.header("transfer-encoding") or "").strip().lower() == "chunked":
        body = ChunkedDataReader(io.BytesIO(body)).read()
    named = [name.strip().lower() for name in (message.header("content-encoding") or "").split(",")]
    for name in reversed(named):
        if name in _DECODERS and body:
            unpacked, fault = _DECODERS[name](body)
            if unpacked:
                body = unpacked
                faults += [f"{name}: {fault}"] if fault else []
    if len(body) > MAX_BODY:
        faults.append(f"more than {MAX_BODY // 2**20} MB")
    return Decoded(body[:MAX_BODY], "; ".join(faults) or None)


def _inflated(body: bytes, windows: Sequence[int]) -> tuple[bytes, str | None]:
    best, best_fault = b"", None
    for wbits in windows:
        unpacked, fault = bytearray(), None
        inflate, left = zlib.decompressobj(wbits), body
        try:
            while left and not inflate.eof and len(unpacked) <= MAX_BODY:
                unpacked += inflate.decompress(left, 2**16)
                left = inflate.unconsumed_tail
            unpacked += inflate.flush() if not inflate.eof and len(unpacked) <= MAX_BODY else b""
            fault = None if inflate.eof else "it ends in the middle"
        except zlib.error as error:
            fault = str(error)
        if fault is None or len(unpacked) > len(best):
            best, best_fault = bytes(unpacked), fault
        if fault is None:
            break
    return best, best_fault


def _gzip(body: bytes) -> tuple[bytes, str | None]:
    return _inflated(body, (zlib.MAX_WBITS | 16,)) if body.startswith(b"\x1f\x8b") else (b"", None)


def _deflate(body: bytes) -> tuple[bytes, str | None]:
    """Unpack a body with or without the zlib header; servers send both. Plain text may inflate to a few bytes."""
    unpacked, fault = _inflated(body, (zlib.MAX_WBITS, -zlib.MAX_WBITS))
    return (unpacked, fault) if fault is None or len(unpacked) > len(body) else (b"", None)


def _brotli(body: bytes) -> tuple[bytes, str | None]:
    unpack, unpacked = brotli.Decompressor(), bytearray()
    try:
        chunk = body
        while len(unpacked) <= MAX_BODY:
            unpacked += unpack.process(chunk, output_buffer_limit=2**16)
            if unpack.is_finished() or unpack.can_accept_more_data():
                break
            chunk = b""
    except brotli.error as error:
        return (bytes(unpacked), str(error)) if len(unpacked) > len(body) else (b"", None)
    return bytes(unpacked), None if unpack.is_finished() else "it ends in the middle"


def _zstd(body: bytes) -> tuple[bytes, str | None]:
    if not body.startswith(b"\x28\xb5\x2f\xfd"):
        return b"", None
    unpacked = bytearray()
    try:
        with zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).stream_reader(body) as reader:
            while len(unpacked) <= MAX_BODY and (more := reader.read(2**16)):
                unpacked += more
    except zstandard.ZstdError as error:
        return bytes(unpacked), str(error)
    return bytes(unpacked), None


_DECODERS: dict[str, Callable[[bytes], tuple[bytes, str | None]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}


def archived_headers(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return headers for a decoded body: those for its encodings and length are renamed to ``X-Archive-Orig-…``."""
    packing = {"content-encoding", "transfer-encoding", "content-length"}
    return tuple((f"X-Archive-Orig-{name}" if name.lower() in packing else name, value) for name, value in headers)
