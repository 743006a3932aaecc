"""Feeds as they are: shapes that feed readers meet, in words of our own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import FeedError
from pipelines.extract import extract, extract_feed_entry, read_feed_entry
from pipelines.fetch.feed_people import name_in
from pipelines.fetch.feeds import MAX_ENTRIES, ParsedFeed, parse_feed
from pipelines.fetch.xml_repair import repaired
from schemas.records import Capture, MediaKind
from schemas.serial import to_json

if TYPE_CHECKING:
    from schemas.records import FeedEntry

URL = "https://news.example/feed"
SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "yt": "http://www.youtube.com/xml/schemas/2015",
}
NAMES = " ".join(f'xmlns:{name}="{space}"' for name, space in SPACES.items())
LINK = "<link>https://news.example/a</link>"


def rss(items: str, channel: str = "") -> ParsedFeed:
    text = (
        f'<?xml version="1.0"?><rss version="2.0" {NAMES}><channel><title>Wire</title>{channel}{items}</channel></rss>'
    )
    return parse_feed(text.encode(), URL)


def atom(entries: str, head: str = "") -> ParsedFeed:
    text = f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMES}><title>Wire</title>{head}{entries}</feed>'
    return parse_feed(text.encode(), URL)


def json_feed(*items: object, **head: object) -> ParsedFeed:
    return parse_feed(json.dumps({"version": "x", "title": "Wire", "items": items} | head).encode(), URL)


def item(inside: str) -> FeedEntry:
    (entry,) = rss(f"<item><title>Frigate sails</title>{LINK}{inside}</item>").entries
    return entry


def atom_entry(inside: str, head: str = "") -> FeedEntry:
    (entry,) = atom(f'<entry><id>urn:1</id><link href="/a"/>{inside}</entry>', head).entries
    return entry


def of_json(**told: Any) -> FeedEntry:
    (entry,) = json_feed({"id": "1", "url": "/a", "title": "Frigate sails"} | told).entries
    return entry


@pytest.mark.parametrize(
    ("entry", "author"),
    [
        (item("<author>desk@wire.example (Nora Vale)</author>"), "Nora Vale"),
        (item("<author>Nora Vale &lt;desk@wire.example&gt;</author>"), "Nora Vale"),
        (item("<author>Nora Vale (desk@wire.museum)</author>"), "Nora Vale"),
        (item("<author>desk@wire.example</author>"), None),
        (item("<author>Nora Vale</author>"), "Nora Vale"),
        (item('<author>by <a href="/people/nv">Nora Vale</a></author>'), "by Nora Vale"),
        (item("<author>&lt;a href='/nv'&gt;Nora Vale&lt;/a&gt;</author>"), "Nora Vale"),
        (item("<author><name>Nora Vale</name><title>Editor</title></author>"), "Nora Vale"),
        (item("<dc:creator><![CDATA[Nora Vale &amp; Otto Lind]]></dc:creator>"), "Nora Vale & Otto Lind"),
        (item("<dc:creator>Nora Vale</dc:creator><dc:creator>Otto Lind</dc:creator>"), "Nora Vale, Otto Lind"),
        (item("<author>Nora Vale</author><dc:creator>Nora Vale</dc:creator>"), "Nora Vale"),
        (
            atom_entry("<author><name>Nora Vale</name></author><author><name>Otto Lind</name></author>"),
            "Nora Vale, Otto Lind",
        ),
        (atom_entry("<author><email>desk@wire.example</email></author>"), None),
        (atom_entry("", "<author><name>Nora Vale</name></author>"), "Nora Vale"),
        (atom_entry("<author><name>Otto Lind</name></author>", "<author><name>Nora Vale</name></author>"), "Otto Lind"),
        (atom_entry("<source><title>Post</title><author><name>Otto Lind</name></author></source>"), "Otto Lind"),
        (of_json(author={"name": "Nora Vale"}), "Nora Vale"),
        (
            of_json(authors=[{"name": "Nora Vale"}, {"url": "https://x.example"}, {"name": "Otto Lind"}]),
            "Nora Vale, Otto Lind",
        ),
        (of_json(authors=[], author={"name": "Nora Vale"}), "Nora Vale"),
        (of_json(authors="Nora Vale", author="Otto Lind"), "Otto Lind"),
        (of_json(authors=[None, 3]), None),
        (json_feed({"id": "1", "url": "/a"}, author={"name": "Nora Vale"}).entries[0], "Nora Vale"),
        (json_feed({"id": "1", "url": "/a"}, authors=[{"name": "Nora Vale"}]).entries[0], "Nora Vale"),
    ],
)
def test_authors(entry: FeedEntry, author: str | None) -> None:
    assert entry.author == author


def test_the_editor_of_a_channel_is_not_the_author_of_its_items() -> None:
    feed = rss(f"<item>{LINK}</item>", "<managingEditor>ed@wire.example (Ed Ito)</managingEditor>")
    assert feed.entries[0].author is None


def test_a_very_long_author_costs_nothing() -> None:
    assert len(item(f"<author>{'a' * 1_000_000}</author>").author or "") <= 400
    assert name_in("a@" * 500_000) is not None


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        (
            atom_entry('<title type="html">New &lt;b&gt;frigate&lt;/b&gt; &amp;amp; tender</title>'),
            "New frigate & tender",
        ),
        (
            atom_entry(
                '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">New <em>frigate</em></div></title>'
            ),
            "New frigate",
        ),
        (atom_entry("<title>The &lt;b&gt; tag &amp;amp; co</title>"), "The <b> tag & co"),
        (atom_entry('<title type="text">A &lt;b&gt;bold&lt;/b&gt; claim</title>'), "A <b>bold</b> claim"),
        (
            rss(f"<item>{LINK}<title>&lt;strong&gt;Frigate&lt;/strong&gt; sails</title></item>").entries[0],
            "Frigate sails",
        ),
        (
            rss(f"<item>{LINK}<title><![CDATA[Frigate<br/>sails & <KOGER> waits]]></title></item>").entries[0],
            "Frigate sails & <KOGER> waits",
        ),
        (
            rss(f"<item>{LINK}<title>R&D at K&W &copy; B&not; x &amp; y</title></item>").entries[0],
            "R&D at K&W © B¬ x & y",
        ),
        (rss(f"<item>{LINK}<title>R&D: a&copy b</title></item>").entries[0], "R&D: a&copy b"),
        (of_json(title="A <b>bold</b> R&amp;D claim"), "A <b>bold</b> R&D claim"),
    ],
)
def test_titles_are_text(entry: FeedEntry, title: str) -> None:
    assert entry.title == title


def test_a_bare_ampersand_harms_nothing_else() -> None:
    feed = rss(
        "<item><title>R&D</title><link>https://news.example/a?x=1&copy=2&y=3</link>"
        "<description>&lt;p&gt;T&D&lt;/p&gt;</description></item>"
        "<item><title>Next &#8211; x&nbsp;y</title><link>/b</link></item>"
    )
    first, second = feed.entries
    assert (first.title, first.link) == ("R&D", "https://news.example/a?x=1&copy=2&y=3")
    assert extract_feed_entry(first).lines == ("T&D",)
    assert second.title == "Next – x\xa0y"
    assert feed.degraded


def body_of(entry: FeedEntry) -> str:
    return " / ".join(extract_feed_entry(entry).lines)


TEXT = "Prices of <KOGER> & co rose when <12 km pipes> came."
ESCAPED = TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    "entry",
    [
        of_json(content_text=TEXT),
        of_json(summary=TEXT),
        atom_entry(f'<content type="text">{ESCAPED}</content>'),
        atom_entry(f"<summary>{ESCAPED}</summary>"),
        item(f"<description>{ESCAPED}</description>"),
    ],
)
def test_text_is_not_markup(entry: FeedEntry) -> None:
    assert body_of(entry) == TEXT


def test_text_by_declaration_keeps_its_tags_and_html_does_not() -> None:
    told = "A <b>bold</b> claim &amp; more."
    assert body_of(of_json(content_text=told)) == told
    assert body_of(of_json(content_html=told)) == "A bold claim & more."
    assert body_of(of_json(content_html=told, content_text="shorter")) == "A bold claim & more."
    marked = "&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;"
    assert body_of(atom_entry(f"<summary>{marked}</summary>")) == "One. / Two."
    assert body_of(atom_entry(f'<summary type="text">{marked}</summary>')) == "<p>One.</p><p>Two.</p>"


def test_an_entry_of_an_old_archive_is_read() -> None:
    old = json.loads(to_json(of_json(content_text=TEXT)))
    for later in ("plain", "syndicated", "shares_link"):
        del old[later]
    entry = read_feed_entry(json.dumps(old).encode())
    assert (entry.plain, entry.shares_link) == (False, False)


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        (item('<source url="https://post.example/rss">Hill Post</source>'), "Hill Post"),
        (item('<source url="https://post.example/rss"></source>'), "Wire"),
        (item('<source url="https://www.news.example/rss">Wire: all of it</source>'), "Wire"),
        (item("<source>Hill Post</source>"), "Hill Post"),
        (item('<source url="https://post.example/rss">https://post.example</source>'), "Wire"),
        (item(""), "Wire"),
        (atom_entry('<source><id>urn:p</id><title type="html">Hill &amp;amp; Vale</title></source>'), "Hill & Vale"),
    ],
)
def test_the_source_of_an_entry_is_its_outlet(entry: FeedEntry, source: str) -> None:
    assert entry.source == source


def test_an_aggregators_copy_of_a_page_is_the_outlets() -> None:
    items = f"<item><title>Frigate sails - Hill Post</title>{LINK}{{}}</item>"
    html = (
        '<html><head><title>Frigate sails</title><meta property="og:site_name" content="Wire News"></head><body>'
        "<article><h1>Frigate sails</h1><p>The frigate sailed from the harbour of Hald on Monday, the navy said."
        "</p><p>It will be at sea for three months with a crew of two hundred.</p></article></body></html>"
    )

    def source(told: str, final_url: str | None = None) -> str | None:
        entry = rss(items.format(told)).entries[0]
        capture = Capture(
            url=entry.link or "", fetched_at=datetime(2026, 6, 1, tzinfo=UTC), kind=MediaKind.HTML, body=html.encode(),
            entry=entry, final_url=final_url,
        )  # fmt: skip
        return extract(capture).site_name

    named = '<source url="https://post.example/rss">Hill Post</source>'
    assert source(named) == "Hill Post"
    assert source(named, "https://post.example/frigate") == "Wire News", "the outlet's own page says its name itself"
    assert source('<source url="https://news.example/rss">Wire</source>') == "Wire News"
    assert source("") == "Wire News"


def test_the_name_of_the_outlet_leaves_the_title() -> None:
    entry = rss(
        f'<item>{LINK}<title>Frigate sails - Hill Post</title><source url="https://p.example">Hill Post</source></item>'
    ).entries[0]
    assert extract_feed_entry(entry).title == "Frigate sails"


CAPTION = "The harbour in a photograph of last year. " * 3
IMAGE = (
    '<media:content url="/x.jpg" medium="image"><media:title>Harbour</media:title>'
    f"<media:description>{CAPTION}</media:description></media:content>"
)


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (f"<description>It sails.</description>{IMAGE}", "It sails."),
        (f"{IMAGE}<description>It sails.</description>", "It sails."),
        (f"<media:group>{IMAGE}</media:group><description>It sails.</description>", "It sails."),
        (IMAGE, None),
    ],
)
def test_a_caption_is_not_the_text(inside: str, text: str | None) -> None:
    entry = item(inside)
    assert (entry.title, entry.html) == ("Frigate sails", text)


def test_the_description_of_a_film_is_its_text() -> None:
    film = (
        '<media:group><media:title>T</media:title><media:content url="/v" type="application/x-film"/>'
        "<media:description>It sails.</media:description></media:group>"
    )
    assert atom_entry(f"<title>T</title>{film}").html == "It sails."


def test_an_entry_is_known_by_its_id() -> None:
    shared = "".join(f"<item><guid>{n}</guid><title>Line {n}</title>{LINK}</item>" for n in (1, 2, 3))
    found = rss(shared).entries
    assert [(one.entry_id, one.shares_link) for one in found] == [("1", True), ("2", True), ("3", True)]
    untold = "".join(f"<item><title>Line {n}</title>{LINK}</item>" for n in (1, 2))
    ids = [one.entry_id for one in rss(untold).entries]
    assert len(set(ids)) == 2
    assert [one.entry_id for one in rss(untold).entries] == ids
    one_id = "".join(
        f"<item><guid isPermaLink='false'>0</guid><title>L</title><link>/{n}</link></item>" for n in (1, 2)
    )
    assert [(one.link, one.shares_link) for one in rss(one_id).entries] == [
        ("https://news.example/1", False),
        ("https://news.example/2", False),
    ]
    tracked = "".join(f"<item><guid>{n}</guid><title>L</title><link>/a?utm_source={n}</link></item>" for n in (1, 2))
    assert len(rss(tracked).entries) == 1, "one text at one page is one entry"


def test_entries_beyond_the_limit_are_counted() -> None:
    many = [{"id": str(n), "url": f"/{n}"} for n in range(MAX_ENTRIES + 3)]
    items = "".join(f"<item><link>/{n}</link></item>" for n in range(MAX_ENTRIES + 3))
    for feed in (json_feed(*many), rss(items)):
        assert len(feed.entries) == MAX_ENTRIES
        assert [(one.reason, one.detail.split()[0]) for one in feed.refused] == [("too_many", "3")]


def test_halves_of_surrogate_pairs_are_put_together_or_replaced() -> None:
    pair, lone = "&#55357;&#56960;", "&#xD83D;"
    for entry in (
        item(f"<description>Lift {pair} off {lone} now</description>"),
        of_json(content_text="Lift \ud83d\ude80 off \ud83d now"),
    ):
        assert entry.html == "Lift \U0001f680 off \ufffd now"
        to_json(entry)


def test_json_in_other_encodings_is_json() -> None:
    text = '{"title": "Wire", "items": [{"id": "1", "url": "https://news.example/a", "title": "Ü"}]}'
    for body in (text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("Ü", "\t").encode()):
        assert len(parse_feed(body, URL).entries) == 1
    assert parse_feed(text.encode("latin-1"), URL).entries[0].title == "\ufffd"


def test_a_date_is_read_with_the_language_and_country_of_the_feed() -> None:
    dated = f"<item>{LINK}<pubDate>Mon, 01 Jun 2026 10:00:00 IST</pubDate></item>"
    assert rss(dated, "<language>en-IN</language>").entries[0].published == datetime(2026, 6, 1, 4, 30, tzinfo=UTC)
    assert rss(dated, "<language>en</language>").entries[0].published is None
    polish = f"<item>{LINK}<pubDate>1 listopada 2026 10:00 +0100</pubDate></item>"
    assert rss(polish, "<language>pl</language>").entries[0].published == datetime(2026, 11, 1, 9, tzinfo=UTC)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "url"]), inner, max_size=2),
    max_leaves=4,
)
_KEYS = "id url external_url title author authors content_html content_text summary date_published date_modified"
KEYS = _KEYS.split()


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=4), VALUES, VALUES)
def test_any_json_feed_is_read(items: list[dict[str, Any]], title: object, authors: object) -> None:
    document = {"title": title, "authors": authors, "language": title, "items": items}
    feed = parse_feed(json.dumps(document).encode(), URL)
    for entry in feed.entries:
        to_json(entry)
    assert len(feed.entries) + len(feed.refused) <= len(items)


PIECES = st.sampled_from(
    [
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        LINK,
        "<description>",
        "</description>",
        "&",
        "&#55357;",
        "&#0;",
        "&amp;",
        "&nbsp;",
        "<![CDATA[",
        "]]>",
        "<",
        ">",
        "\x00",
        "é",
        "<source>",
        "</source>",
        "<guid>",
        "</guid>",
        "<author>",
        "a@b",
        "<media:description>",
        "</media:description>",
        "<content:encoded>",
        "<!-- ",
        "-->",
        "<!DOCTYPE x>",
        "\U0001f680",
    ]
)


@pytest.mark.parametrize(
    "inside",
    [
        "<url><loc>https://news.example/a</loc>&#xD83D;<news:news><news:title>R&D</news:title></news:news></url>",
        "<a:b:c/>",
    ],
)
@pytest.mark.parametrize("root", ["urlset", "urlsetnews:name", "sitemapindex"])
def test_a_broken_sitemap_is_read_or_refused(root: str, inside: str) -> None:
    space = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    try:
        feed = parse_feed(f"<{root} {space}>{inside}</{root}>".encode(), URL)
    except FeedError:
        return  # anything else ends the test
    assert [entry.title for entry in feed.entries] == ["R&D"]


@given(st.lists(PIECES, max_size=25))
def test_any_document_is_read_or_refused(pieces: list[str]) -> None:
    text = f'<?xml version="1.0"?><rss version="2.0" {NAMES}><channel>{"".join(pieces)}</channel></rss>'
    try:
        feed = parse_feed(text.encode(), URL)
    except FeedError:
        return
    for entry in feed.entries:
        to_json(entry)


@given(st.text(st.sampled_from("&#x;ampltgDd83250 <>!-[]CDAT"), max_size=60))
def test_a_repair_is_final(text: str) -> None:
    assert repaired(repaired(text)) == repaired(text)
