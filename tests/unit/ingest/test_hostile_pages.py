"""Pages that are too much: each has a typed outcome, by the pool's own limits, and the next page is read as ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ExtractionError
from pipelines.ingest.pool import RefinePool
from pipelines.ingest.refine import Refined
from schemas.records import Capture, MediaKind

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 6, 1, tzinfo=UTC)
PARAGRAPH = b"<p>The regiment moved its last bridge across the river before the ice could reach the pontoons.</p>\n"
HEAD = b"<!DOCTYPE html><html><head><title>Bridge saved from the ice</title></head><body><article>"
STORY = HEAD + PARAGRAPH * 5
ENTITIES = (
    b'<!DOCTYPE html [<!ENTITY a "lorry lorry lorry "><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
)
UMLAUTS = "<p>Der Übergang über die Flüsse Öre und Ärla wäre im Frühjahr größer geplant gewesen, sagte er.</p>"

REFUSED = {
    "25 MB of paragraphs": (HEAD + PARAGRAPH * (25_000_000 // len(PARAGRAPH)), "too_large"),
    "25 MB in one line": (HEAD + b"<p>" + b"lorry " * 4_200_000, "too_large"),
    "5,000 levels": (HEAD + b"<div>" * 5_000 + PARAGRAPH + b"</div>" * 5_000, "too_deep"),
    "5,000 levels never closed": (HEAD + b"<b><i>" * 2_500 + PARAGRAPH, "too_deep"),
    "200,000 elements": (STORY + b"<br>lorry" * 200_000, "too_large"),
    "JSON": (b'{"title": "Bridge saved", "body": ["It held."]}', "json"),
    "JSON 100,000 levels deep": (b"[" * 100_000 + b"]" * 100_000, "not_html"),
    "PDF": (b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj" * 50, "pdf"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" * 100, "image"),
    "JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF" * 100, "image"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><text>Bridge</text></svg>", "image"),
    "gzip": (b"\x1f\x8b\x08\x00" + b"\x00" * 400, "archive"),
    "zeros": (b"\x00" * 100_000, "binary"),
    "nothing": (b"", "empty"),
    "white space": (b" \r\n\t" * 10_000, "empty"),
    "markup without text": (HEAD + b"<div></div>" * 1_000, "no_text"),
    "plain text": (b"The regiment moved its last bridge.", "not_html"),
}
READ = {
    "1,900 levels": HEAD + b"<div>" * 1_900 + PARAGRAPH * 5 + b"</div>" * 1_900,
    "entity bomb": ENTITIES + STORY + b"<p>" + b"&c;" * 50_000 + b"</p>",
    "endless tag": STORY + b"<img " + b'data-x="1" ' * 100_000 + b">",
    "endless comment": STORY + b"<!-- " + b"lorry " * 300_000,
    "100,000 attributes of one class": STORY + b'<p class="' + b"x " * 100_000 + b'">It held.</p>',
    "16-bit text": (HEAD + PARAGRAPH * 5).decode().encode("utf-16"),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[RefinePool]:
    with RefinePool((), workers=1) as running:
        yield running


def capture(body: bytes, content_type: str | None = None) -> Capture:
    return Capture(
        url="https://post.example/a", fetched_at=NOON, kind=MediaKind.HTML, body=body, content_type=content_type
    )


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_page_or_too_much_of_one_is_refused_with_its_reason(name: str, pool: RefinePool) -> None:
    body, reason = REFUSED[name]
    refused, after = pool.refine_all([capture(body), capture(STORY)])
    assert isinstance(refused, ExtractionError)
    assert (refused.reason, refused.stage) == (reason, "extract")
    assert isinstance(after, Refined)


@pytest.mark.parametrize("name", READ)
def test_what_is_odd_is_read(name: str, pool: RefinePool) -> None:
    (found,) = pool.refine_all([capture(READ[name])])
    assert isinstance(found, Refined)
    assert "moved its last bridge" in found.content.body
    assert "lorry lorry" not in found.content.body


def test_a_hundred_thousand_links_are_read_or_given_up_in_time(pool: RefinePool) -> None:
    links = b"<a href='/x'>link</a> " * 100_000
    found, after = pool.refine_all([capture(STORY + links), capture(STORY)])
    assert isinstance(found, Refined) or found.reason == "timeout"
    assert isinstance(after, Refined)


@pytest.mark.parametrize("declared", ["utf-8", "ascii", "utf-16", "shift_jis", "no-such-charset", "\x00"])
def test_a_wrong_charset_costs_no_letter(declared: str, pool: RefinePool) -> None:
    body = f"<html><head><title>Über die Flüsse</title></head><body><article>{UMLAUTS * 4}</article></body></html>"
    for encoding in ("utf-8", "cp1252"):
        (found,) = pool.refine_all([capture(body.encode(encoding), f"text/html; charset={declared}")])
        assert isinstance(found, Refined)
        assert "Übergang über die Flüsse Öre und Ärla" in found.content.body


def test_a_page_that_needs_too_much_memory_is_refused_and_the_worker_lives() -> None:
    hog = capture(STORY + b"<a href='/x'>link</a> " * 100_000)
    with RefinePool((), workers=1, memory=64 << 20) as pool:
        before, refused, after = pool.refine_all([capture(STORY), hog, capture(STORY)])
    assert isinstance(before, Refined)
    assert isinstance(refused, ExtractionError)
    assert refused.reason == "memory"
    assert isinstance(after, Refined)
    assert after.content.digest == before.content.digest
