"""First publication: the time of publication of an article, and its reliability.

Three times are kept apart: the time that the publisher declares on its page or in its feed (``published`` with
``published_from``), the time at which we first saw the address in a feed (``first_listed``), and the time at which we
first fetched the text (``first_seen``). Only the declared time is a time of publication, and only if it is plausible;
the others are upper bounds.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from schemas.records import Article


class Trust(StrEnum):
    """The reliability of the declared time of an article."""

    PLAUSIBLE = "declared"
    """Declared to the minute, and earlier than we saw the article or its feed entry."""
    DAY = "day only"
    """Declared as a date, which gives no order among reports of that day."""
    IMPLAUSIBLE = "implausible"
    """Declared later than we saw the article: a clock or time zone is wrong."""
    SEEN = "only seen"
    """Not declared: published when we first saw it or earlier."""


def only_day(published: datetime) -> bool:
    """Return whether a declared time may be only a date: a date without a time is stored as midnight UTC."""
    return (published.hour, published.minute, published.second) == (0, 0, 0)


def latest(published: datetime) -> datetime:
    """Return the latest time that a declared time may mean: for a date, the last second of the day."""
    return published + timedelta(days=1, seconds=-1) if only_day(published) else published


CLOCK_TOLERANCE = timedelta(minutes=10)
"""Accepted difference between two clocks."""


def out_by(article: Article) -> datetime:
    """Return the latest possible time of publication: when the article was first listed in a feed, or fetched."""
    listed = article.first_listed
    return min(listed, article.first_seen) if listed else article.first_seen


def trust(article: Article) -> Trust:
    """Return the reliability of an article's declared time."""
    published = article.content.published
    if published is None:
        return Trust.SEEN
    if published > out_by(article) + CLOCK_TOLERANCE:
        return Trust.IMPLAUSIBLE
    return Trust.DAY if only_day(published) else Trust.PLAUSIBLE


def when_out(article: Article) -> datetime:
    """Return the time that orders an article among others: the declared time if it is plausible, else ``out_by``.

    For a date it is the end of the day, or the time when we saw the article if that is earlier.
    """
    published = article.content.published
    if published is None or trust(article) is Trust.IMPLAUSIBLE:
        return out_by(article)
    return min(latest(published), out_by(article)) if only_day(published) else published


def earliest(articles: Iterable[Article]) -> tuple[Article | None, tuple[Article, ...]]:
    """Return the article with the earliest plausible time, and the articles that may have been published before it.

    These are articles with only a date, of the same day or earlier, and articles without a plausible time that were
    seen earlier.
    """
    known = list(articles)
    timed = [article for article in known if trust(article) is Trust.PLAUSIBLE]
    if not timed:
        return None, ()
    first = min(timed, key=lambda article: (when_out(article), article.id))
    when = when_out(first)
    rivals = (
        article
        for article in known
        if (trust(article) is Trust.DAY and when_out(article).date() <= when.date())
        or (trust(article) in {Trust.SEEN, Trust.IMPLAUSIBLE} and out_by(article) < when)
    )
    return first, tuple(rivals)


def first_to_publish(articles: Iterable[Article]) -> Article | None:
    """Return the article that was published first according to the declared times; ``None`` if that is uncertain.

    It is uncertain if no declared time is plausible, or if another article may have been earlier (``earliest``).
    """
    first, rivals = earliest(articles)
    return None if rivals else first
