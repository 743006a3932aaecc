"""What a feed list says of a source's pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.errors import ConfigurationError
from pipelines.extract import extract
from pipelines.extract.selectors import compile_selector
from pipelines.fetch.feed_list import read_feed_list
from pipelines.fetch.sources import format_feed_list
from schemas.records import Capture, FeedEntry, MediaKind, PublishedFrom, ReadingOptions, Trusted
from tests.synthetic import prose

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
ENTRY = FeedEntry(
    feed_url="https://news.example/rss",
    entry_id="1",
    link="https://news.example/a",
    title="The title of the feed",
    author="Ada Brandt",
    published=datetime(2026, 6, 9, tzinfo=UTC),
    html=None,
    source="Example Wire",
)
PAGE = (
    '<html lang="en"><head><title>The title of the page</title>'
    '<meta property="article:published_time" content="2026-06-08T08:00:00Z"></head><body>'
    f'<div class="teaser"><p>{prose(1, 60)}</p><p>{prose(2, 60)}</p><p>{prose(7, 60)}</p></div>'
    f'<div class="x1"><p>{prose(3, 12)}</p><div class="promo"><p>{prose(4, 15)}</p></div><p>{prose(5, 12)}</p></div>'
    "</body></html>"
)


def capture(reading: ReadingOptions) -> Capture:
    return Capture(
        url="https://news.example/a",
        fetched_at=NOON,
        kind=MediaKind.HTML,
        body=PAGE.encode(),
        entry=ENTRY,
        reading=reading,
    )


@pytest.mark.parametrize("body", ["div.x1", "//div[@class='x1']", ".//div[@class='x1']"])
def test_the_story_is_what_the_list_names(body: str) -> None:
    usual = extract(capture(ReadingOptions()))
    assert prose(1, 60) in usual.lines
    named = extract(capture(ReadingOptions(body=body, remove=(".promo",), language="de")))
    assert named.lines == (prose(3, 12), prose(5, 12))
    assert named.language == "de"


def test_where_a_site_has_changed_the_story_is_looked_for_as_ever() -> None:
    assert extract(capture(ReadingOptions(body="div.gone"))) == extract(capture(ReadingOptions()))


def test_a_list_may_trust_the_feed_more_than_the_page() -> None:
    page, feed = (extract(capture(ReadingOptions(trust=trust))) for trust in (Trusted.PAGE, Trusted.FEED))
    assert (page.title, page.published_from) == ("The title of the page", PublishedFrom.META)
    assert (feed.title, feed.author, feed.published_from) == ("The title of the feed", "Ada Brandt", PublishedFrom.FEED)


def test_options_are_read_and_written() -> None:
    text = (
        '[[feeds]]\nurl = "https://news.example/rss"\nbody = "div.story"\nremove = [".promo", ".//aside"]\n'
        'language = "de"\ntrust = "feed"\n'
    )
    (source,) = read_feed_list(text.encode(), "feeds.toml").sources
    assert source.reading == ReadingOptions(
        body="div.story", remove=(".promo", ".//aside"), language="de", trust=Trusted.FEED
    )
    assert format_feed_list([source], "toml") == text
    assert read_feed_list(format_feed_list([source], "yaml").encode(), "feeds.yaml").sources == (source,)


@pytest.mark.parametrize(
    "line",
    ['body = "div["', 'body = "//div["', 'remove = ".promo"', 'language = "German"', 'trust = "nobody"'],
)
def test_a_wrong_option_is_named(line: str) -> None:
    with pytest.raises(ConfigurationError, match=line.split(maxsplit=1)[0]):
        read_feed_list(f'[[feeds]]\nurl = "https://news.example/rss"\n{line}\n'.encode(), "feeds.toml")


def test_a_selector_that_gives_no_elements_selects_nothing() -> None:
    compile_selector("//p/text()")
    assert extract(capture(ReadingOptions(body="//p/text()"))) == extract(capture(ReadingOptions()))
