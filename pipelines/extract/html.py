"""Extraction of stories from web pages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pipelines.clean.structure import is_title_echo
from pipelines.errors import ExtractionError
from pipelines.extract.blocks import laid_out, text_blocks
from pipelines.extract.body import story_lines
from pipelines.extract.charset import decode
from pipelines.extract.dek import mark_subheadings, take_dek
from pipelines.extract.metadata import read_metadata
from pipelines.extract.prepare import linked_headlines, remove_boilerplate
from pipelines.extract.safety_net import is_doubtful, loses, prose_size
from pipelines.extract.selectors import remove_selected, selected_container
from pipelines.extract.sniff import refuse_non_html, refuse_non_text, without_embedded
from pipelines.extract.tree import parse_html
from pipelines.text.lines import is_prose
from schemas.records import DroppedLine, Extracted, ReadingOptions, now_utc

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement

# Trafilatura warns of every page without a result; callers report failures themselves.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
AS_USUAL = ReadingOptions()


def extract_html(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    reference: datetime | None = None,
    reading: ReadingOptions = AS_USUAL,
) -> Extracted:
    """Extract a page's story: its lines by Trafilatura, everything else from the page's declared metadata.

    Args:
        body: the page's bytes, in any charset. Their content type is judged by the bytes themselves.
        url: the address of the page; relative addresses are resolved against it.
        content_type: the HTTP header, used for its charset only.
        reference: the time of the fetch (aware, UTC; by default now): dates after it are rejected.
        reading: the options for the source's pages in the feed list.

    Raises:
        ExtractionError: with reason ``empty``, ``too_large``, ``pdf``, ``image``, ``archive``, ``binary``,
            ``json``, ``feed``, ``not_html``, ``too_deep`` or ``no_text``.
    """
    body = without_embedded(body)
    refuse_non_text(body)
    return extract_markup(decode(body, content_type), url=url, reference=reference, reading=reading)


def extract_markup(
    text: str, *, url: str, reference: datetime | None = None, reading: ReadingOptions = AS_USUAL
) -> Extracted:
    """Extract a story from a decoded page; see ``extract_html``."""
    refuse_non_html(text)
    tree = parse_html(text)
    metadata = read_metadata(tree, url=url, reference=reference or now_utc())
    remove_selected(tree, reading.remove)
    container = selected_container(tree, reading.body)
    dek = take_dek(tree)
    mark_subheadings(tree)
    before = prose_size(tree)
    remove_boilerplate(tree)
    teasers = linked_headlines(tree)
    # A container named in the feed list is used as it is; if no element matches any more, the story is detected.
    body_lines = text_blocks(container) if container is not None else story_lines(tree)
    if container is None and is_doubtful(before, prose_size(tree), body_lines):
        untouched = _untouched(text, reading)
        if loses(body_lines, second := story_lines(untouched)):
            tree, body_lines, teasers = untouched, second, linked_headlines(untouched)
    lines, dropped = _separate_headlines(body_lines, metadata.titles, teasers)
    if dek and any(map(is_prose, lines)):
        dropped = (DroppedLine(dek, "dek"), *dropped)
    elif dek:  # a short item of radio or video, whose dek is all of its text
        lines = [dek, *lines]
    if not lines:
        raise ExtractionError("no_text", "the page has no text that could be a story")
    return Extracted(
        title=metadata.title,
        lines=tuple(lines),
        description=metadata.description or dek,
        author=metadata.author,
        byline=metadata.byline,
        published=metadata.dates.published,
        published_from=metadata.dates.published_from,
        modified=metadata.dates.modified,
        modified_from=metadata.dates.modified_from,
        date_doubt=metadata.dates.doubt,
        section=metadata.section,
        image=metadata.image,
        layout=laid_out(tree if container is None else container, lines),
        language=reading.language or metadata.language,
        site_name=metadata.site_name,
        canonical_url=metadata.canonical_url,
        dropped=dropped,
    )


def _untouched(text: str, reading: ReadingOptions) -> HtmlElement:
    """Return a page's tree with nothing removed except the dek and the elements named in the feed list."""
    tree = parse_html(text)
    remove_selected(tree, reading.remove)
    take_dek(tree)
    mark_subheadings(tree)
    return tree


def _separate_headlines(
    lines: list[str], titles: tuple[str, ...], teasers: set[str]
) -> tuple[list[str], tuple[DroppedLine, ...]]:
    """Separate linked headlines, and the headline above the story in any of its forms, from the story's lines."""
    start = next((number for number, line in enumerate(lines) if is_prose(line)), len(lines))
    kept: list[str] = []
    dropped: list[DroppedLine] = []
    for number, line in enumerate(lines):
        if number < start and any(is_title_echo(line, title) for title in titles):
            dropped.append(DroppedLine(line, "title_echo"))
        elif line in teasers:
            dropped.append(DroppedLine(line, "related"))
        else:
            kept.append(line)
    return kept, tuple(dropped)
