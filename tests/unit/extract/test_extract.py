"""The ways in: by kind of capture, from ``.jsonl`` objects and from feed entries."""
# ruff: noqa: E501 - tables of cases, one a line, in several scripts

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.errors import ExtractionError
from pipelines.extract import extract, extract_feed_entry, extract_json
from schemas.records import Capture, FeedEntry, MediaKind, PublishedFrom
from schemas.serial import to_json

FETCHED = datetime(2026, 6, 10, tzinfo=UTC)
JUNE_4 = datetime(2026, 6, 4, tzinfo=UTC)
A = "The ferry that carries the garrison's mail was replaced on Monday by a faster one with room for two lorries."
B = "Soldiers on the island had complained for years that letters arrived after the leave they announced was over."
MARKUP = f"<p>{A}</p><p>{B}</p>"
ENTRY = FeedEntry(
    feed_url="https://post.example/feed",
    entry_id="1",
    link="https://post.example/1",
    title="New ferry for the garrison &amp; its mail | Island Post",
    author="By Jane Roe",
    published=JUNE_4,
    html=MARKUP,
    source="Island Post",
)


def capture(kind: MediaKind, body: bytes, entry: FeedEntry | None = None) -> Capture:
    return Capture(url="https://post.example/1", fetched_at=FETCHED, kind=kind, body=body, entry=entry)


def test_each_kind_takes_its_way() -> None:
    page = f"<html><body><article>{MARKUP}</article></body></html>".encode()
    assert extract(capture(MediaKind.HTML, page)).lines == (A, B)
    assert extract(capture(MediaKind.TEXT, f"{A}\n{B}".encode())).lines == (A, B)
    assert extract(
        capture(MediaKind.JSON_ARTICLE, json.dumps({"title": "T", "text": f"{A}\n\n{B}"}).encode())
    ).lines == (A, B)
    assert extract(capture(MediaKind.FEED_ENTRY, to_json(ENTRY))) == extract(capture(MediaKind.FEED_ENTRY, b"", ENTRY))
    with pytest.raises(ExtractionError, match="feed"):
        extract(capture(MediaKind.FEED, b"<rss/>"))


def test_feed_fills_what_the_page_does_not_declare() -> None:
    page = f"<html><body><article>{MARKUP}</article></body></html>".encode()
    filled = extract(capture(MediaKind.HTML, page, replace(ENTRY, title="New ferry for the garrison")))
    assert filled.byline is None
    assert (filled.title, filled.author, filled.site_name) == ("New ferry for the garrison", "Jane Roe", "Island Post")
    assert (filled.published, filled.published_from) == (JUNE_4, PublishedFrom.FEED)


def test_page_wins_over_the_feed() -> None:
    head = '<title>Faster ferry at last</title><meta name="author" content="Ann Lee"><meta name="date" content="2026-06-03">'
    page = f"<html><head>{head}</head><body><article>{MARKUP}</article></body></html>".encode()
    filled = extract(capture(MediaKind.HTML, page, ENTRY))
    assert (filled.title, filled.author) == ("Faster ferry at last", "Ann Lee")
    assert filled.published_from is PublishedFrom.META


def test_an_agency_as_the_author_of_a_feed_entry_is_kept_as_the_byline() -> None:
    entry = replace(ENTRY, author="Reuters", html=f"<p>{A}</p>")
    alone = extract_feed_entry(entry)
    page = extract(capture(MediaKind.HTML, f"<html><body><article>{MARKUP}</article></body></html>".encode(), entry))
    assert [(one.author, one.byline) for one in (alone, page)] == [(None, "Reuters")] * 2


def test_feed_entry_in_html() -> None:
    markup = f"<p>{A}</p>\n<ul><li>one</li><li>two</li></ul>{B}<br/><br/>Last words.<script>x()</script><p><a href='/'>Seven other ferries to see</a></p>"
    entry = extract_feed_entry(replace(ENTRY, html=markup), reference=FETCHED)
    assert entry.lines == (A, "one", "two", B, "Last words.")
    assert (entry.title, entry.author, entry.published_from) == (
        "New ferry for the garrison & its mail",
        "Jane Roe",
        PublishedFrom.FEED,
    )
    assert [item.reason for item in entry.dropped] == ["related"]


@pytest.mark.parametrize(
    "text", [f"{A}\n\n{B}", f"&lt;p&gt;{A}&lt;/p&gt;&lt;p&gt;{B}&lt;/p&gt;", f"<div>{A}</div><div>{B}</div>"]
)
def test_feed_entry_in_other_forms(text: str) -> None:
    assert extract_feed_entry(replace(ENTRY, html=text)).lines == (A, B)


def test_feed_entry_with_a_headline_only() -> None:
    entry = extract_feed_entry(
        replace(ENTRY, html=None, author="Island Post", published=datetime(2036, 1, 1, tzinfo=UTC))
    )
    assert (entry.lines, entry.author, entry.published, entry.published_from) == ((), None, None, None)
    with pytest.raises(ExtractionError, match="empty"):
        extract_feed_entry(replace(ENTRY, html=" ", title=None))


def test_json_object_wins_over_its_text() -> None:
    given = {"url": "u", "source": "Post", "published": "2026-06-04T00:00:00Z", "title": "Given", "author": "Ann Lee"}
    page = (
        '<html><head><title>Found</title><meta name="date" content="2026-06-01"></head>'
        f"<body><article>{MARKUP}</article></body></html>"
    )
    extracted = extract_json(json.dumps({**given, "html": page}).encode(), url="u", reference=FETCHED)
    assert (extracted.title, extracted.site_name, extracted.author) == ("Given", "Post", "Ann Lee")
    assert (extracted.published, extracted.published_from) == (JUNE_4, PublishedFrom.SEED)
    assert extracted.lines == (A, B)


def test_json_object_without_title_or_date_is_read_like_a_page_or_text() -> None:
    page = (
        '<html><head><title>Found</title><meta name="date" content="2026-06-01"></head>'
        f"<body><article>{MARKUP}</article></body></html>"
    )
    extracted = extract_json(json.dumps({"html": page, "published": None}).encode(), url="u", reference=FETCHED)
    assert (extracted.title, extracted.published_from) == ("Found", PublishedFrom.META)
    text = extract_json(
        json.dumps({"text": f"Ferry for the garrison arrives\nBy Jane Roe\n{A}\n{B}"}).encode(), url="u"
    )
    assert (text.title, text.author, text.lines) == ("Ferry for the garrison arrives", "Jane Roe", (A, B))


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"", "empty"), (b"{", "bad_json"), (b"[1]", "bad_json"), (b'"x"', "bad_json"), (b'{"title": "t"}', "bad_json"),
     (b'{"title": "t", "text": 5}', "bad_json"), (b"[" * 100_000, "bad_json"), (b'{"text": "\xff"}', "bad_json"),
     (b'{"title": "t", "text": " \\u200b\\n "}', "no_text"), (b'{"html": "no markup"}', "not_html")],
)  # fmt: skip
def test_bad_json_has_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        extract_json(line, url="u")
    assert caught.value.reason == reason


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"feed_url": 1}'])
def test_bad_feed_entry_has_a_reason(body: bytes) -> None:
    with pytest.raises(ExtractionError, match="bad_json"):
        extract(capture(MediaKind.FEED_ENTRY, body))
