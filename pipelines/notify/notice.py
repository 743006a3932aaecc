"""Notices: the contents of messages to a channel, with one alert or a digest of several. ``render`` formats them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipelines.alerts.policy import digest
from pipelines.alerts.quotes import quotes
from pipelines.rules.rule_file import SEVERITIES
from schemas.export import export_alert
from schemas.records import AlertOrigin, MessageKind
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.policy import AlertPolicy
    from pipelines.alerts.quotes import Quote
    from schemas.records import Alert, Article, ArticleContent, OutboxMessage, Story

MAX_SENTENCES = 3
"""Sentences quoted per alert, unless more are needed to show every term; the alert has all sentences."""
MAX_ARTICLES = 5
"""Articles listed of those that cause an update."""
LATE = timedelta(days=1)
"""Time between publication and match from which a match is late, since news is read within a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An alert in a notice."""

    message_ids: tuple[str, ...]
    """Ids of the messages that this item combines."""
    kind: MessageKind
    reasons: tuple[str, ...]
    """Changes since the last message; empty for a new alert."""
    alert: Alert
    severity: str
    """``low``, ``medium``, ``high`` or ``critical``."""
    story: Story | None
    article: Article | None
    """The article that matched first."""
    brought: tuple[Article, ...] = ()
    """The articles that caused the changes, earliest first; empty for a new alert."""

    @property
    def title(self) -> str:
        """Title of the story, or else of the article."""
        title = (self.story and self.story.title) or (self.article and self.article.content.title)
        return " ".join((title or "(no title)").split())

    @property
    def about(self) -> tuple[Article, ...]:
        """The articles to list: those that caused the changes, or else the one that matched first."""
        return self.brought[:MAX_ARTICLES] or ((self.article,) if self.article else ())

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Distinct sentences that show every term, of the articles that caused the changes, or else of all articles."""
        brought = {article.id for article in self.brought[:MAX_ARTICLES]}
        matches = [match for match in self.alert.matches if match.article_id in brought] or self.alert.matches
        first_of: dict[str, str] = {}
        for match in matches:
            first_of.setdefault(match.sentence, match.article_id)
        return quotes((match for match in matches if first_of[match.sentence] == match.article_id), MAX_SENTENCES)

    @property
    def _shown(self) -> ArticleContent | None:
        return self.about[0].content if self.about else None

    @property
    def url(self) -> str | None:
        """Address of the first listed article."""
        return self._shown.url if self._shown else None

    @property
    def source(self) -> str | None:
        """Outlet of the first listed article."""
        return self._shown.source if self._shown else None

    @property
    def published(self) -> datetime | None:
        """Time of publication of the first listed article."""
        return self._shown.published if self._shown else None

    @property
    def late(self) -> bool:
        """True if a new alert matched long after the article was published."""
        return not self.brought and self.published is not None and self.alert.matched_at - self.published > LATE

    @property
    def articles(self) -> int:
        """Number of matching articles."""
        return len({self.alert.article_id, *(match.article_id for match in self.alert.matches)})

    @property
    def marks(self) -> tuple[str, ...]:
        """Labels of a message that is no new live alert: its kind and origin."""
        kind = () if self.kind is MessageKind.NEW else (self.kind.value,)
        origin = () if self.alert.origin is AlertOrigin.LIVE else (self.alert.origin.value,)
        return (*kind, *origin)

    def as_dict(self) -> dict[str, Any]:
        """Return the exported alert with the kind of message and the data of its first article.

        For an update, ``news`` has the data of the articles that caused it, with their sentences.
        """
        values: dict[str, Any] = {
            **to_dict(export_alert(self.alert)),
            "severity": self.severity,
            **_article_fields(self.article),
            "kind": self.kind.value,
            "reasons": list(self.reasons),
            "origin": self.alert.origin.value,
            "thread": self.alert.thread or self.alert.id,
        }
        if self.brought:
            values["news"] = [self._news(article) for article in self.brought[:MAX_ARTICLES]]
        return values

    def _news(self, article: Article) -> dict[str, Any]:
        sentences = [quote.sentence for quote in self.quotes if quote.article_id == article.id]
        return {"article_id": article.id, **_article_fields(article), "sentences": sentences}


def _article_fields(article: Article | None) -> dict[str, str | None]:
    content = article.content if article else None
    return {
        "title": content.title if content else None,
        "url": content.url if content else None,
        "source": content.source if content else None,
        "published": time_to_text(content.published) if content and content.published else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The content of one message to a channel."""

    message_id: str
    """Id of the notice; a repeat has the same id, so that a receiver can drop it."""
    items: tuple[Item, ...]
    """The alerts, at least one; each item has a different alert."""

    @property
    def first(self) -> Item:
        """The first item."""
        return self.items[0]

    @property
    def severity(self) -> str:
        """The highest severity of its items."""
        return max((item.severity for item in self.items), key=SEVERITIES.index)

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules of its alerts, sorted."""
        return tuple(sorted({item.alert.rule_id for item in self.items}))

    def as_dict(self) -> dict[str, Any]:
        """Return the id of the notice and all its alerts."""
        return {"message_id": self.message_id, "alerts": [item.as_dict() for item in self.items]}


def notice_of(
    messages: Sequence[OutboxMessage],
    alerts: Mapping[str, Alert],
    stories: Mapping[str, Story],
    articles: Mapping[str, Article],
    policy: AlertPolicy,
) -> Notice:
    """Return the notice of messages that are sent to a channel together.

    ``alerts``, ``stories`` and ``articles`` are those of the messages, by id; stories and articles may be missing.
    ``policy`` has the severities of the rules.
    """
    by_alert: defaultdict[str, list[OutboxMessage]] = defaultdict(list)
    for message in messages:
        by_alert[message.alert_id].append(message)
    items = []
    for alert_id, of_alert in by_alert.items():
        alert = alerts[alert_id]
        kinds = [message.kind for message in of_alert]
        new = MessageKind.NEW in kinds
        items.append(
            Item(
                message_ids=tuple(message.id for message in of_alert),
                kind=MessageKind.NEW if new else kinds[-1],
                # A new alert is shown in its present state, so earlier updates without a message are no changes.
                reasons=() if new else tuple(message.reason for message in of_alert if message.reason),
                alert=alert,
                severity=policy.severity(alert.rule_id),
                story=stories.get(alert.story_id),
                article=articles.get(alert.article_id),
                brought=() if new else _brought(of_alert, articles),
            )
        )
    ids = [message.id for message in messages]
    return Notice(message_id=ids[0] if len(ids) == 1 else digest("digest", *ids), items=tuple(items))


def _brought(messages: Sequence[OutboxMessage], articles: Mapping[str, Article]) -> tuple[Article, ...]:
    ids = dict.fromkeys(article_id for message in messages for article_id in message.article_ids)
    return tuple(articles[article_id] for article_id in ids if article_id in articles)
