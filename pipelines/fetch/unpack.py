"""Decoding of content encodings within a limit of memory.

httpx decodes a chunk completely, and a chunk of a few kilobytes can expand to gigabytes. Here every encoding is
unpacked in bounded steps, with the tolerance of browsers: unknown encoding names (``utf-8``, ``none``) are ignored,
``deflate`` is accepted although it is not requested, and gzip data is unpacked even if no header declares it.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Protocol

import brotli
import zstandard

from pipelines.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ACCEPT_ENCODING = "gzip, br, zstd"
ZSTD_WINDOW = 8 * 2**20
"""Largest window of a zstd frame on the web: RFC 9659."""


_GZIP_MARK = b"\x1f\x8b\x08"
_ZLIB_HEAD = 2
"""Length of a zlib header in bytes: RFC 1950, 2.2."""


class Unpacker(Protocol):
    """Decoder of packed chunks into ``body``."""

    body: bytearray

    def feed(self, chunk: bytes) -> None:
        """Unpack a chunk. Raises ``FetchError`` if it is broken."""

    def end(self) -> None:
        """Finish after the last chunk. Raises ``FetchError`` if the data is incomplete."""


async def unpacked(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """Return an unpacked body of at most ``limit`` bytes, with little more in memory.

    Raises:
        FetchError: ``too_large``; ``content_encoding`` if the encoding is nested or the data is broken.
    """
    unpacker = _unpacker(encoding.strip().lower(), limit)
    async for chunk in chunks:
        unpacker.feed(chunk)
        if len(unpacker.body) > limit:
            break
    else:
        unpacker.end()
    if len(unpacker.body) > limit:
        raise FetchError("too_large", f"more than {limit / 2**20:g} MB")
    return bytes(unpacker.body)


def _unpacker(encoding: str, limit: int) -> Unpacker:
    kinds: dict[str, Callable[[int], Unpacker]] = {
        "gzip": _Gzip,
        "x-gzip": _Gzip,
        "deflate": _Deflate,
        "br": _Brotli,
        "zstd": _Zstd,
    }
    named = [name for part in encoding.split(",") if (name := part.strip()) in kinds]
    if len(named) > 1:
        raise FetchError("content_encoding", f"{encoding!r}: packed more than once")
    return kinds[named[0]](limit) if named else _Plain(limit)


def _broken(encoding: str, error: object) -> FetchError:
    return FetchError("content_encoding", f"broken {encoding}: {error}")


class _Plain:
    """Decoder of bodies without an encoding: bytes unchanged, unless they begin with the gzip magic number."""

    def __init__(self, limit: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._packed: _Gzip | None = None

    def feed(self, chunk: bytes) -> None:
        if self._packed is None and len(self.body) < len(_GZIP_MARK) and (self.body + chunk).startswith(_GZIP_MARK):
            self._packed = _Gzip(self._limit)
            chunk, self.body = bytes(self.body) + chunk, self._packed.body
        if self._packed:
            self._packed.feed(chunk)
        else:
            self.body += chunk

    def end(self) -> None:
        if self._packed:
            self._packed.end()


class _Zlib:
    """Decoder of zlib formats; ``wbits`` is the argument of ``zlib.decompressobj``."""

    name = "gzip"

    def __init__(self, limit: int, wbits: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._unpack = zlib.decompressobj(wbits=wbits)

    def feed(self, chunk: bytes) -> None:
        try:
            self.body += self._unpack.decompress(chunk, self._limit + 1 - len(self.body))
        except zlib.error as error:
            raise _broken(self.name, error) from error

    def end(self) -> None:
        # An empty body with an encoding header is common for responses without content.
        if not self._unpack.eof and self.body:
            raise _broken(self.name, "it is truncated")


class _Gzip(_Zlib):
    def __init__(self, limit: int) -> None:
        super().__init__(limit, 31)


class _Deflate(_Zlib):
    """Decoder of ``deflate``: zlib's format by RFC 9110; many servers send raw deflate data without its header."""

    name = "deflate"

    def __init__(self, limit: int) -> None:
        super().__init__(limit, zlib.MAX_WBITS)
        self._begun = b""

    def feed(self, chunk: bytes) -> None:
        if not self._unpack.eof and not self.body and len(self._begun) < _ZLIB_HEAD:
            self._begun += chunk
            if len(self._begun) < _ZLIB_HEAD:
                return
            chunk = self._begun
            if chunk[0] & 15 != zlib.DEFLATED or int.from_bytes(chunk[:2], "big") % 31:
                self._unpack = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        super().feed(chunk)


class _Brotli:
    def __init__(self, limit: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._unpack = brotli.Decompressor()

    def feed(self, chunk: bytes) -> None:
        try:
            while True:
                self.body += self._unpack.process(chunk, output_buffer_limit=self._limit + 1 - len(self.body))
                if self._unpack.can_accept_more_data() or len(self.body) > self._limit:
                    return
                chunk = b""
        except brotli.error as error:
            raise _broken("brotli", error) from error

    def end(self) -> None:
        if not self._unpack.is_finished() and self.body:
            raise _broken("brotli", "it is truncated")


class _Zstd:
    """Decoder of zstd. Only pull mode bounds its output, so the packed bytes (bounded too) are collected first."""

    def __init__(self, limit: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._packed = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._packed += chunk
        if len(self._packed) > self._limit:
            raise FetchError("too_large", f"more than {self._limit / 2**20:g} MB, packed")

    def end(self) -> None:
        if not self._packed:
            return
        decoder = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        try:
            with decoder.stream_reader(io.BytesIO(self._packed), read_across_frames=True) as reader:
                self.body += reader.read(self._limit + 1)
        except zstandard.ZstdError as error:
            raise _broken("zstd", error) from error
