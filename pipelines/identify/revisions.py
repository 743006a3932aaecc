"""Observations and revisions of an article: each capture is an observation, each change of its text a revision.

The result depends only on the set of observations, not on the order in which they are processed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from schemas.records import Article, ArticleContent, Observation


def observe(article: Article | None, content: ArticleContent, observation: Observation) -> Article:
    """Return an article with one more capture. If nothing changes, return the same object.

    The current text is that of the latest capture. A text that was replaced and then restored counts as three
    revisions, as a reader of the page would have seen it. A capture that is extracted again with another result (a
    replay with a better extractor, or with more learned lines) replaces its own earlier observation.
    """
    if article is None:
        return Article(content=content, observations=(observation,), revision=1, first_seen=observation.fetched_at)
    others = (earlier for earlier in article.observations if earlier.archive_record != observation.archive_record)
    observations = tuple(sorted((*others, observation), key=_order))
    current = content if observations[-1] == observation else article.content
    seen = replace(
        article,
        content=current,
        observations=observations,
        revision=sum(1 for _ in groupby(observations, key=lambda item: item.digest)),
        first_seen=observations[0].fetched_at,
    )
    return article if seen == article else seen


def _order(observation: Observation) -> tuple[str, str, int, str]:
    """Return the sort key of an observation: time, then archive record, so that a run keeps the order of its input."""
    file, _, offset = observation.archive_record.rpartition("@")
    return (observation.fetched_at.isoformat(), file, int(offset or 0), observation.digest)
