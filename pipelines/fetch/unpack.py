"""Taking bodies out of their content encoding, never more than a limit of them in memory.

httpx decodes as much as a chunk holds, and a chunk of some kilobytes can hold gigabytes. Here every encoding is
unpacked in bounded steps, as browsers do it: a name that is no encoding (``utf-8``, ``none``) says nothing, ``deflate``
is read though it is not asked for, and bytes that are gzip's are unpacked though no header names it.
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
"""Bytes of zlib's header: RFC 1950, 2.2."""


class Unpacker(Protocol):
    """Takes packed chunks; what comes out is in ``body``."""

    body: bytearray

    def feed(self, chunk: bytes) -> None:
        """Take a chunk. Raises ``FetchError`` for one that is broken."""

    def end(self) -> None:
        """No more comes. Raises ``FetchError`` where something is missing."""


async def unpacked(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """A body, unpacked: at most ``limit`` bytes, and never many more in memory.

    Raises:
        FetchError: ``too_large``; ``content_encoding`` for one that was not asked for or is broken.
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
    """Bytes as they are, unless they begin as gzip does."""

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
    """What zlib unpacks; ``wbits`` as its ``decompressobj`` takes it."""

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
        # An empty body with the header is common for answers that have none.
        if not self._unpack.eof and self.body:
            raise _broken(self.name, "it ends in the middle")


class _Gzip(_Zlib):
    def __init__(self, limit: int) -> None:
        super().__init__(limit, 31)


class _Deflate(_Zlib):
    """RFC 9110 means zlib's format by the name; many servers send its inside alone."""

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
            raise _broken("brotli", "it ends in the middle")


class _Zstd:
    """The decoder bounds what comes out only when it pulls, so the packed bytes (bounded too) are gathered first."""

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
