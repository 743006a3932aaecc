"""Validators of conditional requests (RFC 9110, 8.8): which are sent, and when a feed is asked without them. Pure.

A server that answers "not modified" to a validator that it made by mistake would silence its feed for good. So a date
ahead of the clock is not sent back, every feed is asked without conditions once a day, and one whose entries change
under the same validators is asked without them from then on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from pipelines.errors import FetchError
from pipelines.fetch.feed_events import with_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.fetch.client import Response
    from pipelines.fetch.feeds import ParsedFeed
    from schemas.records import FeedState

WHOLE_EVERY = timedelta(days=1)
"""Time after which a feed is asked for the whole document, whatever its validators are."""
_AHEAD = timedelta(minutes=5)
"""By so much the clocks of servers and ours may differ."""
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""The web's feeds are younger: an earlier date is that of an unset clock."""
_LONGEST = 1_000
"""Characters of a validator; longer ones are refused by servers."""


def conditions(state: FeedState, now: datetime) -> dict[str, str]:
    """Return the headers that make a request for a feed conditional; none where the whole document is wanted."""
    if state.validators_failed_at or state.read_at is None or now - state.read_at >= WHOLE_EVERY:
        return {}
    told = {
        "If-None-Match": _sendable(state.etag),
        "If-Modified-Since": _plausible(_sendable(state.last_modified), now),
    }
    return {name: value for name, value in told.items() if value}


def expect_condition(asked: Mapping[str, str]) -> None:
    """Check that "not modified" answers a condition. Raises ``FetchError`` (``not_modified``) where none was asked."""
    if not asked:
        raise FetchError("not_modified", "it answered 304, and nothing was asked on a condition")


def remembered(state: FeedState, answer: Response, feed: ParsedFeed) -> FeedState:
    """Return the state with the validators of an answer that brought a whole document.

    Where the entries have changed and no validator has, there is an event, and no validator is sent any more.
    """
    now = answer.fetched_at
    etag = _sendable(answer.header("etag"))
    modified = _plausible(_sendable(answer.header("last-modified")), now)
    digest = entries_digest(feed)
    new = replace(state, etag=etag, last_modified=modified, read_at=now, entries_digest=digest)
    same = (etag or modified) and (etag, modified) == (state.etag, state.last_modified)
    if same and state.entries_digest not in (None, digest) and not state.validators_failed_at:
        shown = f"ETag {etag}" if etag else f"Last-Modified {modified}"
        detail = f"{shown} stayed while the entries changed: the feed is asked without conditions from now on"
        return with_event(replace(new, validators_failed_at=now), now, "validators", detail)
    return new


def entries_digest(feed: ParsedFeed) -> str:
    """Return the SHA-256 of what the entries of a feed say, hex, whatever their order."""
    told = sorted(repr((one.entry_id, one.link, one.title, one.html, one.published)) for one in feed.entries)
    return sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()


def _sendable(value: str | None) -> str | None:
    """A validator that can be sent back as it came: printable ASCII."""
    usable = value is not None and value.isascii() and value.isprintable() and 0 < len(value) <= _LONGEST
    return value if usable else None


def _plausible(modified: str | None, now: datetime) -> str | None:
    """A ``Last-Modified`` that names a time of the web before now."""
    if modified is None:
        return None
    try:
        moment = parsedate_to_datetime(modified)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return modified if _EARLIEST <= moment <= now + _AHEAD else None
