"""What is said about an alert: one form for people, one for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.export import export_alert
from schemas.serial import to_dict

if TYPE_CHECKING:
    from schemas.records import Alert, Article, Story

_MAX_TITLE = 200
"""Characters of a story's title in a message's subject; mail programs and chat windows cut there anyway."""
_MAX_SENTENCES = 3
"""Sentences quoted; the alert has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message with all that a channel needs to write it."""

    message_id: str
    """Stays the same when a message is repeated: a receiver can drop repeats by it."""
    alert: Alert
    severity: str
    """``low``, ``medium``, ``high`` or ``critical``."""
    story: Story | None
    article: Article | None
    """The article that matched first."""

    @property
    def title(self) -> str:
        """One line: severity, rule, story."""
        return f"[{self.severity}] {self.alert.rule_id}: {self._story_title[:_MAX_TITLE]}"

    @property
    def _story_title(self) -> str:
        title = (self.story and self.story.title) or (self.article and self.article.content.title)
        return " ".join((title or "(no title)").split())

    @property
    def text(self) -> str:
        """The sentences that matched and what in them did, the address, how many sources, and the ids."""
        lines: list[str] = []
        seen: set[str] = set()
        for match in self.alert.matches:
            if match.sentence in seen or len(seen) == _MAX_SENTENCES:
                continue
            seen.add(match.sentence)
            meant = "" if match.form == match.term else f" (for {match.term})"
            lines += [f"“{' '.join(match.sentence.split())}”", f"    matched: {match.form}{meant}"]
        if self.article:
            source = f" ({self.article.content.source})" if self.article.content.source else ""
            lines.append(f"{self.article.content.url}{source}")
        if self.story:
            count = self.story.independent_sources
            lines.append(f"{count} independent source{'' if count == 1 else 's'}")
        lines.append(f"alert {self.alert.id}, message {self.message_id}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The exported alert with the message's id and the article's title, address and source."""
        content = self.article.content if self.article else None
        return {
            "message_id": self.message_id,
            **to_dict(export_alert(self.alert)),
            "severity": self.severity,
            "title": content.title if content else None,
            "url": content.url if content else None,
            "source": content.source if content else None,
        }
