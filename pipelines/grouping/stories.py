"""The story records: what a group of articles is called, spans, and who carried it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lineage.first import first_to_publish
from schemas.records import Story

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.records import Article, MemoryEntry


def build_story(story_id: str, members: Sequence[tuple[MemoryEntry, Article]], voices: Mapping[str, str]) -> Story:
    """The record of a story from all of its members, copies included.

    Its title is that of its earliest article. An outlet counts as independent for what it has not copied: the
    distinct outlets of the canonical articles (one for each such article whose outlet is unknown), where what is
    credited to an agency counts as the agency's, whoever carries it. ``voices`` says by article id who that is.
    """
    contents = [article.content for _, article in members]
    dates = sorted(content.published for content in contents if content.published)
    canonical = [article.id for entry, article in members if entry.canonical]
    sources = tuple(sorted({content.source for content in contents if content.source}))
    first = first_to_publish(article for _, article in members) if len(sources) > 1 else None
    return Story(
        id=story_id,
        title=next((content.title for content in contents if content.article_id == story_id), None),
        first_published=dates[0] if dates else None,
        last_published=dates[-1] if dates else None,
        article_ids=tuple(sorted(content.article_id for content in contents)),
        sources=sources,
        independent_sources=len({voices[article_id] for article_id in canonical}),
        first_source=first.content.source if first else None,
    )
