"""Other people's archives as seeds: what is a page in them, when it was fetched, and what is said of the rest."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import brotli
import pytest
import zstandard

from pipelines.archive.pages import read_pages
from pipelines.archive.record import Damage
from pipelines.errors import SeedError
from schemas.records import Capture
from tests.foreign_archives import HTML, arc, html, record, zstd_with_dictionary

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
WRITTEN = datetime(2026, 6, 2, 8, tzinfo=UTC)


def read(path: Path, whole: bytes) -> tuple[list[Capture], list[Damage]]:
    path.write_bytes(whole)
    found = list(read_pages(path, NOW))
    return [one for one in found if isinstance(one, Capture)], [one for one in found if isinstance(one, Damage)]


def refusal(path: Path, whole: bytes) -> SeedError:
    path.write_bytes(whole)
    with pytest.raises(SeedError) as caught:
        list(read_pages(path, NOW))
    return caught.value


def test_three_records_in_one_gzip_member(tmp_path: Path) -> None:
    pages, damage = read(tmp_path / "a.warc.gz", gzip.compress(b"".join(map(record, range(3)))))
    assert [page.body for page in pages] == [html(0), html(1), html(2)]
    assert {page.fetched_at for page in pages} == {WRITTEN}
    assert not damage


def test_a_line_of_junk_between_records(tmp_path: Path) -> None:
    pages, (damage,) = read(tmp_path / "a.warc", record(0) + b"oops\r\n\r\n" + record(1))
    assert [page.url for page in pages] == ["https://canal.example/0", "https://canal.example/1"]
    assert (damage.reason, damage.position.offset, damage.size) == ("not_a_record", len(record(0)), 8)


@pytest.mark.parametrize("version", [b"WARC/0.17", b"WARC/0.18", b"WARC/1.1", b"warc/1.0"])
@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"2026-06-02T08:00:00Z", WRITTEN),
        (b"2026-06-02T10:00:00+02:00", WRITTEN),
        (b"2026-06-02T08:00:00.123456Z", WRITTEN),
        (b"20260602080000", WRITTEN),
        (b"2026-06-02 08:00:00", WRITTEN),
        (b"Tue, no date", NOW),
        (b"", NOW),
        (b"99999999999999", NOW),
        (b"0001-01-01T00:00:00+23:59", NOW),
        (b"2062-06-02T08:00:00Z", NOW),
        (b"1970-01-01T00:00:00Z", NOW),
    ],
)
def test_versions_and_dates(tmp_path: Path, version: bytes, date: bytes, expected: datetime) -> None:
    whole = b"".join(map(record, range(2))).replace(b"WARC/1.0", version).replace(b"2026-06-02T08:00:00Z", date)
    pages, damage = read(tmp_path / "a.warc", whole)
    assert [page.fetched_at for page in pages] == [expected, expected]
    assert not damage


@pytest.mark.parametrize("end", ["", ".gz"])
def test_arc(tmp_path: Path, end: str) -> None:
    pack = gzip.compress if end else bytes
    parts = arc(html(0), html(1))
    pages, damage = read(tmp_path / f"a.arc{end}", b"".join(map(pack, parts)))
    assert [page.body for page in pages] == [html(0), html(1)]
    assert [page.url for page in pages] == ["http://canal.example/0", "http://canal.example/1"]
    assert {page.fetched_at for page in pages} == {datetime(2008, 4, 30, 20, 48, 26, tzinfo=UTC)}
    assert not damage
    pages, (found,) = read(tmp_path / f"b.arc{end}", b"junk\n".join(map(pack, parts[:2])) + pack(parts[2]))
    assert [page.body for page in pages] == [html(0), html(1)]
    assert found.reason == "not_a_record"


def test_warc_and_arc_in_one_file(tmp_path: Path) -> None:
    for pack in (bytes, gzip.compress):
        parts = [record(0), *arc(html(1)), record(2)]
        pages, damage = read(tmp_path / "a.warc", b"".join(map(pack, parts)))
        assert [page.body for page in pages] == [html(0), html(1), html(2)]
        assert not damage


def test_records_without_line_ends_between_them_and_with_more_of_them(tmp_path: Path) -> None:
    tight, wide = record(0).removesuffix(b"\r\n\r\n"), record(1) + b"\r\n\n \r\n"
    pages, damage = read(tmp_path / "a.warc", tight + wide + record(2).rstrip())
    assert [page.body for page in pages] == [html(0), html(1), html(2)]
    assert not damage


def test_records_that_span_gzip_members(tmp_path: Path) -> None:
    whole = b"".join(map(record, range(5)))
    pieces = [gzip.compress(whole[at : at + 300]) for at in range(0, len(whole), 300)]
    pages, damage = read(tmp_path / "a.warc.gz", b"".join(pieces))
    assert [page.body for page in pages] == [html(number) for number in range(5)]
    assert not damage


def test_an_address_in_angle_brackets_or_with_blanks(tmp_path: Path) -> None:
    odd = record(0).replace(b"https://canal.example/0", b"<https://canal.example/a b>")
    pages, damage = read(tmp_path / "a.warc", odd)
    assert [page.url for page in pages] == ["https://canal.example/a%20b"]
    assert not damage


def test_zstd(tmp_path: Path) -> None:
    parts = [record(number) for number in range(3)]
    whole = b"".join(map(zstandard.compress, parts))
    for number, packed in enumerate(
        (whole, zstd_with_dictionary(parts, packed=False), zstd_with_dictionary(parts, packed=True))
    ):
        pages, damage = read(tmp_path / f"{number}.warc.zst", packed)
        assert [page.body for page in pages] == [html(0), html(1), html(2)]
        assert not damage


def packed(body: bytes) -> bytes:
    """The same bytes at every call: they name a case."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("headers", "body", "fault"),
    [
        ([("Content-Encoding", "gzip")], packed(html(0)), None),
        ([("Content-Encoding", "x-gzip")], packed(html(0)), None),
        ([("Content-Encoding", "deflate")], zlib.compress(html(0)), None),
        ([("Content-Encoding", "deflate")], zlib.compress(html(0))[2:-4], None),
        ([("Content-Encoding", "br")], brotli.compress(html(0)), None),
        ([("Content-Encoding", "zstd")], zstandard.compress(html(0)), None),
        ([("Content-Encoding", "gzip, br")], brotli.compress(packed(html(0))), None),
        ([("Content-Encoding", "gzip")], html(0), None),
        ([("Content-Encoding", "br")], html(0), None),
        ([("Content-Encoding", "deflate")], html(0), None),
        ([("Content-Encoding", "zstd")], html(0), None),
        ([("Content-Encoding", "br")], packed(html(0)), "anything"),
        ([("Content-Encoding", "utf-8")], html(0), None),
        ([("Content-Encoding", "gzip")], packed(html(0))[:-30], "content_encoding"),
        ([("Transfer-Encoding", "chunked")], b"%x\r\n%s\r\n0\r\n\r\n" % (len(html(0)), html(0)), None),
        ([("Transfer-Encoding", "chunked")], html(0), None),
    ],
)
def test_encodings(tmp_path: Path, headers: list[tuple[str, str]], body: bytes, fault: str | None) -> None:
    first = record(0, body, headers=[("Content-Type", HTML), *headers])
    pages, damage = read(tmp_path / "a.warc", first + record(1))
    assert pages[-1].body == html(1)
    if fault is None:
        assert pages[0].body == html(0)
        assert not damage
    elif fault == "content_encoding":
        assert html(0).startswith(pages[0].body[:100])
        assert [one.reason for one in damage] == [fault]
    assert not {name.lower() for name, _ in pages[0].headers} & {"content-encoding", "transfer-encoding"}


