from __future__ import annotations

import gzip

import pytest

from pipelines.errors import ExtractionError
from pipelines.extract import extract_html, extract_text
from pipelines.extract.sniff import MAX_BODY_BYTES

PAGE = (
    b"<html><body><p>" + b"A patrol returned in the evening and had seen nothing but rain. " * 5 + b"</p></body></html>"
)

REFUSED = [
    (b"", "empty"),
    (b" \r\n\t ", "empty"),
    (b"x" * (MAX_BODY_BYTES + 1), "too_large"),
    (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
    (b"\n\n%PDF-1.4", "pdf"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "image"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image"),
    (b"GIF89a\x01\x00", "image"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image"),
    (b"\x00\x00\x00\x1cftypavif", "image"),
    (b"PK\x03\x04\x14\x00", "archive"),
    (gzip.compress(PAGE), "archive"),
    (b"\x00\x00\x00\x18ftypmp42", "binary"),
    (b"\x7fELF\x02\x01", "binary"),
    (bytes(range(256)) * 8, "binary"),
]
REFUSED_AS_PAGE = [
    (b'{"title": "a", "text": "<p>b</p>"}', "json"),
    (b"[1, 2, 3]", "json"),
    (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><text>a</text></svg>', "image"),
    (b'<?xml version="1.0"?>\n<rss version="2.0"><channel></channel></rss>', "feed"),
    (b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>', "feed"),
    (b"Just some words, and 3 < 4 as everybody knows.", "not_html"),
    (b"<html><body><script>var a = 1;</script></body></html>", "no_text"),
    (b"<!DOCTYPE html>", "no_text"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED + REFUSED_AS_PAGE)
def test_what_is_no_page_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        extract_html(body, url="https://news.example/a", content_type="text/html; charset=utf-8")
    assert caught.value.reason == reason
    assert caught.value.detail


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_what_is_no_text_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        extract_text(body)
    assert caught.value.reason == reason


def test_the_declared_type_is_not_believed() -> None:
    assert extract_html(PAGE, url="https://news.example/a", content_type="application/pdf").lines


def test_json_like_page_is_a_page() -> None:
    page = b"{{ template }} " + PAGE
    assert extract_html(page, url="https://news.example/a").lines


def test_text_with_more_lines_than_any_article_is_refused() -> None:
    with pytest.raises(ExtractionError, match="too_large"):
        extract_text(b"one line\n" * 20_001)
