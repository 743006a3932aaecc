"""What is said to a channel: one alert, or a digest of several. ``render`` writes it for people."""

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
"""Sentences quoted of an alert, more only where its terms need them; the alert has them all."""
MAX_ARTICLES = 5
"""Articles spoken of, of those that bring news at once."""
LATE = timedelta(days=1)
"""An article that is matched so long after it was published came late; news is read within a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One alert in a notice."""

    message_ids: tuple[str, ...]
    """Ids of the messages which this stands for."""
    kind: MessageKind
    reasons: tuple[str, ...]
    """What has changed since it was told; empty for a new one."""
    alert: Alert
    severity: str
    """``low``, ``medium``, ``high`` or ``critical``."""
    story: Story | None
    article: Article | None
    """The article that matched first."""
    brought: tuple[Article, ...] = ()
    """The articles that brought what has changed, earliest first; empty for a new alert."""

    @property
    def title(self) -> str:
        """Title of the story, or else of the article."""
        title = (self.story and self.story.title) or (self.article and self.article.content.title)
        return " ".join((title or "(no title)").split())

    @property
    def about(self) -> tuple[Article, ...]:
        """The articles that this speaks of: those that brought the news, or else the one that matched first."""
        return self.brought[:MAX_ARTICLES] or ((self.article,) if self.article else ())

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Sentences that show every term: of the articles that brought the news, or else of all, no sentence twice."""
        brought = {article.id for article in self.brought[:MAX_ARTICLES]}
        matches = [match for match in self.alert.matches if match.article_id in brought] or self.alert.matches
        first_of: dict[str, str] = {}
        for match in matches:
            first_of.setdefault(match.sentence, match.article_id)
        return quotes((one for one in matches if first_of[one.sentence] == one.article_id), MAX_SENTENCES)

    @property
    def _shown(self) -> ArticleContent | None:
        return self.about[0].content if self.about else None

    @property
    def url(self) -> str | None:
        """Address of the first article that this speaks of."""
        return self._shown.url if self._shown else None

    @property
    def source(self) -> str | None:
        """Its outlet."""
        return self._shown.source if self._shown else None

    @property
    def published(self) -> datetime | None:
        """When it was published."""
        return self._shown.published if self._shown else None

    @property
    def late(self) -> bool:
        """Whether it was matched long after it was published."""
        return not self.brought and self.published is not None and self.alert.matched_at - self.published > LATE

    @property
    def articles(self) -> int:
        """How many articles match."""
        return len({self.alert.article_id, *(match.article_id for match in self.alert.matches)})

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells this message apart from a plain new alert."""
        kind = () if self.kind is MessageKind.NEW else (self.kind.value,)
        origin = () if self.alert.origin is AlertOrigin.LIVE else (self.alert.origin.value,)
        return (*kind, *origin)

    def as_dict(self) -> dict[str, Any]:
        """Return the exported alert, the kind of message, and what is known of its first article.

        Where something has changed, ``news`` has the same, with sentences, of the articles that brought it.
        """
        told: dict[str, Any] = {
            **to_dict(export_alert(self.alert)),
            "severity": self.severity,
            **_told(self.article),
            "kind": self.kind.value,
            "reasons": list(self.reasons),
            "origin": self.alert.origin.value,
            "thread": self.alert.thread or self.alert.id,
        }
        if self.brought:
            told["news"] = [self._news(article) for article in self.brought[:MAX_ARTICLES]]
        return told

    def _news(self, article: Article) -> dict[str, Any]:
        sentences = [quote.sentence for quote in self.quotes if quote.article_id == article.id]
        return {"article_id": article.id, **_told(article), "sentences": sentences}


def _told(article: Article | None) -> dict[str, str | None]:
    content = article.content if article else None
    return {
        "title": content.title if content else None,
        "url": content.url if content else None,
        "source": content.source if content else None,
        "published": time_to_text(content.published) if content and content.published else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is sent to a channel at once."""

    message_id: str
    """Stays the same when the same is sent again: a receiver can drop repeats by it."""
    items: tuple[Item, ...]
    """At least one, each of another alert."""

    @property
    def first(self) -> Item:
        """The item, where there is only one."""
        return self.items[0]

    @property
    def severity(self) -> str:
        """The highest of its items."""
        return max((item.severity for item in self.items), key=SEVERITIES.index)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that speak, sorted."""
        return tuple(sorted({item.alert.rule_id for item in self.items}))

    def as_dict(self) -> dict[str, Any]:
        """The message's id and every alert."""
        return {"message_id": self.message_id, "alerts": [item.as_dict() for item in self.items]}


def notice_of(
    messages: Sequence[OutboxMessage],
    alerts: Mapping[str, Alert],
    stories: Mapping[str, Story],
    articles: Mapping[str, Article],
    policy: AlertPolicy,
) -> Notice:
    """What messages say that go to a channel as one, of alerts, their stories and articles by id.

    ``policy`` has the severities of the rules. Stories and articles may be missing.
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
                # A new alert is told as it is now, so what came to it before anybody was told is no change.
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
