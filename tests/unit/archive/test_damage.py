"""Damage to our own archive: what it costs, and who says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.captures import read_captures, scan_captures
from pipelines.archive.checking import archive_files, check_file
from pipelines.archive.index import INDEX_NAME, ArchiveIndex
from pipelines.archive.pending import Pending
from pipelines.archive.warc import ArchiveWriter
from pipelines.collect.intake import Intake
from pipelines.errors import SeedError
from schemas.records import Capture, CaptureRef, MediaKind

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.record import Damage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def page(number: int) -> Capture:
    return Capture(
        url=f"https://canal.example/{number}",
        fetched_at=NOON,
        kind=MediaKind.HTML,
        body=f"<html><p>Barge {number} left the lower lock at noon.</p></html>".encode() * 5,
        content_type="text/html",
        status=200,
        headers=(("Content-Type", "text/html"),),
        request=(("Host", "canal.example"),),
    )


def write(folder: Path, count: int = 3) -> tuple[Path, list[CaptureRef]]:
    with ArchiveWriter(folder) as writer:
        refs = [writer.write(page(number)) for number in range(count)]
    return folder / refs[0].file, refs


def scanned(path: Path) -> tuple[list[Capture], list[Damage]]:
    damage: list[Damage] = []
    return [capture for _, capture in scan_captures(path.parent, path.name, 0, damage.append)], damage


def test_a_flipped_byte_anywhere_costs_one_capture_and_is_reported(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        path.write_bytes(damaged)
        found, damage = scanned(path)
        hit = sum(ref.offset <= at for ref in refs) - 1
        spared = [page(number) for number in range(3) if number != hit]
        assert [one for one in found if one.url != page(hit).url] == spared, at
        assert page(hit) in found or damage or hit < 0, at
        if damage and hit >= 0:
            assert refs[hit].offset <= damage[0].position.offset <= at


def test_a_place_whose_capture_is_damaged_says_why(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    damaged = bytearray(path.read_bytes())
    damaged[refs[2].offset - 6] ^= 1  # in the body of the second capture
    path.write_bytes(damaged)
    with pytest.raises(SeedError, match="broken_member"):
        list(read_captures(tmp_path, [refs[1]]))
    assert [capture for _, capture in read_captures(tmp_path, [refs[0], refs[2]])] == [page(0), page(2)]


def test_the_index_knows_what_is_behind_damage_and_what_is_damaged(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    damaged = bytearray(path.read_bytes())
    damaged[refs[2].offset - 6] ^= 1
    path.write_bytes(damaged)
    with ArchiveIndex(tmp_path) as index:
        assert [one.ref for one in index.span()] == [refs[0], refs[2]]
        ((file, damage),) = index.damage()
        assert (file, damage.reason, damage.url) == (path.name, "broken_member", page(1).url)
        assert index.damage([]) == []
        assert [one.reason for _, one in index.take_damage()] == ["broken_member"]
        assert index.take_damage() == []
        index.forget(path.name)
        assert index.damage() == []


def test_what_is_just_being_written_is_no_damage(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        ref = writer.write(page(0))
        writer.flush()
        path = tmp_path / ref.file
        with path.open("ab") as file:
            file.write(b"\x1f\x8b\x08\x00")  # as much as the next record has so far
        with ArchiveIndex(tmp_path) as index:
            assert index.damage() == []
        assert check_file(path, {ref.offset}).damage == ()
    with ArchiveIndex(tmp_path) as index:
        assert [one.reason for _, one in index.damage()] == ["torn"]
    assert [one.reason for one in check_file(path, {ref.offset}).damage] == ["torn"]


def test_checking_compares_with_the_index(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    assert archive_files(tmp_path) == [path]
    with ArchiveIndex(tmp_path) as index:
        indexed = index.offsets()[path.name]
    whole = check_file(path, indexed)
    assert (whole.damage, whole.records, whole.verified) == ((), 10, 10)
    path.write_bytes(path.read_bytes()[: refs[1].offset])
    assert [(one.reason, one.position.offset) for one in check_file(path, indexed).damage] == [
        ("missing", refs[1].offset),
        ("missing", refs[2].offset),
    ]
    assert (tmp_path / INDEX_NAME).exists()


def test_a_lost_metadata_record_names_the_page_it_belongs_to(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    damaged = bytearray(path.read_bytes())
    damaged[refs[1].offset + 40] ^= 1
    path.write_bytes(damaged)
    found, damage = scanned(path)
    assert found == [page(0), page(2)]
    assert [one.reason for one in damage] == ["broken_member", "no_context"]
    assert damage[1].url == page(1).url


def test_what_is_told_once_is_not_told_again_as_the_file_grows(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    whole = bytearray(path.read_bytes())
    whole[-6] ^= 1  # in the checksum of the last member
    path.write_bytes(whole[: refs[2].offset])
    for size in (refs[2].offset, len(whole), None):
        path.write_bytes(whole if size is None else whole[:size])
        with ArchiveIndex(tmp_path) as index:
            told = [one.url for _, one in index.take_damage()]
            assert told == ([page(2).url] if size == len(whole) else [])
    with path.open("ab") as file:
        file.write(b"junk")
    with ArchiveIndex(tmp_path) as index:
        assert [one.reason for _, one in index.take_damage()] == ["not_a_record"]
        assert [one.reason for _, one in index.damage()] == ["broken_member", "not_a_record"]


def test_a_capture_that_the_archive_has_lost_is_taken_in_again(tmp_path: Path) -> None:
    path, refs = write(tmp_path)
    with ArchiveIndex(tmp_path) as index, Pending(tmp_path, "store") as pending, ArchiveWriter(tmp_path) as writer:
        damaged = bytearray(path.read_bytes())
        damaged[refs[2].offset - 6] ^= 1
        path.write_bytes(damaged)
        intake = Intake(index=index, writer=writer, pending=pending, store=None)
        intake.take([page(0), page(1), page(1)])
        assert pending.refs[0] == refs[0]
        taken = {capture.url: capture for _, capture in read_captures(tmp_path, pending.refs)}
        assert taken == {one.url: one for one in (page(0), page(1))}


def test_a_capture_that_no_record_can_carry_is_refused_and_the_rest_taken(tmp_path: Path) -> None:
    with ArchiveIndex(tmp_path) as index, Pending(tmp_path, "store") as pending, ArchiveWriter(tmp_path) as writer:
        intake = Intake(index=index, writer=writer, pending=pending, store=None)
        forged = replace(page(0), url="https://canal.example/\r\nContent-Length: 0")
        intake.take([forged, replace(page(1), headers=(("X", "a\r\nY: b"),)), page(2)])
        intake.keep(forged)
        assert [one.reason for one in intake.quarantined] == ["bad_url", "bad_header", "bad_url"]
        assert intake.quarantined[0].url == "https://canal.example/  Content-Length: 0"
        assert [capture for _, capture in read_captures(tmp_path, pending.refs)] == [page(2)]
