"""Sub-headings, lists, quotes and tables stay what they are, in their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from schemas.markdown import as_markdown
from schemas.records import Article, Capture, FeedEntry, MediaKind, Observation
from tests.synthetic import prose

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
STORY = (
    f"<p>{prose(1, 40)}</p><h2>What the regiment moved</h2><p>{prose(2, 40)}</p>"
    "<ul><li>Twelve pontoons of the older kind.</li><li>One bridge with its #2 ramp.</li></ul>"
    f"<blockquote><p>We shall build it again in spring, when the road is dry.</p></blockquote><p>{prose(3, 40)}</p>"
    "<table><tr><th>Year</th><th>Bridges lost</th></tr><tr><td>2025</td><td>3</td></tr>"
    f"<tr><td>2026</td><td>none at all</td></tr></table><p>{prose(4, 40)}</p>"
)
ENTRY = FeedEntry(
    feed_url="https://news.example/rss",
    entry_id="1",
    link="https://news.example/a",
    title="Bridge saved from the ice",
    author=None,
    published=None,
    html=STORY,
    source="Example Wire",
)


def article(kind: MediaKind) -> Article:
    page = f"<html><body><article><h1>Bridge saved from the ice</h1>{STORY}</article></body></html>"
    capture = Capture(url="https://news.example/a", fetched_at=NOON, kind=kind, body=page.encode(), entry=ENTRY)
    content = refine(capture, Matcher(())).content
    observed = Observation(fetched_at=NOON, digest=content.digest, archive_record="a@0")
    return Article(content=content, observations=(observed,), revision=1, first_seen=NOON)


@pytest.mark.parametrize("kind", [MediaKind.HTML, MediaKind.FEED_ENTRY])
def test_layout_is_kept_and_written_as_markdown(kind: MediaKind) -> None:
    found = article(kind)
    assert found.content.layout == "phpllqptttp"
    assert as_markdown(found) == (
        "# Bridge saved from the ice\n\nExample Wire\n\n<https://news.example/a>\n\n"
        f"{prose(1, 40)}\n\n## What the regiment moved\n\n{prose(2, 40)}\n\n"
        "- Twelve pontoons of the older kind.\n- One bridge with its #2 ramp.\n\n"
        f"> We shall build it again in spring, when the road is dry.\n\n{prose(3, 40)}\n\n"
        "| Year | Bridges lost |\n| --- | --- |\n| 2025 | 3 |\n| 2026 | none at all |\n\n"
        f"{prose(4, 40)}\n"
    )


def test_what_means_something_in_markdown_is_escaped() -> None:
    found = article(MediaKind.HTML)
    for text, written in (
        ("# no heading", "\\# no heading"),
        ("- no item", "\\- no item"),
        ("1. no item", "\\1. no item"),
        ("a *star* and <b>", "a \\*star\\* and \\<b\\>"),
        ("[no](link)", "\\[no\\](link)"),
    ):
        plain = replace(found, content=replace(found.content, body=text, layout=""))
        assert as_markdown(plain).endswith(f"\n\n{written}\n")
