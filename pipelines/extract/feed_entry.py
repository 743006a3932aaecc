"""Extraction of stories from the text that a feed itself carries for an entry."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from lxml.html import defs

from pipelines.errors import ExtractionError
from pipelines.extract.authors import further_byline
from pipelines.extract.blocks import laid_out, text_blocks
from pipelines.extract.dates import believed, doubt
from pipelines.extract.prepare import linked_headlines
from pipelines.extract.text import split_lines
from pipelines.extract.titles import without_site
from pipelines.extract.tree import parse_html
from pipelines.text.lines import tidy, without_references
from pipelines.text.names import believable_authors
from schemas.records import DroppedLine, Extracted, FeedEntry, LaidOut, PublishedFrom, now_utc

if TYPE_CHECKING:
    from datetime import datetime

_TAG = re.compile(r"<\s*/?\s*(?P<name>[a-z][a-z0-9]{0,15})(?:\s[^<>]*)?/?\s*>", re.IGNORECASE)
_ELEMENTS = frozenset(defs.tags)
"""Names of HTML elements, to tell markup from text such as "<BIGCO>"."""
_MAX_CHARACTERS = 2_000_000


def extract_feed_entry(entry: FeedEntry, *, reference: datetime | None = None) -> Extracted:
    """Extract the story of a feed entry. Its text is plain if it is marked so; else HTML if it holds HTML elements.

    The text is taken as a story without a page around it, so no boilerplate removal is applied. An entry that is
    only a headline is news too; its story has no lines.

    Raises:
        ExtractionError: ``empty`` (neither text nor headline), ``too_large`` or ``too_deep``.
    """
    text = entry.html or ""
    if len(text) > _MAX_CHARACTERS:
        raise ExtractionError("too_large", f"{len(text)} characters; the limit is {_MAX_CHARACTERS}")
    markup = not entry.plain and _holds_markup(text)
    if not markup and not entry.plain and _holds_markup(unescape(text)):
        text, markup = unescape(text), True  # some feeds escape their markup twice
    lines: list[str] = []
    teasers: set[str] = set()
    layout: tuple[LaidOut, ...] = ()
    if not text.strip():
        pass
    elif markup:
        page = parse_html(f"<div>{_TAG.sub(_escape_unknown_tag, text)}</div>")
        tree = page if page.find(".//body") is None else page.find(".//body")
        teasers = linked_headlines(tree)
        lines = text_blocks(tree)
        layout = laid_out(tree, lines)
    else:
        lines = split_lines(text if entry.plain else unescape(text))
    kept = tuple(line for line in lines if line not in teasers)
    outlets = (entry.source,) if entry.source else ()
    headline = without_references(entry.title or "")
    title = without_site(headline, outlets) or tidy(headline) or None
    if not kept and title is None:
        raise ExtractionError("empty", "the feed gave neither a text nor a headline")
    published = believed(entry.published, reference or now_utc())
    author = believable_authors([entry.author], outlets=outlets) if entry.author else None
    return Extracted(
        title=title,
        lines=kept,
        author=author,
        byline=further_byline([entry.author or ""], author),
        published=published,
        published_from=PublishedFrom.FEED if published else None,
        date_doubt=doubt(entry.published, reference or now_utc()),
        site_name=entry.source,
        layout=layout,
        dropped=tuple(DroppedLine(line, "related") for line in lines if line in teasers),
    )


def _holds_markup(text: str) -> bool:
    return any(match["name"].lower() in _ELEMENTS for match in _TAG.finditer(text))


def _escape_unknown_tag(match: re.Match[str]) -> str:
    return match[0] if match["name"].lower() in _ELEMENTS else escape(match[0])
