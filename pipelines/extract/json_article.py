"""From one object of a ``.jsonl`` seed to a story."""

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
    """Read one object with ``url``, ``source``, ``published`` and either ``html`` or ``title`` + ``text``.

    What the object says wins over what is found in its text: ``title``, ``author``, ``description``,
    ``language``, ``source`` (as the site's name) and ``published`` (``published_from`` is then ``seed``). A
    ``text`` with a ``title`` is a body; without one it is read like a ``.txt`` seed.

    Raises:
        ExtractionError: ``bad_json`` for what is no JSON object or has neither ``html`` nor ``text``; else as
            ``extract_html`` and ``extract_text``.
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
        found = extract_markup(markup, url=_text(given, "url") or url, reference=reference)
    elif text and title:
        lines = tuple(split_lines(text))
        if not lines:
            raise ExtractionError("no_text", "no line with a letter or a digit")
        found = Extracted(title=title, lines=lines)
    elif text:
        found = read_text(text, reference=reference)
    else:
        raise ExtractionError("bad_json", "the object has neither html nor text")
    told = parse_declared(_text(given, "published") or "")
    published = believed(told, reference)
    return replace(
        found,
        title=title or found.title,
        author=_text(given, "author") or found.author,
        description=_text(given, "description") or found.description,
        language=_text(given, "language") or found.language,
        site_name=_text(given, "source") or found.site_name,
        published=published or found.published,
        published_from=PublishedFrom.SEED if published else found.published_from,
        date_doubt=None if published or found.published else found.date_doubt or doubt(told, reference),
    )


def _text(given: dict[str, object], key: str) -> str | None:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        return None
    return value if key in ("html", "text") else tidy(value)
