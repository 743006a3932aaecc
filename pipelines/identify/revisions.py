"""The history of an article: each capture is an observation, each change of its text a revision.

The result depends on the set of observations alone, not on the order in which they are processed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from schemas.records import Article, ArticleContent, Observation


def observe(article: Article | None, content: ArticleContent, observation: Observation) -> Article:
    """The article after one more capture of it. Returns the very same object where nothing changes.

    The current text is that of the latest capture. A text which came, went and came back counts three
    revisions, as a reader of the page would have seen it. A capture that is read again otherwise (a replay with a
    better extractor, or with further learned lines) takes the place of its own earlier observation.
    """
    if article is None:
        return Article(content=content, observations=(observation,), revision=1, first_seen=observation.fetched_at)
    others = (one for one in article.observations if one.archive_record != observation.archive_record)
    observations = tuple(sorted((*others, observation), key=_when))
    current = content if observations[-1] == observation else article.content
    seen = replace(
        article,
        content=current,
        observations=observations,
        revision=sum(1 for _ in groupby(observations, key=lambda one: one.digest)),
        first_seen=observations[0].fetched_at,
    )
    return article if seen == article else seen


def _when(observation: Observation) -> tuple[str, str, int, str]:
    """Time, then the place in the archive: captures of one run keep the order of the input."""
    file, _, offset = observation.archive_record.rpartition("@")
    return (observation.fetched_at.isoformat(), file, int(offset or 0), observation.digest)
