# ruff: noqa: E501 - tables of cases, one a line, in several scripts
from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pipelines.extract import extract_html
from pipelines.extract.dates import date_in_url, parse_declared
from pipelines.extract.titles import without_site
from schemas.records import Extracted, PublishedFrom

REFERENCE = datetime(2026, 6, 10, 12, tzinfo=UTC)
STORY = "<p>" + "The battalion moved its bridge layers to the northern bank before the ice broke. " * 4 + "</p>"


def page(head: str = "", body: str = "", url: str = "https://www.northpost.example/a", lang: str = "") -> Extracted:
    html = f"<html{lang}><head>{head}</head><body><article>{body}{STORY}</article></body></html>"
    return extract_html(html.encode(), url=url, reference=REFERENCE)


def json_ld(**node: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **node})}</script>'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Bridge layers move north | North Post</title>", "", "Bridge layers move north"),
        ("<title>North Post - Bridge layers move north</title>", "", "Bridge layers move north"),
        ("<title>Bridge layers move north - northpost.example</title>", "", "Bridge layers move north"),
        ("<title>A-10s and F-16s - what comes next</title>", "", "A-10s and F-16s - what comes next"),
        (
            '<meta property="og:title" content="Bridge layers move north – The North Post">',
            "",
            "Bridge layers move north",
        ),
        (
            '<meta property="og:site_name" content="Weekly Eye"><title>Bridge layers move north | World | Weekly Eye</title>',
            "",
            "Bridge layers move north | World",
        ),
        (
            "<title>Bridge layers move north : some new name</title>",
            "<h1>Bridge layers move north</h1>",
            "Bridge layers move north",
        ),
        (json_ld(headline="Bridge layers move &quot;north&quot;"), "", 'Bridge layers move "north"'),
        ("<title>September letters - The North Post</title>", "<h1>The North Post</h1>", "September letters"),
        ("<title>North Post</title>", "", None),
        ("", "", None),
    ],
)
def test_title_is_declared_and_without_the_site(head: str, body: str, title: str | None) -> None:
    assert page(head, body).title == title


@pytest.mark.parametrize(
    ("head", "body", "author"),
    [
        (json_ld(author={"@type": "Person", "name": "Jane Roe"}), "", "Jane Roe"),
        (json_ld(author=[{"name": "Jane Roe"}, {"name": "Amos Diggory"}]), "", "Jane Roe, Amos Diggory"),
        (json_ld(author={"@type": "Organization", "name": "Meridian Wire"}), "", None),
        (json_ld(author="By JANE ROE and Amos Diggory"), "", "Jane Roe, Amos Diggory"),
        ('<meta name="author" content="Jane Roe">', "", "Jane Roe"),
        ('<meta name="author" content="admin">', "", None),
        ('<meta name="author" content="North Post">', "", None),
        ('<meta property="og:site_name" content="The North Post"><meta name="author" content="North Post">', "", None),
        ('<meta name="author" content="News Desk">', "", None),
        ('<meta name="author" content="Reuters">', "", None),
        ('<meta property="article:author" content="https://www.facebook.com/jane.roe">', "", None),
        ("", '<a rel="author" href="/jr">Jane Roe</a>', "Jane Roe"),
        ("", '<span class="byline">By Jane Roe</span>', "Jane Roe"),
        ("", '<div class="byline">By Jane Roe<br>Defence Correspondent<br>4 June 2026</div>', "Jane Roe"),
        ("", "<h1>Bridge layers move north again</h1><div class=x7>By Jane Roe</div>", "Jane Roe"),
        ("", '<div class="related"><span class="byline">By Jane Roe</span></div>', None),
        ("", '<div class="comment"><span class="author">Jane Roe</span></div>', None),
        ("", '<div class="author">Share this article</div>', None),
        ("", '<div class="byline">Prime Minister</div>', None),
        ("", "", None),
    ],
)
def test_author_is_declared_or_null(head: str, body: str, author: str | None) -> None:
    assert page(head, body).author == author


