"""The four forms which ``wirepicket export`` writes, one JSON object a line. A contract: fields and their order stay.

Written with ``schemas.serial.to_json``: times are ISO 8601 UTC with ``Z``, an unknown value is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from typing import TYPE_CHECKING

from schemas.records import AlertMatch, AlertState, DroppedLine, PublishedFrom  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from schemas.records import Alert, Article, Quarantined, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedArticle:
    """An article: its current revision and its place among the others."""

    id: str
    """Hash of the canonical URL."""
    external_id: str | None
    """The ``id`` of a seed, or its file name."""
    url: str
    """Canonical URL, or ``seed:`` + file name."""
    source: str | None
    """Name of the outlet."""
    title: str | None
    description: str | None
    author: str | None
    published: datetime | None
    """When the publisher says it was published."""
    published_from: PublishedFrom | None
    """Where that date was declared."""
    first_seen: datetime
    """Time of the first capture."""
    language: str | None
    """ISO 639-1, lower case."""
    body: str
    """Paragraphs joined by a blank line."""
    dropped: tuple[DroppedLine, ...]
    """Lines which cleaning took out, and why."""
    revision: int
    """1 for the first text, one more with every change of it."""
    canonical_id: str | None
    """Earliest article of its copy group (itself, when it is that one)."""
    copies: tuple[str, ...]
    """On a canonical article: ids of the others of its group, sorted."""
    story_id: str | None
    word_count: int
    """Words of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedStory:
    """Articles about one event."""

    id: str
    """Id of its earliest member."""
    title: str | None
    first_published: datetime | None
    last_published: datetime | None
    article_ids: tuple[str, ...]
    """All members, copies included, sorted."""
    sources: tuple[str, ...]
    """Names of the outlets, sorted."""
    independent_sources: int
    """Outlets counted once for each copy group: syndicated copies do not add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedAlert:
    """One rule has matched one story."""

    id: str
    """Hash of rule and story."""
    rule_id: str
    rule_version: str
    story_id: str
    article_id: str
    """The first article that matched."""
    matched_at: datetime
    """When the match was made (not when the article was published)."""
    matches: tuple[AlertMatch, ...]
    """Every place in every article of the story that matches."""
    state: AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedQuarantine:
    """An input which could not be processed, and why."""

    url: str
    stage: str
    """The step that gave up: ``fetch``, ``feed``, ``seed``, ``extract``, ``store`` …"""
    reason: str
    """A short fixed word: ``empty``, ``binary``, ``http_404``, ``timeout`` …"""
    detail: str
    archive_record: str | None
    """Where the archive keeps the input: ``FILE@OFFSET``."""
    id: str
    """Hash of ``url``, ``stage`` and ``reason``."""
    first_seen: datetime | None
    """When it was met for the first time; null: before such times were kept."""
    last_seen: datetime | None
    """When it was last met."""
    closed_at: datetime | None
    """When the same capture, address or feed was processed well since; null: it still stands."""


def export_article(article: Article) -> ExportedArticle:
    """The export form of an article."""
    content = article.content
    return ExportedArticle(
        id=article.id,
        external_id=content.external_id,
        url=content.url,
        source=content.source,
        title=content.title,
        description=content.description,
        author=content.author,
        published=content.published,
        published_from=content.published_from,
        first_seen=article.first_seen,
        language=content.language,
        body=content.body,
        dropped=content.dropped,
        revision=article.revision,
        canonical_id=article.canonical_id,
        copies=article.copies,
        story_id=article.story_id,
        word_count=content.word_count,
    )


def export_story(story: Story) -> ExportedStory:
    """The export form of a story."""
    return ExportedStory(
        id=story.id,
        title=story.title,
        first_published=story.first_published,
        last_published=story.last_published,
        article_ids=story.article_ids,
        sources=story.sources,
        independent_sources=story.independent_sources,
    )


def export_alert(alert: Alert) -> ExportedAlert:
    """The export form of an alert."""
    return ExportedAlert(
        id=alert.id,
        rule_id=alert.rule_id,
        rule_version=alert.rule_version,
        story_id=alert.story_id,
        article_id=alert.article_id,
        matched_at=alert.matched_at,
        matches=alert.matches,
        state=alert.state,
    )


def export_quarantine(item: Quarantined) -> ExportedQuarantine:
    """The export form of a quarantined item."""
    return ExportedQuarantine(
        url=item.url,
        stage=item.stage,
        reason=item.reason,
        detail=item.detail,
        archive_record=item.archive_record,
        id=item.id,
        first_seen=item.first_seen,
        last_seen=item.last_seen,
        closed_at=None if item.is_open else item.closed_at,
    )
