"""The health of a feed in a word, and what to do about it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.fetch.feed_state import FORGIVEN, MOVES_AFTER

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.records import FeedState

_SILENT = timedelta(days=60)
_ADVICE = {
    "http_401": "it asks for a login: put user and password into its address",
    "http_403": "it refuses us: ask its publisher, set a contact",
    "http_404": "it is not there: look for its new address with feeds discover",
    "http_429": "it has had too many requests: poll less often",
    "no_such_host": "its host has no address: a spelling mistake, or the site is gone",
    "private_address": "it lies in a private network: allow_nets can allow it",
    "not_modified": "its server says that nothing has changed whatever it is asked: tell its publisher",
    "html": "the address is a page's: find its feed with feeds discover",
    "not_a_feed": "the address is not a feed's: look for it with feeds discover",
}


def health(state: FeedState, now: datetime) -> tuple[str, str]:
    """The health of a feed, the gravest word for it, and advice (empty where there is none to give).

    ``retired``, ``failing`` (it is asked less often), ``stumbling`` (it failed once), ``new``, ``degraded``,
    ``moved``, ``moving``, ``silent``, ``empty``, ``ok``.
    """
    return _trouble(state) or _oddity(state, now) or ("ok", "")


def _trouble(state: FeedState) -> tuple[str, str] | None:
    if state.retired_at:
        return "retired", (
            "gone for good (410): take it off the list, look for its successor with feeds discover, "
            "or have it asked again with feeds revive"
        )
    if state.failures:
        reason = (state.last_error or "").partition(":")[0]
        advice = _ADVICE.get(reason, "wait: it is asked again by itself")
        return "failing" if state.failures > FORGIVEN else "stumbling", advice
    if state.last_success is None:
        return "new", "not asked yet"
    if state.degraded:
        return "degraded", "the document is broken; what can be read is read: tell its publisher"
    return None


def _oddity(state: FeedState, now: datetime) -> tuple[str, str] | None:
    if state.address and state.address != state.url:
        return "moved", f"write the new address into your list: {state.address}"
    if state.moved_to:
        return "moving", f"redirected for good to {state.moved_to}, {state.moved_runs} of {MOVES_AFTER} runs"
    if state.newest and now - state.newest > _SILENT:
        return "silent", f"nothing new since {state.newest:%Y-%m-%d}: has it been given up?"
    return None if state.entries else ("empty", "it has no entry")
