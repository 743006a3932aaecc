"""Making feeds and pages due again that could not be had: the next run asks for them."""

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
class MadeDue:
    """What became of items that are to be had again."""

    due: list[Quarantined] = field(default_factory=list)
    left: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Items for which nothing can be done from here, and why."""


def make_due(store: Store, index: ArchiveIndex, archive: Path, items: Sequence[Quarantined], now: datetime) -> MadeDue:
    """Have the next run ask for the feeds and pages of quarantined items, whatever their pauses."""
    made = MadeDue()
    states = store.feed_states()
    changed: dict[str, FeedState] = {}
    for item in items:
        feed = item.url if item.url in states else _feed_of(item.url, index, archive, states)
        if feed is None or states[feed].retired_at:
            made.left.append((item, _RETIRED if feed else _why_not(item)))
            continue
        state = replace(changed.get(feed, states[feed]), due=None, not_before=None)
        changed[feed] = _asked_anew(state) if feed == item.url else _with_page(state, item.url, now)
        made.due.append(item)
    store.put_feed_states([changed[url] for url in sorted(changed)])
    return made


def _feed_of(link: str, index: ArchiveIndex, archive: Path, states: dict[str, FeedState]) -> str | None:
    """The feed that led to a page, by what it waits for or else by what the archive has of the page."""
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


def _asked_anew(state: FeedState) -> FeedState:
    """A feed whose document is to be sent whole, though it may not have changed."""
    return replace(state, etag=None, last_modified=None)


def _with_page(state: FeedState, link: str, now: datetime) -> FeedState:
    others = tuple(page for page in state.pages if page.link != link)
    return replace(state, pages=(*others, PageRetry(link=link, attempts=1, not_before=now))[-MAX_RETRIES:])


def _why_not(item: Quarantined) -> str:
    if item.url.startswith(SEED_SCHEME):
        name = item.url.removeprefix(SEED_SCHEME).partition("#")[0]
        return f"mend the file and give it again: wirepicket run --seeds …/{name}"
    if item.stage == STAGE:
        return "it has no capture of its own: wirepicket replay stores everything again"
    return _NO_FEED
