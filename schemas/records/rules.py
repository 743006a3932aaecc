"""Alert rules. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Limit of how often a rule may send messages."""

    per: str = "story"
    window: str = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Conditions under which an alert that was sent gets another message."""

    by: tuple[str, ...] = ("source", "term")
    """``source``: a further independent outlet; ``term``: a further term of the rule."""
    articles: int | None = None
    """Number of matching articles that gives another message; ``None`` if their number does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTests:
    """Examples that belong to a rule."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alert rule, as written by its author."""

    id: str
    query: str
    severity: str = "medium"
    notify: tuple[str, ...] = ()
    """Names of notification channels."""
    throttle: Throttle = field(default_factory=Throttle)
    escalate: Escalation = field(default_factory=Escalation)
    tests: RuleTests = field(default_factory=RuleTests)
    description: str | None = None
