from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pipelines.errors import ConfigurationError, FeedError
from pipelines.fetch.feeds import parse_date, parse_feed
from pipelines.fetch.sources import parse_feed_list

URL = "https://news.example/feed"


def rss(items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Example</title>{items}</channel></rss>'.encode()


def test_an_entry_of_rss() -> None:
    item = (
        "<item><title>A &amp; B</title><link>/a</link>"
        '<guid isPermaLink="false">7</guid><pubDate>Mon, 01 Jun 2026 10:00:00 +0200</pubDate>'
    )
    feed = parse_feed(rss(f"{item}<description>Short.</description></item>"), URL)
    (entry,) = feed.entries
    assert (entry.link, entry.entry_id, entry.title) == ("https://news.example/a", "7", "A & B")
    assert entry.published == datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert (entry.html, entry.source, feed.degraded) == ("Short.", "Example", None)


def test_the_longest_text_of_an_entry_is_kept() -> None:
    item = (
        "<item><link>https://news.example/a</link><description>Short.</description>"
        '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">The whole long text.'
        "</content:encoded></item>"
    )
    assert parse_feed(rss(item), URL).entries[0].html == "The whole long text."


def test_atom_and_rdf() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>E</title><entry><title>T</title><id>urn:1</id>'
        b'<link rel="alternate" href="https://news.example/t"/><updated>2026-06-01T10:00:00Z</updated></entry></feed>'
    )
    assert parse_feed(atom, URL).entries[0].published == datetime(2026, 6, 1, 10, tzinfo=UTC)
    rdf = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        b'<channel><title>E</title></channel><item rdf:about="https://news.example/r"><title>R</title>'
        b"<link>https://news.example/r</link></item></rdf:RDF>"
    )
    assert parse_feed(rdf, URL).entries[0].link == "https://news.example/r"


def test_json_feed() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "E",
        "items": [
            {
                "id": "1",
                "url": "https://news.example/j",
                "title": "J",
                "content_text": "Text.",
                "date_published": "2026-06-01",
            },
            {"id": 2, "title": "no link"},
            "rubbish",
        ],
    }
    feed = parse_feed(json.dumps(document).encode(), URL)
    assert [entry.link for entry in feed.entries] == ["https://news.example/j"]
    assert feed.entries[0].published is None  # a date without a zone is not known for certain
    assert [refused.reason for refused in feed.refused] == ["no_link"]


def test_links_that_are_no_web_addresses_are_refused() -> None:
    feed = parse_feed(rss("<item><title>x</title><link>javascript:alert(1)</link></item>"), URL)
    assert feed.entries == ()
    assert feed.refused[0].reason == "no_link"


def test_one_link_is_one_entry() -> None:
    item = "<item><title>x</title><link>https://news.example/a</link></item>"
    assert len(parse_feed(rss(item * 3), URL).entries) == 1


def test_broken_xml_keeps_the_entries_it_had() -> None:
    feed = parse_feed(rss("<item><title>x</title><link>https://news.example/a</link></item><item><title>")[:-30], URL)
    assert [entry.title for entry in feed.entries][:1] == ["x"]
    assert feed.degraded


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<!doctype html><html><body><p>Welcome</p></body></html>", "html"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_feed"),
        (b"{}", "not_a_feed"),
        (b'{"items": 3}', "not_a_feed"),
        (b"{" * 100_000, "not_a_feed"),
    ],
)
def test_what_is_no_feed_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(FeedError) as caught:
        parse_feed(body, URL)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Mon, 01 Jun 2026 10:00:00 GMT", 10),
        ("Mon, 01 Jun 2026 10:00:00 EST", 15),
        ("2026-06-01T10:00:00+05:30", 4),
        ("Mon, 01 Jun 2026 10:00:00 IST", None),
        ("Mon, 01 Jun 2026 10:00:00 CET", None),
        ("1672653600", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_are_read_rightly_or_not_at_all(text: str | None, hour: int | None) -> None:
    date = parse_date(text)
    assert (date.hour if date else None) == hour


def test_feed_lists() -> None:
    opml = b'<opml version="2.0"><body><outline text="Air"><outline text="A" xmlUrl="https://a.example/f"/></outline></body></opml>'
    assert [(feed.url, feed.title) for feed in parse_feed_list(opml, "l")] == [("https://a.example/f", "A")]
    assert [feed.url for feed in parse_feed_list(b"# mine\nhttps://a.example/f\n\nhttps://a.example/f\n", "l")] == [
        "https://a.example/f"
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<opml><body/></opml>", "no feed in it"),
        (b"<html/>", "expected OPML"),
        (b"<opml><body>", "not well-formed"),
        (b"ftp://a.example/f", "no http"),
        (b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><outline xmlUrl="&x;"/></opml>', "my.list"),
    ],
)
def test_what_is_no_feed_list_says_why(data: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse_feed_list(data, "my.list")
