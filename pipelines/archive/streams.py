"""Streams of records in an archive file: its bytes, plain or unpacked."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Protocol

from pipelines.archive.packed import first_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.archive.packed import PackedMember, Packing, RawFile

IN_MEMORY = 32 * 2**20
"""Bytes of a record that are held in memory; a larger record goes to a temporary file."""
_FORGET = 2**20
"""Fewest bytes before the reader that are worth freeing."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a file."""

    offset: int
    """Offset in the file."""
    inner: int = 0
    """Unpacked bytes after the beginning of the member at ``offset``."""

    def __str__(self) -> str:
        """Return ``OFFSET``, or ``OFFSET+INNER``."""
        return f"{self.offset}+{self.inner}" if self.inner else str(self.offset)


@dataclass(frozen=True, slots=True)
class Fault:
    """A damaged member."""

    offset: int
    size: int
    """Bytes of the file up to the offset where reading continues."""
    torn: bool
    detail: str
    url: str | None = None
    """Address of the record that is lost with it, if known."""


class ByteSource(Protocol):
    """A source of bytes by position."""

    ended_by_fault: bool
    """True if a fault ends the stream before its data are complete; set when the stream has been read."""

    def at(self, position: int, size: int) -> bytes:
        """Return at most ``size`` bytes from a position on; fewer at the end of the stream only."""

    def position_of(self, position: int) -> Position:
        """Return the position in the file for a position in the stream."""

    def opening(self, after: int, before: int) -> int | None:
        """Return the first position, between two exclusive bounds, at which a member begins with a record."""

    def faulty_alone(self, start: int, end: int) -> bool:
        """Return whether a damaged member holds nothing but the bytes between two positions."""

    def lost(self, position: int, url: str | None) -> bool:
        """Record the URL lost with the damaged member at a position, or the last one; return whether there is any."""

    def take_faults(self, before: int | None) -> list[Fault]:
        """Return the damaged members read so far, those before an offset if it is given; each is returned once."""

    def forget(self, position: int) -> None:
        """Free the bytes before a position, which are not read again."""


class Plain:
    """An unpacked file, whose positions are offsets."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self.at = raw.at
        self.ended_by_fault = False

    def position_of(self, position: int) -> Position:
        """Return the position itself."""
        return Position(position)

    def opening(self, _after: int, _before: int) -> None:
        """Return nothing: there are no members."""

    def faulty_alone(self, _start: int, _end: int) -> bool:
        """Return false: there are no members."""
        return False

    def lost(self, _position: int, _url: str | None) -> bool:
        """Return false: there are no members."""
        return False

    def take_faults(self, _before: int | None) -> list[Fault]:
        """Return nothing: there are no members."""
        return []

    def forget(self, position: int) -> None:
        """Keep no bytes, so there are none to free."""


@dataclass(frozen=True, slots=True)
class _Known:
    position: int
    offset: int
    opens: bool


class Unpacked:
    """The unpacked bytes of consecutive members; bytes that were read are kept until they are forgotten.

    The stream ends if no further member follows, or at a broken member. A wrong checksum alone does not end it.

    Args:
        raw: the file.
        offset: offset of the first member.
        packing: the packing of the file.
        opens: a test whether bytes are the first ones of a record.
        behind: a function from the offset of a member that is broken before its end, and whether it began with a
            record, to the offset in the file where reading continues.
    """

    def __init__(
        self,
        raw: RawFile,
        offset: int,
        packing: Packing,
        opens: Callable[[bytes], bool],
        behind: Callable[[int, bool], int],
    ) -> None:
        self._raw = raw
        self._packing = packing
        self._opens = opens
        self._behind = behind
        self._kept = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by ``close``
        self._base = self._length = 0
        self._members: list[_Known] = []
        self._faulty: set[int] = set()
        self._faults: list[Fault] = []
        self.resume: int | None = None
        """Offset in the file where reading continues; ``None`` until the stream has been read to its end."""
        self.ended_by_fault = False
        self._member: PackedMember | None = None
        self._open(offset)

    def _open(self, offset: int) -> None:
        member = self._packing.member(offset)
        beginning = first_bytes(member)
        self._members.append(_Known(self._length, offset, self._opens(beginning)))
        self._append(beginning)
        self._member = member

    def _append(self, more: bytes) -> None:
        self._kept.seek(self._length - self._base)
        self._kept.write(more)
        self._length += len(more)

    def at(self, position: int, size: int) -> bytes:
        """Return at most ``size`` bytes from a position on."""
        while self._length < position + size and self._member:
            self._more(self._member)
        self._kept.seek(position - self._base)
        return self._kept.read(size)

    def _more(self, member: PackedMember) -> None:
        unpacked = member.read()
        if unpacked:
            self._append(unpacked)
            return
        self._member = None
        after = member.end
        if member.fault:
            if not member.torn:  # a member that is cut off may be correct up to its end
                self._faulty.add(member.offset)
            after = self._fault(member)
        if after is not None and after == member.end and self._packing.is_packed(after):
            self._open(after)
        else:
            self.resume, self.ended_by_fault = after, member.end is None

    def _fault(self, member: PackedMember) -> int:
        """Record a damaged member; return the offset where reading continues."""
        # What is taken for its end may stand in a later member, or be that one's.
        after = self._behind(member.offset, self._members[-1].opens)
        if member.end is not None:
            after = min(after, member.end)
        torn = member.torn and after == self._raw.size
        self._faults.append(Fault(member.offset, after - member.offset, torn, member.fault or ""))
        return after

    def _index(self, position: int) -> int:
        return max(0, bisect_right(self._members, position, key=lambda known: known.position) - 1)

    def position_of(self, position: int) -> Position:
        """Return the member that holds a position, and the distance from its beginning."""
        if self.resume is not None and position >= self._length:
            return Position(self.resume)
        known = self._members[self._index(position)]
        return Position(known.offset, position - known.position)

    def opening(self, after: int, before: int) -> int | None:
        """Return the first position between two at which a member begins with a record."""
        known = self._members[self._index(after) + 1 :]
        return next((member.position for member in known if member.opens and after < member.position < before), None)

    def faulty_alone(self, start: int, end: int) -> bool:
        """Return whether a damaged member holds nothing but the bytes between two positions."""
        at = self._index(start)
        known = self._members[at]
        behind = self._members[at + 1].position if at + 1 < len(self._members) else self._length
        return known.offset in self._faulty and known.position == start and behind <= end

    def lost(self, position: int, url: str | None) -> bool:
        """Record the address of the record that is lost with a damaged member."""
        offset = self._members[self._index(position)].offset
        at = next((at for at, fault in enumerate(self._faults) if fault.offset == offset), len(self._faults) - 1)
        if at >= 0 and url and not self._faults[at].url:
            self._faults[at] = replace(self._faults[at], url=url)
        return at >= 0

    def take_faults(self, before: int | None) -> list[Fault]:
        """Return the damaged members read so far."""
        taken = [fault for fault in self._faults if before is None or fault.offset < before]
        self._faults = self._faults[len(taken) :]
        return taken

    def close(self) -> None:
        """Free all bytes."""
        self._kept.close()

    def forget(self, position: int) -> None:
        """Free the bytes before a position, if they are more than the bytes to move."""
        if position - self._base < max(_FORGET, self._length - position):
            return
        left = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - as before
        self._kept.seek(position - self._base)
        copyfileobj(self._kept, left)
        self._kept.close()
        self._kept, self._base = left, position
        del self._members[: self._index(position)]
