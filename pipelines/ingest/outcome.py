"""What a capture meant for its article."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a capture meant for its article."""

    NEW = "new"
    REVISED = "revised"
    SEEN = "seen"
