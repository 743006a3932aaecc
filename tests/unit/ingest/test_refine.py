"""Where a page shows no article, the feed's own text does, and the reason is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.errors import ExtractionError
from pipelines.ingest.refine import Refined, refine
from pipelines.rules.matcher import Matcher
from schemas.records import ArticleContent, Capture, FeedEntry, MediaKind, Rule
from tests.synthetic import prose

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LINK = "https://news.example/2026/report"
OWN = prose(3, 60)


def capture(
    body: bytes,
    *,
    entry: bool = True,
    headers: tuple[tuple[str, str], ...] = (),
    final_url: str | None = None,
    text: str | None = OWN,
) -> Capture:
    told = FeedEntry(
        feed_url="https://news.example/feed",
        entry_id="1",
        link=LINK,
        title="Depot opens at the harbour",
        author=None,
        published=NOON,
        html=text,
        source="Example",
    )
    return Capture(
        url=LINK,
        fetched_at=NOON,
        kind=MediaKind.HTML,
        body=body,
        content_type="text/html",
        status=200,
        headers=headers,
        entry=told if entry else None,
        final_url=final_url,
    )


def html(text: str, head: str = "") -> bytes:
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    return (
        f"<!doctype html><html lang=en><head><title>Depot opens</title>{head}</head><body><article>"
        f"<h1>Depot opens</h1>{paragraphs}</article></body></html>"
    ).encode()


LONG = "\n\n".join(prose(seed, 80) for seed in range(4))
NOT_FREE = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'


def refined(one: Capture) -> Refined:
    return refine(one, Matcher([]))


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (capture(b"\x89PNG\r\n\x1a\n" + bytes(99)), "image"),
        (capture(b""), "empty"),
        (capture(html(LONG), headers=(("CF-Mitigated", "challenge"),)), "challenge"),
        (capture(html(LONG, "<script>window._cf_chl_opt={}</script>")), "challenge"),
        (capture(html(LONG), final_url="https://consent.portal.example/collect?u=1"), "consent"),
        (capture(html(LONG), final_url="https://news.example/login?next=report"), "login"),
        (capture(html(LONG), final_url="https://news.example/"), "home_page"),
        (capture(html(prose(7, 20), NOT_FREE)), "paywall"),
    ],
)
def test_a_page_without_the_article_falls_back_to_the_feed(one: Capture, reason: str) -> None:
    result = refined(one)
    assert result.failure is not None
    assert result.failure.reason == reason
    assert result.content.url == LINK
    assert result.content.body.split()[:5] == OWN.split()[:5]


def test_without_a_feed_entry_it_is_an_error() -> None:
    with pytest.raises(ExtractionError, match="home_page"):
        refined(capture(html(LONG), entry=False, final_url="https://news.example/"))


def test_a_whole_page_is_kept_though_it_says_that_it_is_not_free() -> None:
    result = refined(capture(html(LONG, NOT_FREE)))
    assert result.failure is None
    assert result.content.word_count > 200


def test_a_teaser_is_better_than_a_headline() -> None:
    result = refined(capture(html(prose(7, 60), NOT_FREE), text=None))
    assert result.failure is not None
    assert result.failure.reason == "paywall"
    assert result.content.word_count > 40


def test_an_article_is_known_by_where_the_redirects_led() -> None:
    final = "https://www.outlet.example/2026/report.html?utm_source=feed"
    result = refined(capture(html(LONG), final_url=final))
    assert result.failure is None
    assert result.content.url == "https://www.outlet.example/2026/report.html"


def test_a_hit_in_a_dropped_line_alone_is_no_hit_and_is_said() -> None:
    matcher = Matcher([Rule(id="rockets", query="HIMARS"), Rule(id="depot", query="depot AND (S-400 OR HIMARS)")])

    def content(lead: str) -> ArticleContent:
        text = f"Depot opens at the harbour\n\n{lead} {LONG}\n\nRead more: HIMARS launchers shipped\n"
        return refine(
            Capture(url="seed:a.txt", fetched_at=NOON, kind=MediaKind.TEXT, body=text.encode(), external_id="a.txt"),
            matcher,
        ).content

    teased = content("Quiet days.")
    assert teased.hits == ()
    assert [(hit.rule_id, hit.form) for hit in teased.dropped_hits] == [("depot", "HIMARS"), ("rockets", "HIMARS")]
    assert {hit.line for hit in teased.dropped_hits} == {"Read more: HIMARS launchers shipped"}
    assert all(hit.reason for hit in teased.dropped_hits)
    told = content("An M142 came.")
    assert ([hit.rule_id for hit in told.hits], told.dropped_hits) == (["depot", "rockets"], ())
