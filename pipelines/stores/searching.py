"""Search of a store in the rule language. Both stores give the same answer, and alerts match the same articles.

::

    from pipelines.stores import open_store

    with open_store("sqlite:///var/wirepicket.db") as store:
        for hit in store.search('"F-16 Block 70" AND deliver*', since=a_week_ago, one_per_story=True):
            print(hit.article.content.title, [match.sentence for match in hit.matches])
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from pipelines.rules.language.query import Query
    from schemas.records import Article, Match


class Order(StrEnum):
    """An order of articles. Articles without the time come last; ties are ordered by id."""

    LATEST = "latest"
    """The latest published first."""
    OLDEST = "oldest"
    """The earliest published first."""
    SEEN = "seen"
    """The latest first seen by us first, whatever date it declares: the news since an earlier search."""

    @property
    def time(self) -> str:
        """Name of the time by which articles are ordered: a field of both stores."""
        return "first_seen" if self is Order.SEEN else "published"

    @property
    def descending(self) -> bool:
        """True if the latest time comes first."""
        return self is not Order.OLDEST

    def time_of(self, article: Article) -> datetime | None:
        """Return the time by which an article is ordered."""
        return article.first_seen if self is Order.SEEN else article.content.published

    def sort_key(self, article: Article) -> tuple[bool, float, str]:
        """Return the key that sorts articles in this order."""
        time = self.time_of(article)
        moment = time.timestamp() if time else 0.0
        return (time is None, -moment if self.descending else moment, article.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The limits and the order of a search."""

    since: datetime | None = None
    """Earliest publication; articles without a date are left out."""
    until: datetime | None = None
    """End of the publications, exclusive; articles without a date are left out."""
    source: str | None = None
    """Exact name of the outlet."""
    language: str | None = None
    """ISO 639-1, lower case."""
    after: Article | None = None
    """Only articles that come after this one in the order of the search."""
    order: Order = Order.LATEST


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that matches."""

    article: Article
    matches: tuple[Match, ...]
    """Positions of the query's terms; empty for a query without terms, such as ``lang:en``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """The distribution of the articles that match, the most frequent value first."""

    articles: int
    stories: int
    sources: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    days: tuple[tuple[str, int], ...]
    """Day of publication (``2026-03-01``, UTC) and number of articles, the latest day first."""


class Searching:
    """The search that both stores share: it confirms their candidates."""

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        """Yield candidates: see ``pipelines.stores.protocol.Store``."""
        raise NotImplementedError

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        """Return articles by id: see ``pipelines.stores.protocol.Store``."""
        raise NotImplementedError

    def search(
        self,
        query: str | Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
        language: str | None = None,
        after: str | None = None,
        one_per_story: bool = False,
        order: Order = Order.LATEST,
    ) -> Iterator[Hit]:
        """Yield the articles that match a query, in ``order``: by default the latest published first.

        Args:
            query: in the rule language, as text or parsed.
            since: earliest publication.
            until: end of the publications, exclusive.
            source: exact name of the outlet.
            language: ISO 639-1, lower case.
            after: id of the last article of the page before, for a further page.
            one_per_story: only the first hit of each story. A further page then costs as much as all earlier pages.
            order: order of the hits.

        Raises:
            RuleSyntaxError: the query cannot be read.
            KeyError: there is no article ``after``.
        """
        from pipelines.rules.language.query import parse  # noqa: PLC0415 - the rule language, for searches only
        from pipelines.rules.matcher import confirm  # noqa: PLC0415 - likewise

        parsed = parse(query) if isinstance(query, str) else query
        last = self.articles([after])[after] if after else None
        # The stories of earlier pages are known only from the hits of these pages.
        begin = None if one_per_story else last
        within = Within(since=since, until=until, source=source, language=language, after=begin, order=order)
        stories: set[str] = set()
        for article in self.candidates(parsed, within):
            if one_per_story and article.story_id in stories:
                continue
            content = article.content
            matches = confirm(parsed, content)
            if matches is not None:
                if article.story_id:
                    stories.add(article.story_id)
                if not last or order.sort_key(article) > order.sort_key(last):
                    yield Hit(article, matches)


def facets(hits: Iterable[Hit]) -> Facets:
    """Count hits by source, language and day; reads all of them."""
    sources, languages, days = Counter[str](), Counter[str](), Counter[str]()
    stories: set[str] = set()
    articles = 0
    for hit in hits:
        articles += 1
        content = hit.article.content
        sources[content.source or "unknown"] += 1
        languages[content.language or "unknown"] += 1
        days[content.published.date().isoformat() if content.published else "undated"] += 1
        stories.add(hit.article.story_id or hit.article.id)
    return Facets(
        articles=articles,
        stories=len(stories),
        sources=tuple(sorted(sources.items(), key=_frequent_first)),
        languages=tuple(sorted(languages.items(), key=_frequent_first)),
        days=tuple(sorted(days.items(), reverse=True)),
    )


def _frequent_first(counted: tuple[str, int]) -> tuple[int, str]:
    return (-counted[1], counted[0])
