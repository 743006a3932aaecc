"""Reader of JSON Feed 1.0 and 1.1: https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.errors import FeedError
from pipelines.fetch.feed_entries import FeedFacts, RawEntry, RefusedEntry, entry_of, facts_of
from pipelines.fetch.feed_people import joined_names
from pipelines.fetch.feed_text import text_of, title_of, web_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schemas.records import FeedEntry

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def is_json(body: bytes) -> bool:
    """Return whether a document starts like a JSON object, in any encoding of Unicode."""
    head = body[:64]
    for mark in _BOMS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().startswith(b"{")


def read_json_feed(body: bytes, url: str) -> tuple[FeedFacts, Iterator[FeedEntry | RefusedEntry]]:
    """Read a JSON Feed. Raises ``FeedError`` (``not_a_feed``) for other JSON and for broken JSON."""
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedError("not_a_feed", f"broken JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise FeedError("not_a_feed", "JSON without the list 'items' of a JSON Feed")
    facts = facts_of(
        url,
        title=title_of(document.get("title"), plain=True),
        author=_authors(document),
        language=document.get("language"),
    )
    return facts, (_item(item, facts, number) for number, item in enumerate(document["items"], 1))


def _item(item: object, facts: FeedFacts, number: int) -> FeedEntry | RefusedEntry:
    if not isinstance(item, dict):
        return RefusedEntry(entry_id=f"item {number}", reason="bad_item", detail="an object was expected")
    html, text = text_of(item.get("content_html")), text_of(item.get("content_text")) or text_of(item.get("summary"))
    identity = item.get("id")
    return entry_of(
        RawEntry(
            entry_id=str(identity) if isinstance(identity, str | int | float) else None,
            links=tuple(web_address(item.get(name), facts.url) for name in ("url", "external_url", "id")),
            title=title_of(item.get("title"), plain=True),
            author=_authors(item),
            dates=(item.get("date_published"), item.get("date_modified")),
            text=html or text,
            plain=html is None,
        ),
        facts,
    )


def _authors(owner: Mapping[str, Any]) -> str | None:
    """Return the authors of a feed or item: ``authors`` of version 1.1, else ``author`` of 1.0."""
    listed = owner.get("authors")
    return joined_names(listed if isinstance(listed, list) else ()) or joined_names([owner.get("author")])
