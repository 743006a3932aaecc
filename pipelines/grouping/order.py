"""The order of articles in a group; the first one gives the group its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lineage.first import latest

if TYPE_CHECKING:
    from schemas.records import ArticleContent, Fingerprint


def order_key(article: Fingerprint | ArticleContent) -> tuple[bool, str, str]:
    """Return the sort key of an article: by time of publication, undated articles last, ties by id.

    An article with a date but no time follows those of its day with a time, since it was published by the end of the
    day. The time of fetching does not count, since it does not indicate the time of publication.
    """
    published = article.published
    return (published is None, latest(published).isoformat() if published else "", article.article_id)
