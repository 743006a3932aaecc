"""Searching a store in the rule language: the same answer from both stores, and the same as the alerts'.

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
    """What comes first. Articles without the time come last; ties go by id."""

    LATEST = "latest"
    """The latest published."""
    OLDEST = "oldest"
    """The earliest published."""
    SEEN = "seen"
    """The latest that we saw, whatever date it declares: what is new since one last looked."""

    @property
    def time(self) -> str:
        """Name of the time that decides: a field of both stores."""
        return "first_seen" if self is Order.SEEN else "published"

    @property
    def descending(self) -> bool:
        """Whether the latest time comes first."""
        return self is not Order.OLDEST

    def time_of(self, article: Article) -> datetime | None:
        """The time that decides, of an article."""
        return article.first_seen if self is Order.SEEN else article.content.published

    def place(self, article: Article) -> tuple[bool, float, str]:
        """Sorts articles in this order."""
        time = self.time_of(article)
        moment = time.timestamp() if time else 0.0
        return (time is None, -moment if self.descending else moment, article.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What articles a search is among, and in which order they come."""

    since: datetime | None = None
    """Published then or later; articles without a date are left out."""
    until: datetime | None = None
    """Published before then; likewise."""
    source: str | None = None
    """Name of the outlet, exactly."""
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
    """Where the terms of the query stand; empty for a query without terms, such as ``lang:en``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How the articles that match are spread, the most frequent value first."""

    articles: int
    stories: int
    sources: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    days: tuple[tuple[str, int], ...]
    """Day of publication (``2026-03-01``, UTC) and articles, the latest first."""


class Searching:
    """What both stores add to their candidates."""

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        """See ``pipelines.stores.protocol.Store``."""
        raise NotImplementedError

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        """See ``pipelines.stores.protocol.Store``."""
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
        """Articles that match a query, in ``order``: by default the latest published first.

        Args:
            query: in the rule language, as text or parsed.
            since: published then or later.
            until: published before then.
            source: name of the outlet, exactly.
            language: ISO 639-1, lower case.
            after: id of an article: go on after it, for a further page.
            one_per_story: only the first hit of each story. A further page then costs as much as all before it.
            order: what comes first.

        Raises:
            RuleSyntaxError: the query cannot be read.
            KeyError: there is no article ``after``.
        """
        from pipelines.rules.language.query import parse  # noqa: PLC0415 - likewise
        from pipelines.rules.matcher import confirm  # noqa: PLC0415 - the rule language, for searches only

        parsed = parse(query) if isinstance(query, str) else query
        last = self.articles([after])[after] if after else None
        # Which stories the pages before have shown is known only from their hits.
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
                if not last or order.place(article) > order.place(last):
                    yield Hit(article, matches)


def facets(hits: Iterable[Hit]) -> Facets:
    """How hits are spread; reads all of them."""
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
