from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from pipelines.errors import ConfigurationError, FeedError
from pipelines.fetch.feed_entries import parse_date
from pipelines.fetch.feed_list import read_feed_list
from pipelines.fetch.feeds import parse_feed
from pipelines.fetch.sources import ActiveHours, feed_source, format_feed_list

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
    assert [refused.reason for refused in feed.refused] == ["no_link", "bad_item"]


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
    assert [(feed.url, feed.title) for feed in read_feed_list(opml, "l").sources] == [("https://a.example/f", "A")]
    assert [
        feed.url for feed in read_feed_list(b"# mine\nhttps://a.example/f\n\nhttps://a.example/f\n", "l").sources
    ] == ["https://a.example/f"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<opml><body/></opml>", "the list has no feed"),
        (b"<html/>", "expected OPML"),
        (b"<opml><body>", "not well-formed"),
        (b"ftp://a.example/f", "not an http"),
        (b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><outline xmlUrl="&x;"/></opml>', "my.list"),
    ],
)
def test_what_is_no_feed_list_says_why(data: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_feed_list(data, "my.list")


@pytest.mark.parametrize(
    ("guid", "link"),
    [
        ("<guid>4711</guid>", None),
        ("<guid>https://news.example/by-guid</guid>", "https://news.example/by-guid"),
        ('<guid isPermaLink="false">https://news.example/x</guid>', "https://news.example/x"),
        ("<guid>4711</guid><link>/relative</link>", "https://news.example/relative"),
        ("<link>javascript:alert(1)</link><guid>https://news.example/g</guid>", "https://news.example/g"),
        ("<link>http://</link>", None),
        ("<link>http://[::1</link>", None),
        ('<enclosure url="https://news.example/e.html" type="text/html"/>', "https://news.example/e.html"),
        ('<enclosure url="https://news.example/e.mp3" type="audio/mpeg"/>', None),
        ("<link>https://www.google.com/url?q=https://news.example/q&amp;sa=U</link>", "https://news.example/q"),
        ("<link>https://www.google.com/amp/s/news.example/a</link>", "https://news.example/a"),
        ("<link>https://news-example.cdn.ampproject.org/c/s/news.example/a</link>", "https://news.example/a"),
    ],
)
def test_where_the_link_of_an_entry_comes_from(guid: str, link: str | None) -> None:
    feed = parse_feed(rss(f"<item><title>T</title>{guid}</item>"), URL)
    assert [entry.link for entry in feed.entries] == ([link] if link else [])
    assert [one.reason for one in feed.refused] == ([] if link else ["no_link"])


def test_the_address_before_a_counting_service_is_taken() -> None:
    item = (
        '<item xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><link>https://feeds.example/~r/x</link>'
        "<feedburner:origLink>https://news.example/real</feedburner:origLink></item>"
    )
    assert parse_feed(rss(item), URL).entries[0].link == "https://news.example/real"


def test_an_edited_title_is_the_same_entry() -> None:
    def entry(title: str) -> tuple[str, str | None]:
        item = f"<item><title>{title}</title><link>https://news.example/a</link></item>"
        found = parse_feed(rss(item), URL).entries[0]
        return found.entry_id, found.link

    assert entry("Before") == entry("After")


def test_websub_details_are_kept() -> None:
    links = (
        '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>'
        '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://news.example/feed.xml"/>'
    )
    feed = parse_feed(rss(links), URL)
    assert (feed.hub, feed.topic) == ("https://hub.example/", "https://news.example/feed.xml")


NEWS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def test_a_news_sitemap_is_a_feed() -> None:
    def page(path: str, day: int) -> str:
        return (
            f"<url><loc>https://news.example/{path}</loc><news:news><news:publication><news:name>Example</news:name>"
            f"</news:publication><news:publication_date>2026-06-0{day}T08:00:00Z</news:publication_date>"
            f"<news:title>On {path}</news:title></news:news></url>"
        )

    body = f"<?xml version='1.0'?><urlset {NEWS}>{page('old', 1)}{page('new', 2)}<url><loc>https://news.example/</loc></url></urlset>"
    feed = parse_feed(body.encode(), URL)
    assert [(entry.link, entry.title, entry.source) for entry in feed.entries] == [
        ("https://news.example/new", "On new", "Example"),
        ("https://news.example/old", "On old", "Example"),
    ]
    assert feed.entries[0].published == datetime(2026, 6, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"<urlset {NEWS}><url><loc>https://news.example/</loc></url></urlset>", "no_news"),
        (
            f"<sitemapindex {NEWS}><sitemap><loc>https://news.example/s.xml</loc></sitemap></sitemapindex>",
            "sitemap_index",
        ),
    ],
)
def test_other_sitemaps_say_what_they_are(body: str, reason: str) -> None:
    with pytest.raises(FeedError) as caught:
        parse_feed(body.encode(), URL)
    assert caught.value.reason == reason


def test_a_feed_list_in_toml_and_yaml_has_options() -> None:
    toml = b"""
[[feeds]]
url = "https://user:pass%40word@a.example/f"
source = "Outlet A"
pages = false
pause = 5
every = "30m"
window = "22:00-06:00"
[[feeds]]
url = "https://b.example/f"
"""
    first, second = read_feed_list(toml, "feeds.toml").sources
    assert (first.url, first.credentials) == ("https://a.example/f", ("user", "pass@word"))
    assert (first.source, first.pages, first.pause, first.every) == ("Outlet A", False, 5.0, timedelta(minutes=30))
    assert first.window is not None
    assert [first.window.contains(datetime(2026, 6, 1, hour, tzinfo=UTC)) for hour in (23, 5, 6, 12)] == [
        True,
        True,
        False,
        False,
    ]
    assert "pass" not in repr(first)
    assert second == feed_source("https://b.example/f")
    yaml = b"feeds:\n- https://b.example/f\n- {url: 'https://c.example/f', pages: false}\n"
    assert [one.pages for one in read_feed_list(yaml, "feeds.yaml").sources] == [True, False]


@pytest.mark.parametrize("form", ["opml", "toml", "yaml", "txt"])
def test_a_feed_list_written_is_read_again(form: str) -> None:
    plain = replace(feed_source("https://a.example/f?x=1&y=2"), title='Air & "Sea"' if form != "txt" else None)
    full = replace(
        plain, url="https://b.example/f", source="B", pages=False, pause=2.5, every=timedelta(hours=6),
        window=ActiveHours(time(6), time(22)),
    )  # fmt: skip
    sources = (plain, full) if form in {"toml", "yaml"} else (plain,)
    assert read_feed_list(format_feed_list(sources, form).encode(), f"feeds.{form}").sources == sources


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('every = "often"', "every = 'often': expected a span"),
        ("pause = 4000", "pause = 4000: expected seconds"),
        ('pages = "no"', "expected true or false"),
        ('window = "25:00-26:00"', "expected hours"),
        ('colour = "red"', "unknown option 'colour'"),
    ],
)
def test_a_wrong_option_is_named(line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"my\.toml: feed 1") as caught:
        read_feed_list(f'[[feeds]]\nurl = "https://a.example/f"\n{line}\n'.encode(), "my.toml")
    assert said in str(caught.value)
