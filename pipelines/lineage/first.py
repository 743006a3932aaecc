"""Who was first: when an article was out, and how far that can be trusted.

The time which the publisher declares on its page or in its feed (``published`` with ``published_from``), the time at
which we first saw the address in a feed (``first_listed``) and the time at which we first fetched the text
(``first_seen``) are kept apart. Only the first says when a text was out, and only where it is plausible; the others say
by when it was.
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
    """How far the declared time of an article can be trusted."""

    PLAUSIBLE = "declared"
    """Declared to the minute, and before we saw the article, in a feed or itself."""
    DAY = "day only"
    """Declared as a day: right to a day at most, so that it settles nothing among reports of that day."""
    IMPLAUSIBLE = "implausible"
    """Declared later than we saw the article: a clock or zone is wrong."""
    SEEN = "only seen"
    """Not declared: it was out when we first saw it, and perhaps long before."""


def only_day(published: datetime) -> bool:
    """Whether a declared time may be no more than a date: midnight sharp (UTC) is how one without a time is kept."""
    return (published.hour, published.minute, published.second) == (0, 0, 0)


def latest(published: datetime) -> datetime:
    """The latest moment that a declared time may mean: the last second of the day where only the day is known."""
    return published + timedelta(days=1, seconds=-1) if only_day(published) else published


CLOCK_TOLERANCE = timedelta(minutes=10)
"""By how much two clocks may differ."""


def out_by(article: Article) -> datetime:
    """When an article was out at the latest: it stood in a feed, or was fetched."""
    listed = article.first_listed
    return min(listed, article.first_seen) if listed else article.first_seen


def trust(article: Article) -> Trust:
    """The grade of an article's time."""
    published = article.content.published
    if published is None:
        return Trust.SEEN
    if published > out_by(article) + CLOCK_TOLERANCE:
        return Trust.IMPLAUSIBLE
    return Trust.DAY if only_day(published) else Trust.PLAUSIBLE


def when_out(article: Article) -> datetime:
    """The time by which an article takes its place among others: the declared one where it can be believed.

    Of a day it is the end, or when we saw the article, if that was before.
    """
    published = article.content.published
    if published is None or trust(article) is Trust.IMPLAUSIBLE:
        return out_by(article)
    return min(latest(published), out_by(article)) if only_day(published) else published


def earliest(articles: Iterable[Article]) -> tuple[Article | None, tuple[Article, ...]]:
    """The article with the earliest plausible time, and those that might have been out before it nevertheless.

    Those are what declares only its day, the same or an earlier one, and what declares no time, or one that cannot be,
    and was seen before.
    """
    known = list(articles)
    timed = [one for one in known if trust(one) is Trust.PLAUSIBLE]
    if not timed:
        return None, ()
    first = min(timed, key=lambda one: (when_out(one), one.id))
    when = when_out(first)
    rivals = (
        one
        for one in known
        if (trust(one) is Trust.DAY and when_out(one).date() <= when.date())
        or (trust(one) in {Trust.SEEN, Trust.IMPLAUSIBLE} and out_by(one) < when)
    )
    return first, tuple(rivals)


def first_to_publish(articles: Iterable[Article]) -> Article | None:
    """The article that was out first as far as declared times tell; ``None`` where that cannot be said.

    It cannot be said when nothing plausible is declared, or when another might have been before (``earliest``).
    """
    first, rivals = earliest(articles)
    return None if rivals else first
