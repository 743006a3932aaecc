"""Event log of a feed: its latest changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.records import FeedEvent

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.records import FeedState

KEPT_EVENTS = 20


def with_event(state: FeedState, at: datetime, change: str, detail: str) -> FeedState:
    """Return the state with a change added to its events; only the latest ``KEPT_EVENTS`` are kept."""
    event = FeedEvent(at=at, change=change, detail=detail[:300])
    return replace(state, events=(*state.events, event)[-KEPT_EVENTS:])
