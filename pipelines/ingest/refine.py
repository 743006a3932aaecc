"""From a capture to an article: extract, clean, identify, fingerprint, match. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.clean import clean
from pipelines.errors import ExtractionError
from pipelines.extract import extract
from pipelines.identify.article import fingerprint, identify
from schemas.records import MediaKind

if TYPE_CHECKING:
    from pipelines.alerts.matcher import Matcher
    from schemas.records import ArticleContent, Capture, Fingerprint


@dataclass(frozen=True, slots=True)
class Refined:
    """What became of a capture."""

    content: ArticleContent
    fingerprint: Fingerprint
    """Its ``first_seen`` is this capture's time, until the store has said when the first was."""


def refine(capture: Capture, matcher: Matcher) -> Refined:
    """The article which a capture shows. Raises ``InputError`` where it shows none."""
    extracted = extract(capture)
    cleaned = clean(extracted)
    # A feed entry may be no more than a headline, and that is news too; a page without a text is a failure.
    if not cleaned.paragraphs and not (capture.kind is MediaKind.FEED_ENTRY and cleaned.title):
        raise ExtractionError("no_text", "nothing was left but boilerplate")
    content = identify(capture, extracted, cleaned)
    hits = matcher.match(title=content.title, body=content.body, source=content.source, language=content.language)
    return Refined(replace(content, hits=hits), fingerprint(content, capture.fetched_at))
