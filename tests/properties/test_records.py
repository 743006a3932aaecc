"""What is written to the archive is what is read from it, or is refused before it is written."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.archive.captures import scan_captures
from pipelines.archive.http import archived_headers
from pipelines.archive.warc import ArchiveWriter
from pipelines.errors import CaptureError
from pipelines.fetch.links import direct_link
from pipelines.printable import has_control, is_printable, printable_headers
from schemas.records import Capture, FeedEntry, MediaKind

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FORGED = "\r\nContent-Length: 0\r\n\r\nWARC/1.0\r\nWARC-Type: response"
FEED = FeedEntry(
    feed_url="https://canal.example/feed",
    entry_id="1",
    link=None,
    title=None,
    author=None,
    published=None,
    html=None,
    source=None,
)
anything = st.text(st.characters(), max_size=30)
values = st.one_of(anything, st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")))
names = st.one_of(anything, st.sampled_from(["ETag", "Content-Length", "Content-Encoding", "WARC-Type", "Set-Cookie"]))
headers = st.lists(st.tuples(names, values), max_size=4)
urls = st.one_of(anything, anything.map(lambda text: f"https://canal.example/{text}"))


def read(folder: Path) -> list[Capture]:
    (path,) = folder.glob("*.warc.gz")
    damage: list[object] = []
    found = [capture for _, capture in scan_captures(folder, path.name, 0, damage.append)]
    assert not damage
    with path.open("rb") as stream, redirect_stderr(io.StringIO()):
        kinds = [record.rec_type for record in ArchiveIterator(stream, no_record_parse=True)]
    assert kinds.count("metadata") == len(found)
    return found


def written(*captures: Capture) -> tuple[list[Capture], list[Capture]]:
    """Those that were taken, and those that are read."""
    taken = []
    with tempfile.TemporaryDirectory() as name, ArchiveWriter(Path(name)) as writer:
        for capture in captures:
            try:
                writer.write(capture)
            except CaptureError:
                continue
            taken.append(capture)
        writer.flush()
        return taken, read(Path(name))


def page(url: str, told: Sequence[tuple[str, str]], **more: object) -> Capture:
    return Capture(
        url=url,
        fetched_at=NOON,
        kind=MediaKind.HTML,
        body=b"<html></html>",
        content_type=next((value for name, value in told if name.lower() == "content-type"), None),
        status=200,
        headers=tuple(told),
        **more,  # type: ignore[arg-type]
    )


LAST = page("https://canal.example/last", [("Content-Type", "text/html")])


@settings(max_examples=500)
@given(urls, headers, headers, st.one_of(st.none(), urls), st.one_of(st.none(), anything))
@example(f"https://canal.example/{FORGED}", [], [], None, None)
@example("https://canal.example/", [("ETag", FORGED)], [("If-None-Match", FORGED)], None, None)
@example("https://canal.example/", [("ETag", '"caf\xe9"'), ("X", "ÿ")], [], "https://canal.example/ä b", "\ud800")
@example("https://canal.example/\u3000", [("X", "\u3000x")], [], "http://[", None)
def test_any_address_and_header_survives_or_is_refused(
    url: str, told: list[tuple[str, str]], asked: list[tuple[str, str]], final: str | None, external: str | None
) -> None:
    capture = page(url, told, request=tuple(asked), final_url=final, external_id=external)
    taken, found = written(capture, LAST)
    assert found == taken
    assert found[-1] == LAST
    for one in found:
        assert not any(has_control(text) for pair in (*one.headers, *one.request, (one.url, one.url)) for text in pair)


@settings(max_examples=200)
@given(headers)
def test_headers_made_printable_are_never_refused(told: list[tuple[str, str]]) -> None:
    capture = page("https://canal.example/1", archived_headers(printable_headers(told)))
    taken, found = written(capture, LAST)
    assert taken == found == [capture, LAST]


@settings(max_examples=200)
@given(
    st.builds(
        Capture,
        url=st.just("seed:a.txt"),
        fetched_at=st.timedeltas(timedelta(0), timedelta(days=9_000)).map(
            lambda span: NOON + timedelta(seconds=int(span.total_seconds()))
        ),
        kind=st.sampled_from(MediaKind),
        body=st.binary(max_size=3_000),
        content_type=st.sampled_from(["text/plain", "application/vnd.wirepicket.capture+json", "text/html; a=b"]),
        external_id=st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
        entry=st.one_of(st.none(), st.just(FEED)),
    )
)
def test_any_body_survives(capture: Capture) -> None:
    taken, found = written(capture, LAST)
    assert found == taken == [capture, LAST]


encoded = st.one_of(
    anything.map(lambda text: "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace"))),
    st.sampled_from(["%0d%0aContent-Length:%200", "%0D%0A", "%00", "%e2%80%a8", "%C2%85", "\r\n", "\x00"]),
)


@settings(max_examples=300)
@given(
    encoded, st.sampled_from(["https://www.google.com/url?q=", "https://l.facebook.com/l.php?u=", "https://a.example/"])
)
def test_no_link_leads_to_a_control_character(tail: str, counter: str) -> None:
    link = direct_link(f"{counter}https%3A%2F%2Fcanal.example%2F{tail}")
    assert is_printable(link) or not has_control(link)
    taken, found = written(page(link.strip(), []), LAST)
    assert len(taken) == len(found) == 2
