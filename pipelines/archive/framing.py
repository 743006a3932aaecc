"""Framing of the records of WARC and ARC files that may be damaged.

warcio, which parses the records, trusts lengths and stops at the first fault. Here a length is accepted if a record, a
member or the end of the file follows the block; otherwise the record ends where the next one begins. Bytes that begin
no record are passed over up to the next record. All such cases are reported as ``Damage``, with their position.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from warcio.recordloader import ARCHeadersParser, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

from pipelines.archive.digests import agrees
from pipelines.archive.packed import CHUNK, Packing
from pipelines.archive.record import TORN, Damage, Record
from pipelines.archive.starts import BLANK, WARC_HERE, WARC_THERE, next_start, opens_record
from pipelines.archive.streams import ByteSource, Fault, Plain, Position, Unpacked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pipelines.archive.packed import RawFile

MAX_HEAD = 2**20
"""Most bytes of the headers of a record."""
_FIRST_HEAD = 2_048
_WARC_LINE = 16
"""Bytes that show whether a WARC record begins."""
_LINE_END = re.compile(rb"\n")
_HEAD_END = re.compile(rb"\n[ \t\r\f\v]*\n")
_END = re.compile(rb"\r?\n\r?\n")
_DIGITS = re.compile(r"\d{1,18}")
_CODED = re.compile(rb"(?im)^(?:content|transfer)-encoding[ \t]*:")


def records(raw: RawFile, start: int = 0) -> Iterator[Record | Damage]:
    """Yield the records of a file from an offset on, and the damage in and between them, in order."""
    packing = Packing(raw)
    reader = _Reader(packing)
    plain = Plain(raw)

    def behind(offset: int, had_record: bool) -> int:  # noqa: FBT001 - the signature that the stream requires
        # Members packed without compression would be read twice if a search for plain records found them.
        following = packing.find(offset + 1, reader.opens) if had_record else reader.find(plain, offset + 1)
        return raw.size if following is None else following

    at: int | None = start
    while at is not None and at < raw.size:
        if packing.is_packed(at):
            with closing(Unpacked(raw, at, packing, reader.opens, behind)) as unpacked:
                yield from reader.read(unpacked, 0)
                at = unpacked.resume
        else:
            yield from reader.read(plain, at)
            at = reader.packed_at


def _of_member(fault: Fault) -> Damage:
    reason = TORN if fault.torn else "broken_member"
    return Damage(Position(fault.offset), fault.size, reason, fault.detail, fault.url)


class _Reader:
    """A reader of the streams of a file, one after another."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._format: str | None = None  # of the records so far
        self._warc = StatusAndHeadersParser(ArcWarcRecordLoader.WARC_TYPES)
        self._arc = ARCHeadersParser()
        self.packed_at: int | None = None
        """Offset of the packed members that ended the last plain stream."""
        self._stream: ByteSource

    def opens(self, head: bytes) -> bool:
        """Return whether bytes are the first ones of a record, apart from leading blank lines."""
        return opens_record(head, self._format)

    def find(self, stream: ByteSource, start: int, stop: int | None = None) -> int | None:
        """Return the position of the next record or member with a record, from ``start`` on and before ``stop``."""
        packing = self._packing if isinstance(stream, Plain) else None
        return next_start(stream, start, stop, known=self._format, packing=packing)

    def read(self, stream: ByteSource, position: int) -> Iterator[Record | Damage]:
        """Yield the records of a stream."""
        self._stream, self.packed_at = stream, None
        while True:
            position = self._behind_blanks(position)
            stream.forget(position)
            head = stream.at(position, _FIRST_HEAD)
            yield from map(_of_member, stream.take_faults(stream.position_of(position).offset if head else None))
            if not head:
                return
            if self._is_packed(position):
                self.packed_at = position
                return
            if self.opens(head):
                position = yield from self._record(position)
                continue
            following = self.find(self._stream, position + 1)
            if following is None:
                following = self._end(position)
            yield self._damage(position, following, "not_a_record", "no record begins here")
            position = following

    def _record(self, start: int) -> Generator[Record | Damage, None, int]:
        """Yield the record at a position; return the position from which to search for the next record."""
        is_arc = not WARC_HERE.match(self._stream.at(start, _WARC_LINE))
        head, cut = self._head(start, is_line=is_arc)
        if cut:
            yield self._damage(start, start + cut, "bad_header", "another record begins within its headers")
            return start + cut
        if head is None:
            return (yield from self._headless(start))
        try:
            headers = (self._arc if is_arc else self._warc).parse(BytesIO(head))
        except Exception as error:  # noqa: BLE001 - warcio may raise any error for unknown bytes
            following = self.find(self._stream, start + 1) or self._end(start)
            yield self._damage(start, following, "bad_header", f"{type(error).__name__}: {error}")
            return following
        self._format = "arc" if is_arc else "warc"
        kind = headers.get_header("WARC-Type") or ""
        if is_arc:
            kind = "arc_header" if head.startswith(b"filedesc:") else "response"
        block = start + len(head)
        record = Record(self._stream.position_of(start), self._format, kind, headers, None, block, block, self._stream)
        return (yield from self._bounded(record, start))

    def _headless(self, start: int) -> Generator[Record | Damage, None, int]:
        following = self.find(self._stream, start + 1)
        if following is None:
            end = self._end(start)
            if not self._stream.ended_by_fault or not self._stream.lost(start, None):
                yield self._damage(start, end, TORN, "the data end within the headers of a record")
            return end
        yield self._damage(start, following, "bad_header", "the headers of the record have no end")
        return following

    def _bounded(self, record: Record, start: int) -> Generator[Record | Damage, None, int]:
        """Find the end of a record's block and yield the record."""
        stream, block = self._stream, record.start
        length = record.headers.get_header("length" if record.format == "arc" else "Content-Length")
        declared = block + int(length) if length and _DIGITS.fullmatch(length) else None
        following = None
        if declared is not None and self._is_there(block, declared):
            whole = replace(record, end=declared)
            whole = replace(whole, verified=self._verified(whole))
            if whole.verified or (whole.verified is None and self._fits(declared)):
                yield from self._give(whole, start)
                return declared
            following = self.find(stream, block, declared if self._fits(declared) else None)
            if following is None:
                yield from self._give(whole, start, "digest" if whole.verified is False else None)
                return declared
        else:
            # Headers without a length may be a stray line before another record.
            following = self.find(stream, start + 1 if declared is None else block)
            if following is not None and following < block:
                detail = "the headers give no length, and another record begins within them"
                yield self._damage(start, following, "bad_header", detail)
                return following
        if following is None:
            following = end = self._end(block)
            ended = isinstance(stream, Unpacked) or _END.search(stream.at(max(block, end - 4), 4))
            if stream.ended_by_fault or not ended:
                if not stream.ended_by_fault or not stream.lost(start, record.url):
                    yield self._damage(start, end, TORN, f"{end - block} bytes of a block of {length}", record.url)
                return end
        parted = replace(record, end=self._without_end(block, following))
        parted = replace(parted, verified=self._verified(parted))
        yield from self._give(parted, start, "wrong_length", f"{length} bytes declared, {parted.size} before the next")
        return following

    def _give(
        self, record: Record, start: int, reason: str | None = None, detail: str = "its digest does not match"
    ) -> Iterator[Record | Damage]:
        stream = self._stream
        stream.at(record.end, 64)  # reads the checksum at the end of its member as well
        if stream.faulty_alone(start, record.end + 4):  # its digest does not cover its headers
            stream.lost(start, record.url)
            return
        yield record
        if reason:
            yield self._damage(start, record.end, reason, detail, record.url)

    def _is_there(self, block: int, end: int) -> bool:
        """Return whether a block is complete up to a position, without a member of another record in it."""
        stream = self._stream
        return (end == block or bool(stream.at(end - 1, 1))) and stream.opening(block, end) is None

    def _fits(self, end: int) -> bool:
        """Return whether a block can end at a position: a record, a member, nothing or a blank line follows."""
        stream = self._stream
        follows = self._behind_blanks(end)
        head = stream.at(follows, _FIRST_HEAD if self._format == "arc" else _WARC_LINE)
        if not head or self.opens(head) or self._is_packed(follows):
            return True
        between = stream.at(end, min(follows - end, 4))
        return between.startswith(b"\n") if self._format == "arc" else _END.match(between) is not None

    def _verified(self, record: Record) -> bool | None:
        if record.format == "arc" or "WARC-Segment-Number" in record.headers:
            return None
        declared = record.headers.get_header("WARC-Block-Digest")
        agreed = agrees(declared, self._chunks(record.start, record.end)) if declared else None
        if record.type == "revisit":
            return agreed or None  # some writers repeat the digests of the record that it refers to
        if declared:
            return agreed
        declared = record.headers.get_header("WARC-Payload-Digest")
        head = _HEAD_END.search(record.block(_FIRST_HEAD)) if record.type == "response" else None
        if not declared or (head and _CODED.search(record.block(head.end()))):
            return None  # some writers compute the digest of the decoded payload
        return agrees(declared, self._chunks(record.start + (head.end() if head else 0), record.end))

    def _chunks(self, start: int, end: int) -> Iterator[bytes]:
        return (self._stream.at(at, min(CHUNK, end - at)) for at in range(start, end, CHUNK))

    def _is_packed(self, position: int) -> bool:
        return isinstance(self._stream, Plain) and self._packing.is_packed(position)

    def _head(self, start: int, *, is_line: bool) -> tuple[bytes | None, int]:
        """Return the headers with the blank line after them, or the header line; ``None`` if they have no end.

        The second value is the distance to another record that begins before their end, or 0.
        """
        size = _FIRST_HEAD
        while True:
            head = self._stream.at(start, size)
            match = (_LINE_END if is_line else _HEAD_END).search(head)
            other = None if is_line else WARC_THERE.search(head, 5)
            end = match.end() if match else len(head)
            cut = min(
                other.start() if other else end, (self._stream.opening(start, start + end) or start + end) - start
            )
            if cut < end:
                return None, cut
            if match:
                return head[:end], 0
            if len(head) < size or size >= MAX_HEAD:
                return None, 0
            size *= 8

    def _behind_blanks(self, position: int) -> int:
        while chunk := self._stream.at(position, 64):
            left = chunk.lstrip(BLANK)
            position += len(chunk) - len(left)
            if left:
                break
        return position

    def _without_end(self, block: int, end: int) -> int:
        """Return the end of a block without the line ends that separate it from the next record."""
        size = 2 if self._format == "arc" else 4
        tail = self._stream.at(max(block, end - size), min(size, end - block))
        return end - len(tail) + len(tail.rstrip(b"\r\n"))

    def _end(self, position: int) -> int:
        """Return the end of the stream."""
        while chunk := self._stream.at(position, CHUNK):
            position += len(chunk)
        return position

    def _damage(self, start: int, stop: int, reason: str, detail: str, url: str | None = None) -> Damage:
        at, behind = self._stream.position_of(start), self._stream.position_of(stop)
        whole = at.inner == 0 and behind.offset > at.offset
        return Damage(at, behind.offset - at.offset if whole else stop - start, reason, detail, url)
