"""Pages as people save them: the address and the time that the browser writes into them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.extract import extract_html
from pipelines.extract.sniff import MAX_BODY_BYTES
from pipelines.seeds.read import read_seed
from schemas.records import Capture
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
URL = "https://harbour.example/ferry"


def capture_of(folder: Path, text: str) -> Capture:
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    (capture,) = read_seed(path, NOW)
    assert isinstance(capture, Capture)
    assert capture.external_id == "page.html"
    return capture


@pytest.mark.parametrize(
    "head",
    [
        f"<!DOCTYPE html>\n<!-- saved from url=(0029){URL} -->\n<html>",
        f"<!-- saved from url=({len(URL):04}){URL} --><html>",
        f"<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: {URL} \n-->",
    ],
)
def test_a_saved_page_has_the_address_in_it(tmp_path: Path, head: str) -> None:
    capture = capture_of(tmp_path, f"{head}<body><p>{prose(1, 60)}</p></body></html>")
    assert (capture.url, capture.fetched_at) == (URL, NOW)


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon Jun 01 2026 10:00:00 GMT+0200 (Central European Summer Time)", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("Mon Jun 01 2026 10:00:00 GMT-0430", datetime(2026, 6, 1, 14, 30, tzinfo=UTC)),
        ("Fri Jan 01 2027 10:00:00 GMT+0000", NOW),  # ahead of the clock
        ("some day", NOW),
    ],
)
def test_a_saved_page_has_the_time_in_it(tmp_path: Path, date: str, at: datetime) -> None:
    head = f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: {date}\n-->"
    assert capture_of(tmp_path, f"<!DOCTYPE html> <html>{head}<body></body></html>").fetched_at == at


@pytest.mark.parametrize("url", ["about:internet", "file:///C:/page.html", "javascript:alert(1)"])
def test_an_address_that_is_none_of_the_web_is_not_believed(tmp_path: Path, url: str) -> None:
    assert capture_of(tmp_path, f"<!-- saved from url=(0016){url} --><html></html>").url == "seed:page.html"


def test_embedded_images_do_not_count_toward_the_size() -> None:
    image = f"<img src='data:image/png;base64,{'A' * (MAX_BODY_BYTES + 1)}'>"
    text = prose(1, 120)
    html = f"<html><body><article><h1>Ferry returns</h1>{image}<p>{text}</p></article></body></html>".encode()
    assert text in extract_html(html, url=URL).lines
