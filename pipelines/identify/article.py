"""Content of an article from its cleaned text: identity, source, language and digest."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from pipelines.identify.language import language_of
from pipelines.identify.url import article_id, canonical_url, host
from pipelines.likeness.fingerprint import copy_keys, key_of, numbers, pack, shingles, words
from pipelines.likeness.story_features import story_features
from schemas.records import ArticleContent, Block, Fingerprint, MediaKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.clean import Cleaned
    from schemas.records import Capture, Extracted, LaidOut


def identify(capture: Capture, extracted: Extracted, cleaned: Cleaned) -> ArticleContent:
    """Return the content of the captured article, without rule hits."""
    url = canonical_url(capture.final_url or capture.url, extracted.canonical_url)
    body = "\n\n".join(cleaned.paragraphs)
    count = len(words(body))
    digested = {
        "title": cleaned.title,
        "description": cleaned.description,
        "author": cleaned.author,
        "published": extracted.published.isoformat() if extracted.published else None,
        "body": body,
    }
    return ArticleContent(
        article_id=article_id(_identity(capture, url)),
        digest=sha256(json.dumps(digested, sort_keys=True).encode()).hexdigest()[:32],
        url=url,
        external_id=capture.external_id,
        source=source_of(capture, extracted),
        title=cleaned.title,
        description=cleaned.description,
        author=cleaned.author,
        published=extracted.published,
        published_from=extracted.published_from,
        language=capture.reading.language or language_of(body, extracted.language, count),
        body=body,
        dropped=cleaned.dropped,
        word_count=count,
        modified=extracted.modified,
        modified_from=extracted.modified_from,
        date_doubt=extracted.date_doubt,
        site_name=extracted.site_name,
        section=extracted.section,
        image=extracted.image,
        byline=extracted.byline,
        layout=_layout(cleaned.paragraphs, extracted.layout),
    )


def _identity(capture: Capture, url: str) -> str:
    """Return the identity of an article: its canonical URL, or for feed entries that share a link their own address."""
    shared = capture.kind is MediaKind.FEED_ENTRY and capture.entry is not None and capture.entry.shares_link
    return capture.url if shared else url


def _layout(paragraphs: Sequence[str], laid_out: Sequence[LaidOut]) -> str:
    kinds = {item.line: item.block for item in laid_out}
    letters = "".join(kinds.get(paragraph, Block.PARAGRAPH) for paragraph in paragraphs)
    return letters if letters.strip(Block.PARAGRAPH) else ""


def source_of(capture: Capture, extracted: Extracted | None = None) -> str | None:
    """Return the name of a capture's outlet: declared by the page, else by its feed, else the host name."""
    declared = (extracted.site_name if extracted else None) or (capture.entry.source if capture.entry else None)
    if declared:
        return declared
    return host(canonical_url(capture.final_url or capture.url, extracted.canonical_url if extracted else None))


def fingerprint(content: ArticleContent, first_seen: datetime) -> Fingerprint:
    """Return the fingerprint of a content, which grouping uses."""
    ordered = shingles(content.body)
    title_words = words(content.title or "")
    title_key = key_of(" ".join(title_words))
    features, story_keys = story_features(content.title, content.body, content.language)
    return Fingerprint(
        article_id=content.article_id,
        digest=content.digest,
        source=content.source,
        title_key=title_key,
        published=content.published,
        first_seen=first_seen,
        word_count=content.word_count,
        shingles=pack(ordered),
        numbers=pack(numbers(content.body)),
        copy_keys=copy_keys(ordered, title_key, len(title_words)),
        story_features=features.pack(),
        story_keys=story_keys,
    )