@pytest.mark.parametrize(
    ("content_type", "body", "is_page"),
    [
        ("application/xhtml+xml", html(0), True),
        ("TEXT/HTML", html(0), True),
        (None, html(0), True),
        (None, b"\xef\xbb\xbf\n<!-- x --><!DOCTYPE html><p>y", True),
        ("application/octet-stream", html(0), True),
        ("text/xml", b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"></html>', True),
        ("text/xml", b"<rss></rss>", False),
        (None, b"\x89PNG\r\n\x1a\n", False),
        ("image/png", html(0), False),
        ("text/plain", html(0), False),
    ],
)
def test_what_is_a_page(tmp_path: Path, content_type: str | None, body: bytes, *, is_page: bool) -> None:
    headers = [("Content-Type", content_type)] if content_type else [("Server", "x")]
    pages, damage = read(tmp_path / "a.warc", record(0, body, headers=headers) + record(1))
    assert [page.url[-1] for page in pages] == ["0", "1"] if is_page else ["1"]
    assert not damage


def test_resources_and_answers_without_http_headers(tmp_path: Path) -> None:
    bare = record(1, kind="resource").replace(b"WARC-Type: resource", b"WARC-Type: response")
    pages, damage = read(tmp_path / "a.warc", record(0, kind="resource") + bare)
    assert [(page.body, page.status) for page in pages] == [(html(0), None), (html(1), None)]
    assert not damage


def test_a_file_without_a_page_says_what_is_in_it(tmp_path: Path) -> None:
    image = record(1, b"\x89PNG", headers=[("Content-Type", "image/png")])
    error = refusal(tmp_path / "a.warc", record(0, status="404 Not Found") * 2 + image)
    assert error.reason == "no_pages"
    assert "3 records, none a page that could be read (2 answer 404, 1 image/png)" in error.detail
    assert refusal(tmp_path / "a.warc", b"").reason == "empty"
    assert refusal(tmp_path / "a.warc", b"This is a letter.\n" * 9).reason == "not_warc"
    assert refusal(tmp_path / "a.warc", gzip.compress(b"This is a letter.\n" * 9)).reason == "not_warc"


def test_only_what_is_damaged_is_lost_of_a_file(tmp_path: Path) -> None:
    members = [gzip.compress(record(number)) for number in range(3)]
    damaged = bytearray(members[1])
    damaged[len(damaged) // 2] ^= 1
    pages, (damage,) = read(tmp_path / "a.warc.gz", members[0] + bytes(damaged) + members[2])
    assert [page.url[-1] for page in pages] == ["0", "2"]
    assert (damage.reason, damage.position.offset, damage.size) == ("broken_member", len(members[0]), len(members[1]))


def test_a_cut_file_says_which_page_is_torn(tmp_path: Path) -> None:
    for pack in (bytes, gzip.compress):
        parts = [pack(record(0)), pack(record(1))]
        pages, (damage,) = read(tmp_path / "a.warc", parts[0] + parts[1][:-40])
        assert [page.url[-1] for page in pages] == ["0"]
        assert (damage.reason, damage.position.offset) == ("torn", len(parts[0]))
        assert damage.url == "https://canal.example/1"


def test_a_digest_that_does_not_agree_is_said_and_the_page_read(tmp_path: Path) -> None:
    pages, (damage,) = read(tmp_path / "a.warc", record(0).replace(b"gravel", b"grovel") + record(1))
    assert [page.url[-1] for page in pages] == ["0", "1"]
    assert (damage.reason, damage.position.offset) == ("digest", 0)


def test_a_record_that_swallows_another_gives_it_back(tmp_path: Path) -> None:
    first, second = record(0), record(1)
    size = len(first.partition(b"\r\n\r\n")[2]) - 4
    greedy = first.replace(b"Content-Length: %d" % size, b"Content-Length: %d" % (size + len(second) + 4))
    pages, (damage,) = read(tmp_path / "a.warc", greedy + second + record(2))
    assert [page.body for page in pages] == [html(0), html(1), html(2)]
    assert damage.reason == "wrong_length"


def test_an_address_with_a_control_character_is_refused(tmp_path: Path) -> None:
    pages, (damage,) = read(tmp_path / "a.warc", record(0).replace(b"example/0", b"example/\x0b0") + record(1))
    assert [page.url[-1] for page in pages] == ["1"]
    assert damage.reason == "bad_url"
