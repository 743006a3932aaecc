"""When a page was published and changed, and what else it declares of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.extract import extract, extract_html
from schemas.records import Capture, DateDoubt, Extracted, FeedEntry, MediaKind, PublishedFrom
from tests.synthetic import prose

FETCHED = datetime(2026, 6, 10, 12, tzinfo=UTC)


def read(head: str, above: str = "", url: str = "https://news.example/a") -> Extracted:
    text = "".join(f"<p>{prose(number, 40)}</p>" for number in range(3))
    page = f"<html><head><title>Bridge saved</title>{head}</head><body><article>{above}{text}</article></body></html>"
    return extract_html(page.encode(), url=url, reference=FETCHED)


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


PUBLISHED = meta("article:published_time", "2026-06-01T08:00:00Z")


@pytest.mark.parametrize(
    ("head", "above", "source"),
    [
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","dateModified":"2026-06-02T09:00:00Z"}</script>',
            "",
            PublishedFrom.JSON_LD,
        ),
        (meta("article:modified_time", "2026-06-02T09:00:00Z"), "", PublishedFrom.META),
        (meta("og:updated_time", "2026-06-02T11:00:00+02:00"), "", PublishedFrom.META),
        ("", '<time class="updated" datetime="2026-06-02T09:00:00Z">2 June</time>', PublishedFrom.TIME),
    ],
)
def test_when_a_page_was_changed_is_read_where_it_says_so(head: str, above: str, source: PublishedFrom) -> None:
    found = read(PUBLISHED + head, above)
    assert found.published == datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert found.modified == datetime(2026, 6, 2, 9, tzinfo=UTC)
    assert found.modified_from is source


@pytest.mark.parametrize("changed", ["2026-05-30T08:00:00Z", "2027-01-01T00:00:00Z", "1994-01-01", "soon"])
def test_a_change_before_the_publication_or_after_now_is_not_believed(changed: str) -> None:
    found = read(PUBLISHED + meta("article:modified_time", changed))
    assert found.modified is None
    assert found.modified_from is None


@pytest.mark.parametrize(
    ("declared", "doubt"),
    [
        ("2026-06-12T12:00:01Z", DateDoubt.FUTURE),
        ("2031-01-01", DateDoubt.FUTURE),
        ("1970-01-01T00:00:00Z", DateDoubt.BEFORE_1995),
        ("2026-06-11T11:00:00Z", None),
        ("one of these days", None),
    ],
)
def test_a_date_that_cannot_be_is_null_and_flagged(declared: str, doubt: DateDoubt | None) -> None:
    found = read(meta("article:published_time", declared))
    assert found.date_doubt is doubt
    assert (found.published is None) is (declared != "2026-06-11T11:00:00Z")


def test_a_date_that_can_be_believed_leaves_no_doubt() -> None:
    head = meta("article:published_time", "1970-01-01") + meta("date", "2026-06-03")
    found = read(head)
    assert found.published == datetime(2026, 6, 3, tzinfo=UTC)
    assert found.date_doubt is None


def test_the_date_of_a_feed_is_flagged_too() -> None:
    entry = FeedEntry(
        feed_url="https://news.example/rss",
        entry_id="1",
        link="https://news.example/a",
        title="Bridge saved from the ice",
        author=None,
        published=datetime(2027, 6, 1, tzinfo=UTC),
        html=f"<p>{prose(1, 40)}</p>",
        source="Example Wire",
    )
    capture = Capture(
        url="https://news.example/a", fetched_at=FETCHED, kind=MediaKind.FEED_ENTRY, body=b"", entry=entry
    )
    found = extract(capture)
    assert found.published is None
    assert found.date_doubt is DateDoubt.FUTURE


def test_section_and_image_are_kept_as_declared() -> None:
    found = read(meta("article:section", " World  news ") + meta("og:image", "/pictures/bridge.jpg"))
    assert found.section == "World news"
    assert found.image == "https://news.example/pictures/bridge.jpg"
    told = '{"@type":"NewsArticle","articleSection":["Defence","Sea"],"image":{"url":"https://cdn.example/b.png"}}'
    found = read(f'<script type="application/ld+json">{told}</script>')
    assert found.section == "Defence"
    assert found.image == "https://cdn.example/b.png"
    assert read(meta("og:image", "data:image/png;base64,AAAA")).image is None
