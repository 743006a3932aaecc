"""Selection of the seed files at given paths."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError
from pipelines.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path, PurePath

SUFFIXES = (
    *(".txt", ".html", ".htm", ".jsonl", ".jsonl.gz", ".opml", ".xml"),
    *(".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz"),
)
_PACKED = frozenset({".gz", ".zst", ".bz2", ".xz"})


def seed_files(paths: Iterable[Path]) -> list[Path]:
    """Return the seed files at some paths, each once. Folders are searched to all depths, in the order of names.

    Other files in a folder are passed over; ``left_out`` counts them. Raises ``ConfigurationError`` for a path that
    does not exist, and for a path of a file that is no seed.
    """
    seeds: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            seeds |= dict.fromkeys(file for file in sorted(path.rglob("*")) if file.is_file() and is_seed(file.name))
        elif not path.exists():
            raise ConfigurationError(f"{path}: no such seed file or folder")
        elif not is_seed(path.name):
            raise ConfigurationError(f"{path}: not a seed; its name must end in one of {', '.join(SUFFIXES)}")
        else:
            seeds[path] = None
    return list(seeds)


def is_seed(name: str) -> bool:
    """Return whether a file of this name is read as a seed."""
    return name.lower().endswith(SUFFIXES)


def left_out(paths: Iterable[Path]) -> dict[str, int]:
    """Count the files below some folders that are no seeds, by kind, the most frequent kind first.

    A kind is the suffix of a name: ``.pdf``, ``.csv.gz``, or ``without a suffix``. Hidden files and files in hidden
    folders belong to the system and do not count.
    """
    others = {
        file
        for path in paths
        if path.is_dir()
        for file in path.rglob("*")
        if file.is_file() and not is_seed(file.name) and not _is_hidden(file.relative_to(path))
    }
    return dict(sorted(Counter(map(_suffix, others)).items(), key=lambda entry: (-entry[1], entry[0])))


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _suffix(path: PurePath) -> str:
    suffix = path.suffix.lower()
    return "".join(path.suffixes[-2:]).lower() if suffix in _PACKED else printable(suffix) or "without a suffix"
