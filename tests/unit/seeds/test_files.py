"""Which files of a folder are seeds, and what is said of the others; seeds with names and lines as they are."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.seeds.files import left_out, seed_files
from pipelines.seeds.read import read_seed
from schemas.records import Capture, Quarantined

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_what_no_reader_takes_is_counted_by_kind(tmp_path: Path) -> None:
    names = ("a.pdf", "sub/b.PDF", "c.docx", "d.csv.gz", "README", ".hidden.pdf", ".git/e.pdf", "f.txt", "g.arc.gz")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in seed_files([tmp_path])] == ["f.txt", "g.arc.gz"]
    told = {".pdf": 2, ".csv.gz": 1, ".docx": 1, "without a suffix": 1}
    assert list(left_out([tmp_path, tmp_path / "sub", tmp_path / "f.txt"]).items()) == list(told.items())
    assert left_out([tmp_path / "f.txt"]) == {}


def test_a_name_with_what_no_address_can_have(tmp_path: Path) -> None:
    for name in (b"line\nend.txt", b"latin\xe9.txt"):
        path = os.fsencode(tmp_path) + b"/" + name
        with open(path, "wb") as file:  # noqa: PTH123 - a name in bytes
            file.write(b"Some text")
    found = [item for path in seed_files([tmp_path]) for item in read_seed(path, NOON)]
    assert sorted(item.url for item in found if isinstance(item, Capture)) == ["seed:latin?.txt", "seed:line end.txt"]


def test_lines_with_what_no_address_can_have(tmp_path: Path) -> None:
    seed = tmp_path / "a.jsonl"
    urls = ["https://canal.example/a\r\nContent-Length: 0", "https://canal.example/\ud800", "https://canal.example/ok"]
    seed.write_text("\n".join(json.dumps({"url": url, "text": "x", "id": "\ud800\x00"}) for url in urls))
    *refused, taken = read_seed(seed, NOON)
    assert [one.reason for one in refused if isinstance(one, Quarantined)] == ["bad_url", "bad_url"]
    assert isinstance(taken, Capture)
    assert (taken.url, taken.external_id) == ("https://canal.example/ok", "?")


def test_a_seed_that_gives_nothing_says_so(tmp_path: Path) -> None:
    seed = tmp_path / "a.jsonl"
    seed.write_text("\n\n")
    (refused,) = read_seed(seed, NOON)
    assert isinstance(refused, Quarantined)
    assert refused.reason == "empty"
