"""Unpacking of the gzip members and zstd frames of an archive file, in bounded steps and in spite of damage."""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, Protocol, Self

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

CHUNK = 64 * 2**10
"""Packed bytes read at a time."""
STEP = 64 * 2**10
"""Most bytes that a step of unpacking gzip returns."""
_ZSTD_CHUNK = 1024
"""Packed bytes that a step of unpacking zstd takes: a block of four bytes may hold 128 KB."""
ZSTD_WINDOW = 2**27
"""Largest window of a zstd frame: the default limit of the ``zstd`` program."""
_MAX_DICTIONARY = 64 * 2**20
_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_MAGIC = re.compile(re.escape(_GZIP) + b"|" + re.escape(_ZSTD))
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_DICTIONARY = b"\x5d\x2a\x4d\x18"
"""Magic number of the frame with the common dictionary: "Zstandard Compression of WARC Files" 0.1, section 5."""
_RESERVED, _HEADER_CRC, _EXTRA, _NAME, _COMMENT = 0xE0, 2, 4, 8, 16
"""Flags of a gzip header: RFC 1952, 2.3.1."""


class RawFile:
    """A file that can be read at any offset. Raises ``OSError`` if it cannot be opened or read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes at the time of opening; bytes that are appended later are not read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def at(self, offset: int, size: int) -> bytes:
        """Return at most ``size`` bytes from an offset on; fewer at the end of the file only."""
        size = min(size, self.size - offset)
        content = os.pread(self._file.fileno(), size, offset) if size > 0 else b""
        while content and len(content) < size:
            more = os.pread(self._file.fileno(), size - len(content), offset + len(content))
            if not more:
                break
            content += more
        return content


class PackedMember(Protocol):
    """A packed part of a file."""

    offset: int
    """Offset of its beginning in the file."""
    end: int | None
    """Offset of its end in the file; ``None`` until it is unpacked, and always if it is broken before its end."""
    fault: str | None
    """Description of its fault; ``None`` if it is sound."""
    torn: bool
    """True if the file ends before the end of the member."""

    def read(self) -> bytes:
        """Return the next unpacked bytes; none at the end, or at a fault after which nothing can be read."""


class GzipMember:
    """A gzip member (RFC 1952).

    Its deflate data are unpacked without zlib's own check of the checksum, which would withhold the last step if it
    failed; the checksum is compared here.
    """

    def __init__(self, raw: RawFile, offset: int) -> None:
        self.offset = offset
        self.end: int | None = None
        self.fault: str | None = None
        self.torn = False
        self._raw = raw
        self._step = STEP
        self._given = self._sum = 0
        self._data = self._header_end()
        self._begin()

    def _header_end(self) -> int:
        """Return the offset of the deflate data."""
        head = self._raw.at(self.offset, CHUNK)
        flags, at = (head[3], 10) if len(head) > 10 else (0, len(head))  # noqa: PLR2004 - the fixed part
        if flags & _EXTRA:
            at += 2 + int.from_bytes(head[at : at + 2], "little")
        for flag in (_NAME, _COMMENT):
            if flags & flag:
                ended = head.find(b"\0", at)
                at = ended + 1 if ended >= 0 else len(head)
        return self.offset + at + (2 if flags & _HEADER_CRC else 0)

    def _begin(self) -> None:
        self._inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._at = self._data
        self._input = b""

    def read(self) -> bytes:
        """Return the next unpacked bytes; none at the end."""
        while self.end is None and self.fault is None:
            try:
                unpacked = self._next(self._step)
            except zlib.error as error:
                if self._step == 1:
                    self.fault = f"broken gzip data: {error}"
                    break
                self._go_back()
                continue
            if unpacked:
                self._given += len(unpacked)
                self._sum = zlib.crc32(unpacked, self._sum)
                return unpacked
        return b""

    def _next(self, most: int) -> bytes:
        complete = self._inflate.eof
        if complete:
            self._compare()
            return b""
        if not self._input:
            self._input = self._raw.at(self._at, CHUNK)
            self._at += len(self._input)
        ended = not self._input
        unpacked = self._inflate.decompress(self._input, most)
        self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        if ended and not unpacked and not self._inflate.eof:
            self.torn, self.fault = True, "the file ends within a gzip member"
        return unpacked

    def _go_back(self) -> None:
        """Unpack again up to the end of the last good step, then go on by single bytes up to the fault."""
        self._step = 1
        self._begin()
        left = self._given
        while left and self.fault is None:
            left -= len(self._next(min(left, STEP)))

    def _compare(self) -> None:
        at = self._at - len(self._input)
        trailer = self._raw.at(at, 8)
        if len(trailer) < 8:  # noqa: PLR2004 - checksum and size
            self.torn, self.fault = True, "the file ends within the checksum of a gzip member"
            return
        self.end = at + 8
        if trailer != self._sum.to_bytes(4, "little") + (self._given % 2**32).to_bytes(4, "little"):
            self.fault = "the checksum of the gzip member does not match"


class ZstdFrame:
    """A zstd frame (RFC 8878); ``decoder`` holds the dictionary of the file."""

    def __init__(self, raw: RawFile, offset: int, decoder: zstandard.ZstdDecompressor) -> None:
        self.offset = offset
        self.end: int | None = None
        self.fault: str | None = None
        self.torn = False
        self._raw = raw
        self._at = offset
        self._unpack = decoder.decompressobj()

    def read(self) -> bytes:
        """Return the next unpacked bytes; none at the end."""
        while self.end is None and self.fault is None:
            packed = self._raw.at(self._at, _ZSTD_CHUNK)
            if not packed:
                self.torn, self.fault = True, "the file ends within a zstd frame"
                break
            try:
                unpacked = self._unpack.decompress(packed)
            except zstandard.ZstdError as error:
                self.fault = f"broken zstd data: {error}"
                break
            self._at += len(packed)
            if self._unpack.eof:
                self.end = self._at - len(self._unpack.unused_data)
            if unpacked:
                return unpacked
        return b""


class SkippedFrame:
    """A skippable zstd frame, whose content is not read."""

    def __init__(self, raw: RawFile, offset: int) -> None:
        self.offset = offset
        end = offset + 8 + int.from_bytes(raw.at(offset + 4, 4), "little")
        self.torn = end > raw.size
        self.end: int | None = None if self.torn else end
        self.fault: str | None = "the file ends within a zstd frame" if self.torn else None

    def read(self) -> bytes:
        """Return nothing."""
        return b""


class Packing:
    """The packing of a file."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self._decoder: zstandard.ZstdDecompressor | None = None

    def is_packed(self, offset: int) -> bool:
        """Return whether a member or frame seems to begin at an offset."""
        head = self._raw.at(offset, 4)
        if head.startswith(_GZIP):
            return len(head) > 3 and not head[3] & _RESERVED  # noqa: PLR2004 - the flags
        return head == _ZSTD or _SKIPPABLE.fullmatch(head) is not None

    def member(self, offset: int) -> PackedMember:
        """Return the member or frame at an offset for which ``is_packed`` holds."""
        head = self._raw.at(offset, 4)
        if head.startswith(_GZIP):
            return GzipMember(self._raw, offset)
        if head != _ZSTD:
            return SkippedFrame(self._raw, offset)
        if self._decoder is None:
            dictionary = _dictionary(self._raw)
            self._decoder = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=ZSTD_WINDOW)
        return ZstdFrame(self._raw, offset, self._decoder)

    def find(self, start: int, opens: Callable[[bytes], bool], stop: int | None = None) -> int | None:
        """Return the offset of the next member whose first bytes begin a record, as decided by ``opens``."""
        stop = self._raw.size if stop is None else stop
        while start < stop:
            window = self._raw.at(start, min(CHUNK, stop - start) + len(_ZSTD) - 1)
            for match in _MAGIC.finditer(window):
                offset = start + match.start()
                if self.is_packed(offset) and opens(first_bytes(self.member(offset))):
                    return offset
            start += CHUNK
        return None


def first_bytes(member: PackedMember, size: int = 512) -> bytes:
    """Return the first bytes of a member: at least ``size``, or all of them."""
    beginning = member.read()
    while len(beginning) < size and (more := member.read()):
        beginning += more
    return beginning


def _dictionary(raw: RawFile) -> zstandard.ZstdCompressionDict | None:
    """Return the dictionary in the first frame of a file, packed or not; ``None`` if none can be read."""
    head = raw.at(0, 8)
    if not head.startswith(_DICTIONARY):
        return None
    dictionary = raw.at(8, min(int.from_bytes(head[4:], "little"), _MAX_DICTIONARY))
    if dictionary.startswith(_ZSTD):
        try:
            dictionary = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompress(dictionary, _MAX_DICTIONARY)
        except zstandard.ZstdError:
            return None
    return zstandard.ZstdCompressionDict(dictionary)
