"""Who comes first in a group, and so gives it its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lineage.first import latest

if TYPE_CHECKING:
    from schemas.records import ArticleContent, Fingerprint


def order_key(article: Fingerprint | ArticleContent) -> tuple[bool, str, str]:
    """The earliest published comes first; undated ones last; ties by id.

    What declares its day alone comes behind all of that day which declare a time: it is known to have been out by the
    end of it. The time of fetching does not count, since it tells when we looked and not when the text was out.
    """
    published = article.published
    return (published is None, latest(published).isoformat() if published else "", article.article_id)
