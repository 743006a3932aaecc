"""A preview of the alerts of a rule on stored articles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipelines.alerts.quotes import quotes
from pipelines.rules.matcher import confirm
from schemas.records import Match  # noqa: TC001 - the record is written as JSON by its annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.rules.language.query import Query
    from schemas.records import Article

_QUOTED = 2
"""Sentences quoted per story, unless more are needed to show every term."""


class Searched(Protocol):
    """The part of a store that a preview needs (see ``pipelines.stores.protocol``)."""

    def candidates(self, query: Query) -> Iterator[Article]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedStory:
    """A story that would have caused an alert."""

    story_id: str
    title: str | None
    """Title of the first article that matched."""
    article_ids: tuple[str, ...]
    """The articles that match, earliest first."""
    matches: tuple[Match, ...]
    """Matches in the first article, of the sentences that show every term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The stories and articles that a rule would have alerted on."""

    stories: int
    articles: int
    examples: tuple[PreviewedStory, ...]
    """The latest stories, latest first."""


def preview_query(query: Query, store: Searched, *, since: datetime, examples: int) -> Preview:
    """Match a query against the articles published at ``since`` or later; without a date, first seen then."""
    stories: dict[str, list[tuple[datetime, Article, tuple[Match, ...]]]] = {}
    for article in store.candidates(query):
        content = article.content
        when = content.published or article.first_seen
        if when < since:
            continue
        matches = confirm(query, content)
        if matches is not None:
            stories.setdefault(article.story_id or article.id, []).append((when, article, matches))
    for matching in stories.values():
        matching.sort(key=lambda entry: (entry[0], entry[1].id))
    latest = sorted(stories, key=lambda story: (stories[story][-1][0], story), reverse=True)[:examples]
    return Preview(
        stories=len(stories),
        articles=sum(map(len, stories.values())),
        examples=tuple(
            PreviewedStory(
                story_id=story,
                title=stories[story][0][1].content.title,
                article_ids=tuple(article.id for _, article, _ in stories[story]),
                matches=_quoted(stories[story][0][2]),
            )
            for story in latest
        ),
    )


def _quoted(matches: Sequence[Match]) -> tuple[Match, ...]:
    shown = {(quote.field, quote.sentence) for quote in quotes(matches, _QUOTED)}
    return tuple(match for match in matches if (match.field, match.sentence) in shown)
