"""The policy of alert messages: channels, throttles and escalations of the rules in force."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from schemas.records import AlertOrigin, Escalation, Rule, Throttle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOG_CHANNEL = "log"
"""Channel of the JSON-lines file that records every alert, regardless of its rule's channels and throttle."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """The rules in force, the origin of alerts in the present run, and whether they cause messages."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Rules by id."""
    origin: AlertOrigin = AlertOrigin.LIVE
    sends_messages: bool = True
    """True if alerts cause messages; otherwise alerts are stored and nothing is sent."""

    @classmethod
    def of(cls, rules: Iterable[Rule], *, origin: AlertOrigin = AlertOrigin.LIVE, sends_messages: bool = True) -> Self:
        """Return the policy of the rules of a file."""
        return cls(rules={rule.id: rule for rule in rules}, origin=origin, sends_messages=sends_messages)

    def channels(self, rule_id: str) -> tuple[str, ...]:
        """Return the notification channels of a rule, the log first; none if the rule is no longer in the file."""
        rule = self.rules.get(rule_id)
        return tuple(dict.fromkeys((LOG_CHANNEL, *rule.notify))) if rule and self.sends_messages else ()

    def escalation(self, rule_id: str) -> Escalation:
        """Return the growth of an alert of a rule that causes another message."""
        rule = self.rules.get(rule_id)
        return rule.escalate if rule else Escalation()

    def severity(self, rule_id: str) -> str:
        """Return the severity of the alerts of a rule."""
        rule = self.rules.get(rule_id)
        return rule.severity if rule else Rule(id=rule_id, query="").severity

    def window(self, rule_id: str) -> timedelta:
        """Return the length of a rule's throttle window, in which no further message is sent."""
        rule = self.rules.get(rule_id)
        return window_of(rule.throttle if rule else Throttle())

    def topic(self, rule_id: str, channel: str, *, thread: str, source: str) -> str | None:
        """Return the throttle key of a message on a channel: by rule, story or first outlet; ``None`` for the log."""
        if channel == LOG_CHANNEL:
            return None
        rule = self.rules.get(rule_id)
        per = rule.throttle.per if rule else Throttle().per
        subject = {"story": thread, "source": source}.get(per, "")
        return digest("topic", rule_id, channel, per, subject)


def window_of(throttle: Throttle) -> timedelta:
    """Return the length of a throttle's window, such as ``30m`` or ``6h``."""
    return timedelta(**{_UNITS[throttle.window[-1]]: int(throttle.window[:-1])})


def digest(*parts: str) -> str:
    """Return an id computed from texts: the same parts always give the same id."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
