"""``wirepicket archive``: checks of the WARC files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import ConfigOption, JsonOption
from flows.console import console, counted, plain
from flows.progress import Reporter
from pipelines.archive.checking import archive_files, check_file, missing_file
from pipelines.archive.index import ArchiveIndex
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.archive.checking import FileCheck
    from pipelines.archive.record import Damage

app = typer.Typer(help="The WARC files.", no_args_is_help=True)


@app.callback()
def _archive() -> None:
    """Check the WARC files."""


@app.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="WARC or ARC files and folders of them; default: the archive.", metavar="[PATH]…"),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every record, compare every digest, and print the damage: file, offset, bytes, reason."""
    checks = _own(load_settings(config).archive) if not paths else _given(paths)
    damage = [(check.file, item) for check in checks for item in check.damage]
    totals = {
        "files": len(checks),
        "records": sum(check.records for check in checks),
        "verified": sum(check.verified for check in checks),
    }
    if as_json:
        print(json.dumps({**totals, "damage": [_damage(*item) for item in damage]}))
    else:
        for file, item in damage:
            console.print(plain(f"{file}: {item.reason}: {item}"), markup=False, soft_wrap=True)
        files, records = counted(totals["files"], "file"), counted(totals["records"], "record")
        damaged = counted(len(damage), "place") if damage else "nothing"
        console.print(f"{files}, {records}, {totals['verified']} of them with a matching digest; {damaged} damaged")
    if damage:
        raise typer.Exit(1)


def _own(archive: Path) -> list[FileCheck]:
    if not archive.is_dir():
        return []
    with ArchiveIndex(archive) as index:
        indexed = index.offsets()
    gone = [missing_file(file, offsets) for file, offsets in sorted(indexed.items()) if not (archive / file).exists()]
    return gone + _checked({path: indexed.get(path.name, set()) for path in archive_files(archive)})


def _given(paths: list[Path]) -> list[FileCheck]:
    files: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path}: no such file or folder")
        files |= dict.fromkeys(archive_files(path) if path.is_dir() else [path])
    return _checked(dict.fromkeys(files))


def _checked(files: dict[Path, set[int]] | dict[Path, None]) -> list[FileCheck]:
    checks = []
    with Reporter().bar("Checking files", len(files)) as advance:
        for path, indexed in files.items():
            try:
                checks.append(check_file(path, indexed))
            except OSError as error:
                raise ConfigurationError(f"{path}: {error.strerror or error}") from error
            advance(1)
    return checks


def _damage(file: str, damage: Damage) -> dict[str, Any]:
    return {
        "file": file,
        "offset": damage.position.offset,
        "inner": damage.position.inner,
        "bytes": damage.size,
        "reason": damage.reason,
        "detail": damage.detail,
        "url": damage.url,
    }
