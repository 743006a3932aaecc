"""Story records: title, time span and outlets of a group of articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lineage.first import first_to_publish
from schemas.records import Story

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.records import Article, MemoryEntry


def build_story(story_id: str, members: Sequence[tuple[MemoryEntry, Article]], parties: Mapping[str, str]) -> Story:
    """Return the record of a story from all its members, copies included.

    Its title is that of its earliest article. Independent sources are the distinct outlets of the canonical articles;
    each canonical article without an outlet counts as a source of its own, and a text credited to an agency counts for
    the agency, regardless of its outlet. ``parties`` has the credited party by article id.
    """
    contents = [article.content for _, article in members]
    dates = sorted(content.published for content in contents if content.published)
    canonical = [article.id for entry, article in members if entry.canonical]
    sources = tuple(sorted({content.source for content in contents if content.source}))
    first_report = first_to_publish(article for _, article in members) if len(sources) > 1 else None
    return Story(
        id=story_id,
        title=next((content.title for content in contents if content.article_id == story_id), None),
        first_published=dates[0] if dates else None,
        last_published=dates[-1] if dates else None,
        article_ids=tuple(sorted(content.article_id for content in contents)),
        sources=sources,
        independent_sources=len({parties[article_id] for article_id in canonical}),
        first_source=first_report.content.source if first_report else None,
    )
