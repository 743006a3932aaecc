"""What rules want said of their alerts, and to whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from schemas.records import AlertOrigin, Escalation, Rule, Throttle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOG_CHANNEL = "log"
"""The JSON-lines file which every alert goes to, whatever its rule names. It is a record: no throttle holds it back."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """The rules in force, what the present work on articles is, and whether it speaks."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    """By id."""
    origin: AlertOrigin = AlertOrigin.LIVE
    speaks: bool = True
    """Whether there are messages at all: without, alerts are kept and nothing is sent."""

    @classmethod
    def of(cls, rules: Iterable[Rule], *, origin: AlertOrigin = AlertOrigin.LIVE, speaks: bool = True) -> Self:
        """The policy of the rules of a file."""
        return cls(rules={rule.id: rule for rule in rules}, origin=origin, speaks=speaks)

    def channels(self, rule_id: str) -> tuple[str, ...]:
        """The notification channels of a rule, the log first; none for one that is no longer in the file."""
        rule = self.rules.get(rule_id)
        return tuple(dict.fromkeys((LOG_CHANNEL, *rule.notify))) if rule and self.speaks else ()

    def escalation(self, rule_id: str) -> Escalation:
        """What of its alerts is worth another message."""
        rule = self.rules.get(rule_id)
        return rule.escalate if rule else Escalation()

    def severity(self, rule_id: str) -> str:
        """How urgent the alerts of a rule are."""
        rule = self.rules.get(rule_id)
        return rule.severity if rule else Rule(id=rule_id, query="").severity

    def window(self, rule_id: str) -> timedelta:
        """How long a rule is quiet after it has spoken."""
        rule = self.rules.get(rule_id)
        return window_of(rule.throttle if rule else Throttle())

    def topic(self, rule_id: str, channel: str, *, thread: str, source: str) -> str | None:
        """What the throttle of a rule counts by on a channel: the rule, the story, or the outlet that was first."""
        if channel == LOG_CHANNEL:
            return None
        rule = self.rules.get(rule_id)
        per = rule.throttle.per if rule else Throttle().per
        subject = {"story": thread, "source": source}.get(per, "")
        return digest("topic", rule_id, channel, per, subject)


def window_of(throttle: Throttle) -> timedelta:
    """The length of a throttle's window, ``30m`` or ``6h``."""
    return timedelta(**{_UNITS[throttle.window[-1]]: int(throttle.window[:-1])})


def digest(*parts: str) -> str:
    """An id made of texts: the same parts always give the same."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
