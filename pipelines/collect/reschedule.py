"""Rescheduling of failed feeds and pages for the next run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.archive.captures import read_captures
from pipelines.collect.pages import MAX_RETRIES
from pipelines.errors import InputError
from pipelines.identify.url import SEED_SCHEME
from pipelines.stores.rejected import STAGE
from schemas.records import PageRetry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.archive.index import ArchiveIndex
    from pipelines.stores.protocol import Store
    from schemas.records import FeedState, Quarantined

_RETIRED = "its feed is retired: wirepicket feeds revive"
_NO_FEED = "the store knows no feed that led to it"


@dataclass(slots=True)
class Rescheduled:
    """Quarantined items that were rescheduled, and those that were not."""

    due: list[Quarantined] = field(default_factory=list)
    """Items whose feed or page the next run fetches."""
    left: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Items that cannot be rescheduled, each with the reason or the remedy."""


def make_due(
    store: Store, index: ArchiveIndex, archive: Path, items: Sequence[Quarantined], now: datetime
) -> Rescheduled:
    """Make the feeds and pages of quarantined items due in the next run, whatever their pauses."""
    rescheduled = Rescheduled()
    states = store.feed_states()
    changed: dict[str, FeedState] = {}
    for item in items:
        feed = item.url if item.url in states else _feed_of(item.url, index, archive, states)
        if feed is None or states[feed].retired_at:
            rescheduled.left.append((item, _RETIRED if feed else _remedy(item)))
            continue
        state = replace(changed.get(feed, states[feed]), due=None, not_before=None)
        changed[feed] = _without_validators(state) if feed == item.url else _with_page(state, item.url, now)
        rescheduled.due.append(item)
    store.put_feed_states([changed[url] for url in sorted(changed)])
    return rescheduled


def _feed_of(link: str, index: ArchiveIndex, archive: Path, states: dict[str, FeedState]) -> str | None:
    """Return the feed that listed a page, by the pages that wait in feed states or else by the page's capture."""
    waiting = next((url for url, state in states.items() if any(page.link == link for page in state.pages)), None)
    if waiting:
        return waiting
    held = index.latest([link]).get(link)
    try:
        captures = list(read_captures(archive, [held.ref])) if held else []
    except InputError:
        return None
    entry = captures[0][1].entry if captures else None
    return entry.feed_url if entry and entry.feed_url in states else None


def _without_validators(state: FeedState) -> FeedState:
    """Return a feed state without validators, so that the server sends the document even if it has not changed."""
    return replace(state, etag=None, last_modified=None)


def _with_page(state: FeedState, link: str, now: datetime) -> FeedState:
    others = tuple(page for page in state.pages if page.link != link)
    return replace(state, pages=(*others, PageRetry(link=link, attempts=1, not_before=now))[-MAX_RETRIES:])


def _remedy(item: Quarantined) -> str:
    if item.url.startswith(SEED_SCHEME):
        name = item.url.removeprefix(SEED_SCHEME).partition("#")[0]
        return f"mend the file and give it again: wirepicket run --seeds …/{name}"
    if item.stage == STAGE:
        return "it has no capture of its own: wirepicket replay stores everything again"
    return _NO_FEED
