"""What is said to a channel: one alert, or a digest of several. ``render`` writes it for people."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipelines.alerts.policy import digest
from pipelines.alerts.rule_file import SEVERITIES
from schemas.export import export_alert
from schemas.records import AlertOrigin, MessageKind
from schemas.serial import time_to_text, to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.alerts.policy import AlertPolicy
    from schemas.records import Alert, AlertMatch, Article, OutboxMessage, Story

MAX_SENTENCES = 3
"""Sentences quoted of an alert; the alert has them all."""
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

    @property
    def title(self) -> str:
        """Title of the story, or else of the article."""
        title = (self.story and self.story.title) or (self.article and self.article.content.title)
        return " ".join((title or "(no title)").split())

    @property
    def quotes(self) -> tuple[AlertMatch, ...]:
        """The first places that matched, none of a sentence twice."""
        by_sentence: dict[str, AlertMatch] = {}
        for match in self.alert.matches:
            by_sentence.setdefault(match.sentence, match)
        return tuple(by_sentence.values())[:MAX_SENTENCES]

    @property
    def url(self) -> str | None:
        """Address of the article that matched first."""
        return self.article.content.url if self.article else None

    @property
    def source(self) -> str | None:
        """Its outlet."""
        return self.article.content.source if self.article else None

    @property
    def published(self) -> datetime | None:
        """When it was published."""
        return self.article.content.published if self.article else None

    @property
    def late(self) -> bool:
        """Whether it was matched long after it was published."""
        return self.published is not None and self.alert.matched_at - self.published > LATE

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
        """The exported alert, what kind of message it is, and the article's title, address, source and time."""
        content = self.article.content if self.article else None
        return {
            **to_dict(export_alert(self.alert)),
            "severity": self.severity,
            "title": content.title if content else None,
            "url": self.url,
            "source": self.source,
            "published": time_to_text(self.published) if self.published else None,
            "kind": self.kind.value,
            "reasons": list(self.reasons),
            "origin": self.alert.origin.value,
            "thread": self.alert.thread or self.alert.id,
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
    """What messages say that go to a channel as one, of alerts, their stories and first articles by id.

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
            )
        )
    ids = [message.id for message in messages]
    return Notice(message_id=ids[0] if len(ids) == 1 else digest("digest", *ids), items=tuple(items))
