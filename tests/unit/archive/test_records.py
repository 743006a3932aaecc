"""Requests, revisits, rotation, look-ups by source, retention."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator

from pipelines.archive.captures import read_captures
from pipelines.archive.index import INDEX_NAME, ArchiveIndex
from pipelines.archive.pending import Pending
from pipelines.archive.retention import prune
from pipelines.archive.warc import NOT_MODIFIED, SAME_PAYLOAD, ArchiveWriter
from pipelines.collect.intake import Intake
from schemas.records import Capture, FeedEntry, MediaKind

if TYPE_CHECKING:
    from pathlib import Path

    from warcio.recordloader import ArcWarcRecord

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def page(path: str, *, at: datetime = NOON, body: bytes = b"<html>x</html>", host: str = "news.example") -> Capture:
    entry = FeedEntry(
        feed_url=f"https://{host}/feed",
        entry_id=path,
        link=f"https://{host}/{path}",
        title=path,
        author=None,
        published=None,
        html=None,
        source=f"The {host}",
    )
    return Capture(
        url=f"https://{host}/{path}",
        fetched_at=at,
        kind=MediaKind.HTML,
        body=body,
        content_type="text/html",
        status=200,
        headers=(("Content-Type", "text/html"),),
        entry=entry,
        final_url=f"https://{host}/{path}/final?a=1",
        request=(("Host", host), ("User-Agent", "wirepicket")),
    )


def records(folder: Path) -> list[ArcWarcRecord]:
    found = []
    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
                found.append(record)
    return found


def opened(folder: Path) -> tuple[ArchiveIndex, Pending, ArchiveWriter]:
    return ArchiveIndex(folder), Pending(folder, "store"), ArchiveWriter(folder)


def test_a_request_is_archived_and_read_back(tmp_path: Path) -> None:
    capture = page("a")
    with ArchiveWriter(tmp_path) as writer:
        ref = writer.write(capture)
    assert [one for _, one in read_captures(tmp_path, [ref])] == [capture]
    kinds = {record.rec_type: record for record in records(tmp_path)}
    assert list(kinds) == ["warcinfo", "metadata", "request", "response"]
    assert kinds["request"].http_headers.protocol == "GET"
    assert kinds["request"].http_headers.statusline == "/a/final?a=1 HTTP/1.1"
    assert kinds["request"].rec_headers["WARC-Concurrent-To"] == kinds["response"].rec_headers["WARC-Record-ID"]


def test_what_is_unchanged_is_a_revisit(tmp_path: Path) -> None:
    later = NOON + timedelta(hours=1)
    index, pending, writer = opened(tmp_path)
    with index, pending, writer:
        intake = Intake(index=index, writer=writer, pending=pending, store=None)
        intake.take([page("a")])
        intake.take([page("a", at=later)])
        intake.not_modified("https://news.example/a", later, 304, [("ETag", '"1"')])
        intake.not_modified("https://news.example/never-had", later, 304, [])
        assert len(pending.refs) == 1
    *_, response, same, unmodified = records(tmp_path)
    for revisit, profile in ((same, SAME_PAYLOAD), (unmodified, NOT_MODIFIED)):
        assert revisit.rec_type == "revisit"
        assert revisit.rec_headers["WARC-Profile"] == profile
        assert revisit.rec_headers["WARC-Refers-To-Date"] == response.rec_headers["WARC-Date"]
        assert revisit.rec_headers["WARC-Refers-To-Target-URI"] == "https://news.example/a"
    assert same.rec_headers["WARC-Payload-Digest"] == response.rec_headers["WARC-Payload-Digest"]
    assert unmodified.http_headers.get_statuscode() == "304"
    # A revisit is no capture: whoever makes the index anew finds one.
    (tmp_path / INDEX_NAME).unlink()
    with ArchiveIndex(tmp_path) as again:
        assert len(list(again.span())) == 1


def test_files_are_rotated_by_size(tmp_path: Path) -> None:
    captures = [page(str(number), body=bytes(range(256)) * 8 + bytes([number])) for number in range(10)]
    with ArchiveWriter(tmp_path, max_file_bytes=4_000) as writer:
        refs = [writer.write(capture) for capture in captures]
    assert len({ref.file for ref in refs}) > 2
    assert len({ref.file for ref in refs}) == len(list(tmp_path.glob("*.warc.gz")))
    assert {one.url for _, one in read_captures(tmp_path, refs)} == {one.url for one in captures}
    with ArchiveIndex(tmp_path) as index:
        assert sorted(one.ref for one in index.span()) == sorted(refs)


def test_what_was_just_written_is_not_read_again(tmp_path: Path) -> None:
    index, pending, writer = opened(tmp_path)
    with index, pending, writer:
        Intake(index=index, writer=writer, pending=pending, store=None).take([page("a"), page("b")])
    (path,) = tmp_path.glob("*.warc.gz")
    whole = path.read_bytes()
    path.write_bytes(bytes(len(whole)))  # unreadable now: whoever looks into it finds nothing
    with ArchiveIndex(tmp_path) as again:
        assert len(list(again.span())) == 2


def test_look_ups_by_time_and_source(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        writer.write(page("a"))
        writer.write(page("b", at=NOON + timedelta(hours=1)))
        writer.write(page("c", host="www.other.example"))
        writer.write(replace(page("d", host="another.example"), entry=None))
    with ArchiveIndex(tmp_path) as index:

        def found(**wanted: object) -> str:
            return "".join(sorted(one.url[-1] for one in index.span(**wanted)))  # type: ignore[arg-type]

        assert found() == "abcd"
        assert found(end=NOON + timedelta(minutes=1)) == "acd"
        assert found(start=NOON + timedelta(minutes=1)) == "b"
        assert found(source="news.example") == "ab"
        assert found(source="other.example") == "c"
        assert found(source="https://news.example/feed") == "ab"
        assert found(source="the WWW.other.example") == "c"
        assert found(source="%") == found(source="nobody.example") == ""


def test_old_files_go_unless_they_are_still_needed(tmp_path: Path) -> None:
    refs = []
    for days in (40, 35, 3):
        with ArchiveWriter(tmp_path) as writer:
            refs.append(writer.write(page(str(days), at=NOON - timedelta(days=days))))
    with ArchiveIndex(tmp_path) as index:
        assert prune(tmp_path, index, NOON - timedelta(days=30), [refs[1]]) == [refs[0].file]
        assert {one.url[-2:] for one in index.span()} == {"35", "/3"}
    assert {path.name for path in tmp_path.glob("*.warc.gz")} == {refs[1].file, refs[2].file}


def test_an_index_of_an_earlier_form_is_made_anew(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        writer.write(page("a"))
    with sqlite3.connect(tmp_path / INDEX_NAME) as old:
        old.execute("CREATE TABLE captures (file TEXT, offset INTEGER)")
        old.execute("CREATE TABLE files (file TEXT, size INTEGER, last INTEGER)")
    old.close()
    with ArchiveIndex(tmp_path) as index:
        assert [one.url for one in index.span()] == ["https://news.example/a"]
