"""Extraction of stories from the objects of ``.jsonl`` seeds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.errors import ExtractionError
from pipelines.extract.dates import believed, doubt, parse_declared
from pipelines.extract.html import extract_markup
from pipelines.extract.sniff import refuse_non_text
from pipelines.extract.text import read_text, split_lines
from pipelines.text.lines import tidy
from schemas.records import Extracted, PublishedFrom, now_utc

if TYPE_CHECKING:
    from datetime import datetime


def extract_json(line: bytes, *, url: str, reference: datetime | None = None) -> Extracted:
    """Extract the story of an object with ``url``, ``source``, ``published`` and ``html`` or ``title`` + ``text``.

    The values of the object take precedence over those of its text: ``title``, ``author``, ``description``,
    ``language``, ``source`` (as the site's name) and ``published`` (``published_from`` is then ``seed``).
    A ``text`` with a ``title`` is the body alone; a ``text`` without a ``title`` is read like a ``.txt`` seed.

    Raises:
        ExtractionError: ``bad_json`` if the line is not a JSON object or has neither ``html`` nor ``text``; else the
            reasons of ``extract_html`` and ``extract_text``.
    """
    refuse_non_text(line)
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ExtractionError("bad_json", f"not a JSON object: {error}") from error
    if not isinstance(given, dict):
        raise ExtractionError("bad_json", f"a JSON {type(given).__name__}, not an object")
    reference = reference or now_utc()
    title, markup, text = (_text(given, key) for key in ("title", "html", "text"))
    if markup:
        story = extract_markup(markup, url=_text(given, "url") or url, reference=reference)
    elif text and title:
        lines = tuple(split_lines(text))
        if not lines:
            raise ExtractionError("no_text", "no line with a letter or a digit")
        story = Extracted(title=title, lines=lines)
    elif text:
        story = read_text(text, reference=reference)
    else:
        raise ExtractionError("bad_json", "the object has neither html nor text")
    declared = parse_declared(_text(given, "published") or "")
    published = believed(declared, reference)
    return replace(
        story,
        title=title or story.title,
        author=_text(given, "author") or story.author,
        description=_text(given, "description") or story.description,
        language=_text(given, "language") or story.language,
        site_name=_text(given, "source") or story.site_name,
        published=published or story.published,
        published_from=PublishedFrom.SEED if published else story.published_from,
        date_doubt=None if published or story.published else story.date_doubt or doubt(declared, reference),
    )


def _text(given: dict[str, object], key: str) -> str | None:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        return None
    return value if key in ("html", "text") else tidy(value)