JUNE_4 = datetime(2026, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "body", "url", "published", "source"),
    [
        (
            json_ld(datePublished="2026-06-04T10:30:00+02:00"),
            "",
            "",
            datetime(2026, 6, 4, 8, 30, tzinfo=UTC),
            "json-ld",
        ),
        (json_ld(datePublished="2026-06-04"), "", "", JUNE_4, "json-ld"),
        ('<meta property="article:published_time" content="2026-06-04T00:00:00Z">', "", "", JUNE_4, "meta"),
        ('<meta name="date" content="Thu, 04 Jun 2026 00:00:00 GMT">', "", "", JUNE_4, "meta"),
        ("", '<time datetime="2026-06-04">Thursday</time>', "", JUNE_4, "time"),
        (
            "",
            '<time class="updated" datetime="2026-06-05"></time><time datetime="2026-06-04"></time>',
            "",
            JUNE_4,
            "time",
        ),
        (
            "",
            '<time datetime="2026-06-05"></time><time itemprop="datePublished" datetime="2026-06-04"></time>',
            "",
            JUNE_4,
            "time",
        ),
        ("", '<aside><time datetime="2026-06-05"></time></aside>', "/2026/06/04/bridge", JUNE_4, "url"),
        ("", "", "/2026/jun/04/bridge", JUNE_4, "url"),
        (json_ld(datePublished="2027-01-01"), "", "", None, None),
        (json_ld(datePublished="1970-01-01T00:00:00Z"), "", "/2026/06/04/x", JUNE_4, "url"),
        (json_ld(datePublished="yesterday"), "", "", None, None),
        ("", "<p>Published on 4 June 2026</p>", "", None, None),
    ],
)
def test_date_is_declared_and_says_where(
    head: str, body: str, url: str, published: datetime | None, source: str | None
) -> None:
    extracted = page(head, body, f"https://www.northpost.example{url or '/a'}")
    assert extracted.published == published
    assert extracted.published_from == (source and PublishedFrom(source))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-04 10:11:12", datetime(2026, 6, 4, 10, 11, 12, tzinfo=UTC)),
        ("2026-06-04T10:11:12.345-0330", datetime(2026, 6, 4, 13, 41, 12, tzinfo=UTC)),
        ("20260604T101112Z", datetime(2026, 6, 4, 10, 11, 12, tzinfo=UTC)),
        ("20260604", JUNE_4),
        ("June 4, 2026", JUNE_4),
        ("4 juin 2026", JUNE_4),
        ("04/06/2026", None),
        ("2026-13-04", None),
        ("99999999", None),
        ("", None),
    ],
)
def test_declared_dates(text: str, moment: datetime | None) -> None:
    assert parse_declared(text) == moment


def test_dates_in_addresses() -> None:
    assert date_in_url("https://a.example/2026-06-04/x") == JUNE_4
    assert date_in_url("https://a.example/2026/02/30/x") is None
    assert date_in_url("https://a.example/1234567/x") is None
    assert date_in_url("https://a.example/2026/xyz/04") is None


def test_other_declarations() -> None:
    extracted = page(
        '<link rel="canonical" href="/real?a=1"><meta property="og:site_name" content="The North Post">'
        '<meta name="description" content="  Ice  and steel. "><meta http-equiv="content-language" content="de-AT">'
    )
    assert extracted.canonical_url == "https://www.northpost.example/real?a=1"
    assert extracted.site_name == "The North Post"
    assert extracted.description == "Ice and steel."
    assert extracted.language == "de"
    assert page(lang=' lang="en-GB"').language == "en"
    assert page('<link rel="canonical" href="javascript:alert(1)">').canonical_url is None
    assert page('<link rel="canonical" href="/real">', url="seed:file.html").canonical_url is None


@pytest.mark.parametrize(
    "script", ["", "{", "[" * 50_000, '{"@type": 5, "author": 7, "datePublished": []}', "null", '["a", 1]']
)
def test_broken_json_ld_is_passed_over(script: str) -> None:
    extracted = page(f'<script type="application/ld+json">{script}</script><title>Bridge layers move north</title>')
    assert (extracted.title, extracted.author, extracted.published) == ("Bridge layers move north", None, None)


def test_json_ld_with_common_slips_is_read() -> None:
    script = '<script type="application/ld+json">//<![CDATA[\n{"@type":"NewsArticle","headline":"Ice breaks early",}\n//]]></script>'
    assert page(script).title == "Ice breaks early"


def test_json_ld_graph_with_references() -> None:
    graph = {
        "@graph": [
            {"@type": "WebPage", "description": "Of ice."},
            {"@type": "Person", "@id": "#jr", "name": "Jane Roe"},
            {
                "@type": ["Thing", "NewsArticle"],
                "headline": "Ice breaks early",
                "author": {"@id": "#jr"},
                "inLanguage": "en-US",
            },
        ]
    }
    extracted = page(f'<script type="application/ld+json">{json.dumps(graph)}</script>')
    assert (extracted.title, extracted.author, extracted.language) == ("Ice breaks early", "Jane Roe", "en")
    assert extracted.description == "Of ice."


def test_site_name_is_only_taken_from_the_ends() -> None:
    assert without_site("North Post reporter wins prize", ("North Post",)) == "North Post reporter wins prize"
    assert without_site("North Post | North Post", ("North Post",)) is None


@pytest.mark.parametrize(
    ("head", "body", "byline"),
    [
        (json_ld(author={"@type": "Organization", "name": "Associated Press"}), "", "Associated Press"),
        (
            json_ld(author=[{"@type": "Person", "name": "Jane Doe"}, {"@type": "Organization", "name": "AFP"}]),
            "",
            "AFP",
        ),
        ('<meta name="author" content="Jane Doe, Associated Press">', "", "Jane Doe, Associated Press"),
        (
            '<meta name="author" content="Jane Doe">',
            "<p class='post-byline'>By <b>Jane Doe</b>, AFP</p>",
            "Jane Doe , AFP",
        ),
        ('<meta name="author" content="https://social.example/jane">', "", None),
        ('<meta name="author" content="Jane Doe">', "", None),
    ],
)
def test_a_byline_that_says_more_than_the_author_is_kept(head: str, body: str, byline: str | None) -> None:
    assert page(head, body).byline == byline
