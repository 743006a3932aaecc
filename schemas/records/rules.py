"""Alert rules. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How often a rule may speak."""

    per: str = "story"
    window: str = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What of a story that was told makes its alert worth another message."""

    by: tuple[str, ...] = ("source", "term")
    """``source``: a further independent outlet; ``term``: a further term of the rule."""
    articles: int | None = None
    """So many matching articles; ``None``: their number does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTests:
    """Examples which a rule carries with it."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alert rule as its author wrote it."""

    id: str
    query: str
    severity: str = "medium"
    notify: tuple[str, ...] = ()
    """Names of notification channels."""
    throttle: Throttle = field(default_factory=Throttle)
    escalate: Escalation = field(default_factory=Escalation)
    tests: RuleTests = field(default_factory=RuleTests)
    description: str | None = None
