"""Taking bodies out of their content encoding, never more than a limit of them in memory.

httpx decodes as much as a chunk holds, and a chunk of some kilobytes can hold gigabytes. Here every encoding that
is asked for is unpacked in bounded steps, and anything else is refused.
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
        "": _Plain,
        "identity": _Plain,
        "gzip": _Gzip,
        "x-gzip": _Gzip,
        "br": _Brotli,
        "zstd": _Zstd,
    }
    if encoding not in kinds:
        raise FetchError("content_encoding", f"{encoding!r} was not asked for")
    return kinds[encoding](limit)


def _broken(encoding: str, error: object) -> FetchError:
    return FetchError("content_encoding", f"broken {encoding}: {error}")


class _Plain:
    def __init__(self, limit: int) -> None:
        del limit
        self.body = bytearray()

    def feed(self, chunk: bytes) -> None:
        self.body += chunk

    def end(self) -> None:
        pass


class _Gzip:
    def __init__(self, limit: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._unpack = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> None:
        try:
            self.body += self._unpack.decompress(chunk, self._limit + 1 - len(self.body))
        except zlib.error as error:
            raise _broken("gzip", error) from error

    def end(self) -> None:
        # An empty body with the header is common for answers that have none.
        if not self._unpack.eof and self.body:
            raise _broken("gzip", "it ends in the middle")


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
