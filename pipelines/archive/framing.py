"""Framing of the records of WARC and ARC files that may be damaged.

warcio, which reads what stands in a record, trusts lengths and stops at the first fault. Here a length is believed
where a record, a member or the end follows what it bounds; else the record goes up to where the next one begins. What
begins no record is passed over up to the next one. All of that is reported as ``Damage``, with its place.
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
"""Bytes of the headers of a record, at most."""
_FIRST_HEAD = 2_048
_WARC_LINE = 16
"""Bytes that show whether a WARC record begins."""
_LINE_END = re.compile(rb"\n")
_HEAD_END = re.compile(rb"\n[ \t\r\f\v]*\n")
_END = re.compile(rb"\r?\n\r?\n")
_DIGITS = re.compile(r"\d{1,18}")
_CODED = re.compile(rb"(?im)^(?:content|transfer)-encoding[ \t]*:")


def records(raw: RawFile, start: int = 0) -> Iterator[Record | Damage]:
    """Yield the records of a file from an offset on, and the damage between and in them, in order."""
    packing = Packing(raw)
    reader = _Reader(packing)
    plain = Plain(raw)

    def behind(offset: int, had_record: bool) -> int:  # noqa: FBT001 - the form that the stream asks for
        # What was packed without compression would be read twice if it were looked for as plain records.
        found = packing.find(offset + 1, reader.opens) if had_record else reader.find(plain, offset + 1)
        return raw.size if found is None else found

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
    """Reads the streams of one file, one after the other."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._format: str | None = None  # of the records so far
        self._warc = StatusAndHeadersParser(ArcWarcRecordLoader.WARC_TYPES)
        self._arc = ARCHeadersParser()
        self.packed_at: int | None = None
        """Offset of the packed members that ended the last stream, a plain one."""
        self._stream: ByteSource

    def opens(self, head: bytes) -> bool:
        """Return whether bytes, blank lines left aside, are the first ones of a record."""
        return opens_record(head, self._format)

    def find(self, stream: ByteSource, start: int, stop: int | None = None) -> int | None:
        """Return the position of the next record, or member with one, from ``start`` on and before ``stop``."""
        packing = self._packing if isinstance(stream, Plain) else None
        return next_start(stream, start, stop, known=self._format, packing=packing)

    def read(self, stream: ByteSource, position: int) -> Iterator[Record | Damage]:
        """Yield the records of a stream."""
        self._stream, self.packed_at = stream, None
        while True:
            position = self._behind_blanks(position)
            stream.forget(position)
            head = stream.at(position, _FIRST_HEAD)
            yield from map(_of_member, stream.take_faults(stream.place(position).offset if head else None))
            if not head:
                return
            if self._is_packed(position):
                self.packed_at = position
                return
            if self.opens(head):
                position = yield from self._record(position)
                continue
            found = self.find(self._stream, position + 1)
            if found is None:
                found = self._end(position)
            yield self._damage(position, found, "not_a_record", "no record begins here")
            position = found

    def _record(self, start: int) -> Generator[Record | Damage, None, int]:
        """Yield the record at a position; return the position at which to look for the next one."""
        is_arc = not WARC_HERE.match(self._stream.at(start, _WARC_LINE))
        head, cut = self._head(start, is_line=is_arc)
        if cut:
            yield self._damage(start, start + cut, "bad_header", "another record begins among its headers")
            return start + cut
        if head is None:
            return (yield from self._headless(start))
        try:
            headers = (self._arc if is_arc else self._warc).parse(BytesIO(head))
        except Exception as error:  # noqa: BLE001 - whatever warcio makes of strangers' bytes
            found = self.find(self._stream, start + 1) or self._end(start)
            yield self._damage(start, found, "bad_header", f"{type(error).__name__}: {error}")
            return found
        self._format = "arc" if is_arc else "warc"
        kind = headers.get_header("WARC-Type") or ""
        if is_arc:
            kind = "arc_header" if head.startswith(b"filedesc:") else "response"
        block = start + len(head)
        record = Record(self._stream.place(start), self._format, kind, headers, None, block, block, self._stream)
        return (yield from self._bounded(record, start))

    def _headless(self, start: int) -> Generator[Record | Damage, None, int]:
        found = self.find(self._stream, start + 1)
        if found is None:
            end = self._end(start)
            if not self._stream.ended_by_fault or not self._stream.lost(start, None):
                yield self._damage(start, end, TORN, "it ends within the headers of a record")
            return end
        yield self._damage(start, found, "bad_header", "the headers of the record have no end")
        return found

    def _bounded(self, record: Record, start: int) -> Generator[Record | Damage, None, int]:
        """Find the end of a record's block and yield the record."""
        stream, block = self._stream, record.start
        told = record.headers.get_header("length" if record.format == "arc" else "Content-Length")
        declared = block + int(told) if told and _DIGITS.fullmatch(told) else None
        found = None
        if declared is not None and self._is_there(block, declared):
            whole = replace(record, end=declared)
            whole = replace(whole, verified=self._verified(whole))
            if whole.verified or (whole.verified is None and self._fits(declared)):
                yield from self._give(whole, start)
                return declared
            found = self.find(stream, block, declared if self._fits(declared) else None)
            if found is None:
                yield from self._give(whole, start, "digest" if whole.verified is False else None)
                return declared
        else:
            # Without a length these may be no headers but a line of them before something else.
            found = self.find(stream, start + 1 if declared is None else block)
            if found is not None and found < block:
                yield self._damage(start, found, "bad_header", "the headers tell no length, and something else begins")
                return found
        if found is None:
            found = end = self._end(block)
            ended = isinstance(stream, Unpacked) or _END.search(stream.at(max(block, end - 4), 4))
            if stream.ended_by_fault or not ended:
                if not stream.ended_by_fault or not stream.lost(start, record.url):
                    yield self._damage(start, end, TORN, f"{end - block} bytes of a block of {told}", record.url)
                return end
        parted = replace(record, end=self._without_end(block, found))
        parted = replace(parted, verified=self._verified(parted))
        yield from self._give(parted, start, "wrong_length", f"{told} bytes declared, {parted.size} before the next")
        return found

    def _give(
        self, record: Record, start: int, reason: str | None = None, detail: str = "its digest is another"
    ) -> Iterator[Record | Damage]:
        stream = self._stream
        stream.at(record.end, 64)  # beyond the end of its member, where a checksum stands
        if stream.faulty_alone(start, record.end + 4):  # its digest says nothing of its headers
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
            return agreed or None  # some writers repeat the digests of what it refers to
        if declared:
            return agreed
        declared = record.headers.get_header("WARC-Payload-Digest")
        head = _HEAD_END.search(record.block(_FIRST_HEAD)) if record.type == "response" else None
        if not declared or (head and _CODED.search(record.block(head.end()))):
            return None  # some writers take the digest of what the payload is decoded to
        return agrees(declared, self._chunks(record.start + (head.end() if head else 0), record.end))

    def _chunks(self, start: int, end: int) -> Iterator[bytes]:
        return (self._stream.at(at, min(CHUNK, end - at)) for at in range(start, end, CHUNK))

    def _is_packed(self, position: int) -> bool:
        return isinstance(self._stream, Plain) and self._packing.is_packed(position)

    def _head(self, start: int, *, is_line: bool) -> tuple[bytes | None, int]:
        """Return the headers with the blank line behind them, or the line; ``None`` if they have no end.

        The second value is the distance to another record that begins before their end; 0 without one.
        """
        size = _FIRST_HEAD
        while True:
            head = self._stream.at(start, size)
            found = (_LINE_END if is_line else _HEAD_END).search(head)
            other = None if is_line else WARC_THERE.search(head, 5)
            end = found.end() if found else len(head)
            cut = min(
                other.start() if other else end, (self._stream.opening(start, start + end) or start + end) - start
            )
            if cut < end:
                return None, cut
            if found:
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
        """Return the end of a block that line ends part from the next record."""
        size = 2 if self._format == "arc" else 4
        tail = self._stream.at(max(block, end - size), min(size, end - block))
        return end - len(tail) + len(tail.rstrip(b"\r\n"))

    def _end(self, position: int) -> int:
        """Return the end of the stream."""
        while found := self._stream.at(position, CHUNK):
            position += len(found)
        return position

    def _damage(self, start: int, stop: int, reason: str, detail: str, url: str | None = None) -> Damage:
        at, behind = self._stream.place(start), self._stream.place(stop)
        whole = at.inner == 0 and behind.offset > at.offset
        return Damage(at, behind.offset - at.offset if whole else stop - start, reason, detail, url)
