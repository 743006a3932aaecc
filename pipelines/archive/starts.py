"""Recognition of the beginnings of records."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from pipelines.archive.packed import CHUNK

if TYPE_CHECKING:
    from pipelines.archive.packed import Packing
    from pipelines.archive.streams import ByteSource

BLANK = b" \t\r\n"
WARC_HERE = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])", re.IGNORECASE)
"""The beginning of a record where a record is expected, in the versions that warcio reads."""
WARC_THERE = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n[A-Za-z][A-Za-z0-9_-]{0,63}[ \t]*:", re.IGNORECASE)
"""The beginning of a record at any position."""
_ARC_HERE = re.compile(rb"[^\r\n]*:[^\r\n]* [^ \r\n]+ [^ \r\n]+ [^ \r\n]+ \d+[ \t]*\r?\n")
_ARC_THERE = re.compile(
    rb"(?m)^(?:https?|ftp|dns|filedesc):[^\r\n]{1,2000} [0-9A-Fa-f.:]{1,45} \d{8,17} [^ \r\n]{1,200} \d{1,12}\r?$"
)
_OVERLAP = 4_096
"""Bytes by which the windows of a search overlap: the longest beginning of a record that the search can find."""


def opens_record(head: bytes, known: str | None) -> bool:
    """Return whether bytes are the first ones of a record, apart from leading blank lines.

    ``known`` is the format of the preceding record, ``warc`` or ``arc``; after ARC, any line of five fields counts.
    """
    head = head.lstrip(BLANK)
    if WARC_HERE.match(head):
        return True
    return (_ARC_HERE if known == "arc" else _ARC_THERE).match(head) is not None


def next_start(
    stream: ByteSource, start: int, stop: int | None = None, *, known: str | None, packing: Packing | None
) -> int | None:
    """Return the position of the next record of a stream, from ``start`` on and before ``stop``, or ``None``.

    With the ``packing`` of a plain file, a packed member that begins with a record counts as well.
    """
    while stop is None or start < stop:
        window = stream.at(start, CHUNK + _OVERLAP)
        matches = (pattern.search(window) for pattern in (WARC_THERE, _ARC_THERE))
        starts = [match.start() for match in matches if match]
        behind = start + (min(starts) if starts else len(window))
        best = behind if starts else None
        if packing:
            packed = packing.find(start, partial(opens_record, known=known), behind)
            best = best if packed is None else packed
        opening = stream.opening(start - 1, behind if best is None else best)
        best = best if opening is None else opening
        if best is not None:
            return best if stop is None or best < stop else None
        if len(window) < CHUNK + _OVERLAP:
            return None
        start += CHUNK
    return None
