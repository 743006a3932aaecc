"""The four forms that ``wirepicket export`` writes, one JSON object per line. Contract: fields and order stay.

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
    """An article: its current revision, copy group and story."""

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
    """Publication time as declared by the publisher."""
    published_from: PublishedFrom | None
    """Source of ``published``."""
    first_seen: datetime
    """Time of the first capture."""
    language: str | None
    """ISO 639-1, lower case."""
    body: str
    """Paragraphs joined by a blank line."""
    dropped: tuple[DroppedLine, ...]
    """Lines removed by cleaning, with the reason."""
    revision: int
    """1 for the first text; each change of the text adds 1."""
    canonical_id: str | None
    """Earliest article of its copy group; its own id if it is the earliest."""
    copies: tuple[str, ...]
    """On a canonical article: ids of the other articles of its group, sorted; empty on the others."""
    story_id: str | None
    word_count: int
    """Number of words in the body."""


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
    """Number of outlets, counted once per copy group: syndicated copies do not add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedAlert:
    """A match of one rule with one story."""

    id: str
    """Hash of rule and story."""
    rule_id: str
    rule_version: str
    story_id: str
    article_id: str
    """The first article that matched."""
    matched_at: datetime
    """Time at which the match was made, not of publication."""
    matches: tuple[AlertMatch, ...]
    """Every match in every article of the story."""
    state: AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedQuarantine:
    """An input that could not be processed, with the reason."""

    url: str
    stage: str
    """The step that failed: ``fetch``, ``feed``, ``seed``, ``extract``, ``store`` …"""
    reason: str
    """A short fixed word: ``empty``, ``binary``, ``http_404``, ``timeout`` …"""
    detail: str
    archive_record: str | None
    """Position of the input in the archive: ``FILE@OFFSET``."""
    id: str
    """Hash of ``url``, ``stage`` and ``reason``."""
    first_seen: datetime | None
    """Time of the first failure; null if it was recorded before such times were kept."""
    last_seen: datetime | None
    """Time of the latest failure."""
    closed_at: datetime | None
    """Time at which the same capture, address or feed was next processed without failure; null while it still fails."""


def export_article(article: Article) -> ExportedArticle:
    """Return the export form of an article."""
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
    """Return the export form of a story."""
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
    """Return the export form of an alert."""
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
    """Return the export form of a quarantined item."""
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
