"""Verification of the files of an archive: every record is read, and every digest compared."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from pipelines.archive.captures import captures_of
from pipelines.archive.framing import records
from pipelines.archive.packed import RawFile
from pipelines.archive.record import TORN, Damage, Record
from pipelines.archive.streams import Position
from pipelines.archive.warc import being_written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

MISSING = "missing"
"""Reason of damage: the file lacks a capture of the index."""
SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
"""Endings of the names of archive files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """The result of checking a file."""

    file: str
    records: int
    verified: int
    """Records with a digest that agrees with their block."""
    damage: tuple[Damage, ...]
    """Damage by offset."""


def archive_files(folder: Path) -> list[Path]:
    """List the WARC and ARC files below a folder, in the order of names."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(SUFFIXES))


def check_file(path: Path, indexed: Collection[int] | None = None) -> FileCheck:
    """Read a file to its end.

    ``indexed`` holds the offsets of its captures in the index of the archive. If it is given, the file must be our own:
    each of its captures must be complete, and none may be missing. A last record that is being written is no damage.

    Raises ``OSError`` if the file cannot be read.
    """
    counts = {"records": 0, "verified": 0}

    def counted(read: Iterator[Record | Damage]) -> Iterator[Record | Damage]:
        for item in read:
            if isinstance(item, Record):
                counts["records"] += 1
                counts["verified"] += item.verified is True
            yield item

    damage: list[Damage] = []
    captures: set[int] = set()
    with RawFile(path) as raw:
        read = counted(records(raw))
        for item in read if indexed is None else captures_of(read):
            if isinstance(item, Damage):
                damage.append(item)
            elif not isinstance(item, Record):
                captures.add(item[0])
    if any(entry.reason == TORN for entry in damage) and being_written(path):
        damage = [entry for entry in damage if entry.reason != TORN]
    damage += _missing(sorted(set(indexed or ()) - captures), sorted(entry.position.offset for entry in damage))
    damage.sort(key=lambda entry: (entry.position.offset, entry.position.inner))
    return FileCheck(file=path.name, records=counts["records"], verified=counts["verified"], damage=tuple(damage))


def missing_file(file: str, indexed: Collection[int]) -> FileCheck:
    """Return the result for a missing file with captures in the index at the offsets in ``indexed``."""
    damage = Damage(Position(0), 0, MISSING, f"the file is missing; the index has {len(indexed)} captures of it")
    return FileCheck(file=file, records=0, verified=0, damage=(damage,))


def _missing(offsets: Sequence[int], damaged: Sequence[int]) -> Iterator[Damage]:
    """Yield the missing captures, except those for which damage after their first byte is already reported."""
    for offset, following in zip_longest(offsets, offsets[1:]):
        at = bisect_left(damaged, offset)
        if at == len(damaged) or (following is not None and damaged[at] >= following):
            yield Damage(Position(offset), 0, MISSING, "the index has a capture here that is not in the file")
