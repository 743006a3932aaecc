from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipelines.archive.captures import read_captures, scan_captures
from pipelines.archive.index import INDEX_NAME, ArchiveIndex
from pipelines.archive.pages import read_pages
from pipelines.archive.pending import FOLDER, Pending, waiting
from pipelines.archive.warc import ArchiveWriter
from pipelines.errors import SeedError
from schemas.records import Capture, CaptureRef, FeedEntry, MediaKind

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def seed(name: str, body: bytes = b"text", at: datetime = NOON) -> Capture:
    return Capture(url=f"seed:{name}", fetched_at=at, kind=MediaKind.TEXT, body=body, content_type="text/plain")


def page(path: str = "a") -> Capture:
    entry = FeedEntry(
        feed_url="https://news.example/feed",
        entry_id="1",
        link=f"https://news.example/{path}",
        title="Ünïcode",
        author=None,
        published=NOON,
        html="<p>short</p>",
        source="Example",
    )
    return Capture(
        url=f"https://news.example/{path}",
        fetched_at=NOON,
        kind=MediaKind.HTML,
        body=b"<html>\r\n\r\nWARC/1.1 in the text\r\n</html>",
        content_type="text/html",
        status=200,
        headers=(("Content-Type", "text/html"), ("ETag", '"x"')),
        entry=entry,
        listed_at=NOON - timedelta(hours=2),
    )


def write(folder: Path, *captures: Capture) -> list[CaptureRef]:
    with ArchiveWriter(folder) as writer:
        return [writer.write(capture) for capture in captures]


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    captures = [seed("a.txt"), page(), seed("empty.txt", b""), page("b")]
    refs = write(tmp_path, *captures)
    assert [capture for _, capture in read_captures(tmp_path, refs)] == captures
    assert [capture for _, capture in read_captures(tmp_path, refs[2:3])] == [captures[2]]


def test_other_tools_can_read_the_files(tmp_path: Path) -> None:
    refs = write(tmp_path, seed("a.txt"), page())
    with (tmp_path / refs[0].file).open("rb") as stream:
        records = [(record.rec_type, record.rec_headers["WARC-Target-URI"]) for record in ArchiveIterator(stream)]
    assert records == [
        ("warcinfo", None),
        ("metadata", "seed:a.txt"),
        ("resource", "seed:a.txt"),
        ("metadata", "https://news.example/a"),
        ("response", "https://news.example/a"),
    ]


def test_a_torn_tail_costs_the_last_capture_only(tmp_path: Path) -> None:
    refs = write(tmp_path, seed("a.txt"), seed("b.txt"), page())
    path = tmp_path / refs[0].file
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        found = [capture.url for _, capture in scan_captures(tmp_path, path.name)]
        assert found == ["seed:a.txt", "seed:b.txt", "https://news.example/a"][: len(found)]
        if length < refs[1].offset:
            assert len(found) <= 1
        if length >= refs[2].offset:
            assert len(found) >= 2


def test_a_place_without_a_capture_is_said(tmp_path: Path) -> None:
    (ref,) = write(tmp_path, seed("a.txt"))
    with pytest.raises(SeedError, match="archive_record_missing"):
        list(read_captures(tmp_path, [CaptureRef(file=ref.file, offset=10_000)]))
    with pytest.raises(SeedError, match="archive_file_missing"):
        list(read_captures(tmp_path, [CaptureRef(file="gone.warc.gz", offset=0)]))


def test_pages_of_a_foreign_file(tmp_path: Path) -> None:
    (ref, _) = write(tmp_path, page(), seed("a.txt"))
    assert [capture.url for capture in read_pages(tmp_path / ref.file, NOON)] == ["https://news.example/a"]
    rubbish = tmp_path / "rubbish.warc.gz"
    rubbish.write_bytes(b"\x00\x01 no archive")
    with pytest.raises(SeedError, match="not_warc"):
        list(read_pages(rubbish, NOON))


def test_an_unused_writer_leaves_no_file(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "archive"):
        pass
    assert not (tmp_path / "archive").exists()


def test_the_index_is_made_again_from_the_files(tmp_path: Path) -> None:
    write(tmp_path, seed("a.txt", b"one"), page())
    write(tmp_path, seed("a.txt", b"two", NOON + timedelta(hours=1)))
    with ArchiveIndex(tmp_path) as index:
        before = index.latest(["seed:a.txt", "https://news.example/a", "seed:none"])
        assert set(before) == {"seed:a.txt", "https://news.example/a"}
        latest = next(capture for _, capture in read_captures(tmp_path, [before["seed:a.txt"].ref]))
        assert latest.body == b"two"
        assert [one.url for one in index.span(NOON + timedelta(minutes=1))] == ["seed:a.txt"]
        assert len(list(index.span())) == 3
    for path in tmp_path.glob(f"{INDEX_NAME}*"):
        path.unlink()
    with ArchiveIndex(tmp_path) as index:
        assert index.latest(["seed:a.txt", "https://news.example/a"]) == before


def test_journals_outlive_a_run_that_died(tmp_path: Path) -> None:
    refs = [CaptureRef(file="x.warc.gz", offset=number) for number in range(3)]
    with Pending(tmp_path, "store one") as died:
        died.add(refs[:2])
    with Pending(tmp_path, "store two") as other:
        assert other.refs == []
    with Pending(tmp_path, "store one") as later:
        assert later.refs == refs[:2]
        later.add([refs[1], refs[2]])
        assert later.refs == refs
        assert waiting(tmp_path) == 3
        later.done()
    assert waiting(tmp_path) == 0
    with Pending(tmp_path, "store one") as last:
        assert last.refs == []


def test_a_running_owner_keeps_its_journal(tmp_path: Path) -> None:
    ref = CaptureRef(file="x.warc.gz", offset=0)
    with Pending(tmp_path, "store") as owner:
        owner.add([ref])
        with Pending(tmp_path, "store") as other:
            assert other.refs == []
        owner.done()


def test_a_torn_journal_line_is_passed_over(tmp_path: Path) -> None:
    with Pending(tmp_path, "store") as died:
        died.add([CaptureRef(file="x.warc.gz", offset=1), CaptureRef(file="x.warc.gz", offset=2)])
    (journal,) = (tmp_path / FOLDER).iterdir()
    journal.write_text(journal.read_text()[:-5])
    with Pending(tmp_path, "store") as later:
        assert later.refs == [CaptureRef(file="x.warc.gz", offset=1)]
