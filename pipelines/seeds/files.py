"""Which files a seed path means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUFFIXES = (".txt", ".html", ".htm", ".jsonl", ".jsonl.gz", ".warc", ".warc.gz", ".opml", ".xml")


def seed_files(paths: Iterable[Path]) -> list[Path]:
    """The seed files at some paths, each once; folders are read with all below them, in the order of names.

    Other files in a folder are passed over. Raises ``ConfigurationError`` for a path that does not exist and
    for a file, named itself, which is no seed.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(file for file in sorted(path.rglob("*")) if file.is_file() and is_seed(file.name))
        elif not path.exists():
            raise ConfigurationError(f"{path}: no such seed file or folder")
        elif not is_seed(path.name):
            raise ConfigurationError(f"{path}: not a seed; its name must end in one of {', '.join(SUFFIXES)}")
        else:
            found[path] = None
    return list(found)


def is_seed(name: str) -> bool:
    """Whether a file of this name is read as a seed."""
    return name.lower().endswith(SUFFIXES)
