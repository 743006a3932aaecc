"""Archives with damage: as seeds, in a replay, and when they are checked."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from tests.foreign_archives import arc, record
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program


def story(number: int) -> bytes:
    title = f"Lock {number} is closed for repairs"
    body = "".join(f"<p>{part}</p>" for part in (prose(number, 120), prose(number + 50, 90)))
    page = f"<html lang=en><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body>"
    return page.encode()


def damaged(whole: bytes, at: int) -> bytes:
    found = bytearray(whole)
    found[at] ^= 1
    return bytes(found)


def test_archives_of_others_are_read_around_their_damage(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "seeds"
    folder.mkdir()
    pages = [record(number, story(number)) for number in range(6)]
    (folder / "single.warc.gz").write_bytes(gzip.compress(b"".join(pages[:2])))
    (folder / "junk.warc").write_bytes(pages[2] + b"no record\n" + pages[3])
    member = gzip.compress(pages[4])
    (folder / "flipped.warc.gz").write_bytes(damaged(member, len(member) // 2) + gzip.compress(pages[5]))
    (folder / "old.arc.gz").write_bytes(b"".join(map(gzip.compress, arc(story(7), story(8)))))
    (folder / "images.warc").write_bytes(record(9, b"GIF89a", headers=[("Content-Type", "image/gif")]))
    for name in ("a.pdf", "b.pdf", "c.md"):
        (folder / name).write_bytes(b"x")
    ran = program("run", "--seeds", folder, "--json")
    assert ran.code == 1
    assert ran.summary["articles"] == 7
    assert {one["url"]: one["reason"] for one in program.exported("quarantine")} == {
        f"seed:junk.warc@{len(pages[2])}": "not_a_record",
        "seed:flipped.warc.gz@0": "broken_member",
        "seed:images.warc": "no_pages",
    }
    assert "1 record, none a page that could be read (1 image/gif)" in ran.err
    assert "wirepicket: left out: 2 .pdf, 1 .md" in ran.err


def test_a_folder_without_a_seed_says_so(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.docx").write_bytes(b"x")
    for command in ("run", "fetch"):
        ran = program(command, "--seeds", folder)
        assert ran.code == 1
        assert "left out: 1 .docx" in ran.err
        assert "no seed file" in ran.err


def test_a_damaged_archive_is_replayed_around_the_damage_and_checked(program: Program, tmp_path: Path) -> None:
    lines = [
        {"url": f"https://canal.example/{n}", "source": "Canal", "title": f"Lock {n} is closed", "text": prose(n, 90)}
        for n in range(3)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert program("run", "--seeds", "a.jsonl", "--json").summary["new"] == 3
    whole = program("archive", "check")
    assert (whole.code, whole.err) == (0, "")
    assert "nothing damaged" in whole.out
    archive = tmp_path / "var" / "archive"
    (path,) = archive.glob("*.warc.gz")
    members = path.read_bytes().split(b"\x1f\x8b\x08")
    # The file's own record, then two a capture: the bytes of the second capture are hit.
    at = len(b"\x1f\x8b\x08".join(members[:5])) + 60
    path.write_bytes(damaged(path.read_bytes(), at))

    checked = program("archive", "check", "--json")
    assert checked.code == 1
    (damage,) = json.loads(checked.out)["damage"]
    assert (damage["file"], damage["reason"], damage["url"]) == (
        path.name,
        "broken_member",
        "https://canal.example/1",
    )
    assert damage["offset"] <= at < damage["offset"] + damage["bytes"]
    assert program("archive", "check", path).code == 1
    assert program("archive", "check", "nowhere").code == 2

    for store in ("sqlite:///indexed.db", "sqlite:///again.db"):
        replayed = program("replay", "--store", store, "--json")
        assert replayed.code == 1
        assert replayed.summary["articles"] == 2
        (refused,) = program.exported("quarantine", "--store", store)
        assert path.name in refused["archive_record"]
        assert refused["url"] in replayed.err
        for index in archive.glob("index.sqlite*"):  # the second time the index is made from the damaged file
            index.unlink()
