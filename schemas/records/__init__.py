"""The records that pass through wirepicket.

Every record is frozen and slotted. Times are aware datetimes in UTC, cut to whole seconds; ``None`` means
"unknown" and is never replaced by a guess. The JSON Schemas, the Elasticsearch mappings and the SQLite
tables follow from these classes; ``tests/unit/test_schema_forms.py`` checks that all agree.
"""

from __future__ import annotations

from datetime import UTC, datetime

# In the order in which data passes through the pipeline; the data dictionary has the same order.
# isort: off
from schemas.records.captures import Capture, CaptureRef, FeedEntry, MediaKind, ReadingOptions, SeenCapture, Trusted
from schemas.records.articles import (
    Article,
    ArticleContent,
    Block,
    DateDoubt,
    DroppedHit,
    DroppedLine,
    Extracted,
    LaidOut,
    Match,
    Observation,
    PublishedFrom,
    RevisionChange,
    Rewritten,
    RuleHit,
)
from schemas.records.groups import (
    CopyGroup,
    Fingerprint,
    GroupChange,
    Grouping,
    MemoryEntry,
    Placement,
    Regrouped,
    Story,
)
from schemas.records.rules import Escalation, Rule, RuleTests, Throttle
from schemas.records.alerts import Alert, AlertMatch, AlertOrigin, AlertState, MessageKind, OutboxMessage
from schemas.records.operations import (
    ExtractionDay,
    ExtractionSample,
    FeedEvent,
    FeedState,
    LearnedLine,
    PageRetry,
    Quarantined,
    RunRecord,
    StepCount,
)
# isort: on

__all__ = [
    "Alert",
    "AlertMatch",
    "AlertOrigin",
    "AlertState",
    "Article",
    "ArticleContent",
    "Block",
    "Capture",
    "CaptureRef",
    "CopyGroup",
    "DateDoubt",
    "DroppedHit",
    "DroppedLine",
    "Escalation",
    "Extracted",
    "ExtractionDay",
    "ExtractionSample",
    "FeedEntry",
    "FeedEvent",
    "FeedState",
    "Fingerprint",
    "GroupChange",
    "Grouping",
    "LaidOut",
    "LearnedLine",
    "Match",
    "MediaKind",
    "MemoryEntry",
    "MessageKind",
    "Observation",
    "OutboxMessage",
    "PageRetry",
    "Placement",
    "PublishedFrom",
    "Quarantined",
    "ReadingOptions",
    "Regrouped",
    "RevisionChange",
    "Rewritten",
    "Rule",
    "RuleHit",
    "RuleTests",
    "RunRecord",
    "SeenCapture",
    "StepCount",
    "Story",
    "Throttle",
    "Trusted",
    "now_utc",
]


def now_utc() -> datetime:
    """Return the current time in UTC, cut to whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
