"""Health of a feed, as a status word with advice. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.fetch.feed_state import FORGIVEN, MOVES_AFTER

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.records import FeedState

_SILENT = timedelta(days=60)
_ADVICE = {
    "http_401": "its server asks for a login: put user and password into its address",
    "http_403": "its server refuses the request: ask its publisher, set a contact",
    "http_404": "there is nothing at its address: look for the new address with feeds discover",
    "http_429": "its server reports too many requests: poll less often",
    "no_such_host": "its host name does not resolve: it is misspelt, or the site is gone",
    "private_address": "its address is in a private network: allow_nets can allow it",
    "not_modified": "its server always answers that nothing has changed: inform its publisher",
    "html": "the address is a web page: find its feed with feeds discover",
    "not_a_feed": "the document is not a feed: look for the feed with feeds discover",
}


def health(state: FeedState, now: datetime) -> tuple[str, str]:
    """Return the gravest status that applies to a feed, and advice (empty if there is none).

    The statuses, by gravity: ``retired``, ``failing`` (polled less often), ``stumbling`` (failed once), ``new``,
    ``degraded``, ``moved``, ``moving``, ``silent``, ``empty``, ``ok``.
    """
    return _trouble(state) or _oddity(state, now) or ("ok", "")


def _trouble(state: FeedState) -> tuple[str, str] | None:
    if state.retired_at:
        return "retired", (
            "gone for good (410): remove it from the list, look for its successor with feeds discover, "
            "or poll it again with feeds revive"
        )
    if state.failures:
        reason = (state.last_error or "").partition(":")[0]
        advice = _ADVICE.get(reason, "wait: it is polled again automatically")
        return "failing" if state.failures > FORGIVEN else "stumbling", advice
    if state.last_success is None:
        return "new", "not polled yet"
    if state.degraded:
        return "degraded", "the document is broken; its readable entries are used: inform its publisher"
    return None


def _oddity(state: FeedState, now: datetime) -> tuple[str, str] | None:
    if state.address and state.address != state.url:
        return "moved", f"write the new address into your list: {state.address}"
    if state.moved_to:
        return "moving", f"redirected for good to {state.moved_to}, {state.moved_runs} of {MOVES_AFTER} runs"
    if state.newest and now - state.newest > _SILENT:
        return "silent", f"nothing new since {state.newest:%Y-%m-%d}: is it still maintained?"
    return None if state.entries else ("empty", "the feed has no entries")
