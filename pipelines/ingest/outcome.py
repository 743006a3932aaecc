"""Outcomes of captures for their articles."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a capture for its article."""

    NEW = "new"
    REVISED = "revised"
    SEEN = "seen"
