"""Records of archive files, and damage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warcio.statusandheaders import StatusAndHeaders

    from pipelines.archive.streams import ByteSource, Position

TORN = "torn"
"""Reason of damage: the file ends in the middle of something."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a file that cannot be read or trusted."""

    position: Position
    size: int
    """Bytes up to where reading continues: of the file, or unpacked ones if it continues in the same member."""
    reason: str
    """``not_a_record``, ``bad_header``, ``wrong_length``, ``torn``, ``broken_member``, ``digest``, …"""
    detail: str
    url: str | None = None
    """Address of the record, if it could be read."""

    def __str__(self) -> str:
        """Return position, size, cause and address in one line."""
        inner = f", {self.position.inner} bytes into what is packed there" if self.position.inner else ""
        of = f" ({self.url})" if self.url else ""
        return f"at byte {self.position.offset}{inner}, {self.size} bytes: {self.detail}{of}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record. Its block must be read before the next record is requested."""

    position: Position
    format: str
    """``warc`` or ``arc``."""
    type: str
    """``WARC-Type``; for ARC ``response``, or ``arc_header``."""
    headers: StatusAndHeaders
    verified: bool | None
    """True if its digest agrees with its block; ``None`` if it has no digest that can be checked."""
    start: int
    end: int
    """Positions of the block in the stream."""
    stream: ByteSource

    @property
    def url(self) -> str | None:
        """The target address."""
        url: str | None = self.headers.get_header("uri" if self.format == "arc" else "WARC-Target-URI")
        # wget 1.19 writes it in angle brackets.
        return url[1:-1] if url and url.startswith("<") and url.endswith(">") else url

    @property
    def content_type(self) -> str | None:
        """Content type of the block."""
        declared = self.headers.get_header("content-type")
        return None if declared is None else str(declared)

    @property
    def size(self) -> int:
        """Bytes of the block."""
        return self.end - self.start

    def block(self, size: int | None = None) -> bytes:
        """Return the block, or its first bytes."""
        return self.stream.at(self.start, self.size if size is None else min(size, self.size))
