"""Validators of conditional requests (RFC 9110, 8.8): their choice and their rejection. Pure.

A server that keeps answering "not modified" to a wrong validator would silence its feed for good. So a date ahead of
the clock is not sent back, every feed is fetched unconditionally once a day, and a feed whose entries change under the
same validators is fetched unconditionally from then on.
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
"""Time after which a feed is fetched unconditionally, even if it has validators."""
_CLOCK_SKEW = timedelta(minutes=5)
"""Largest accepted difference between a server's clock and ours."""
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Earliest plausible date of a feed; an earlier date comes from an unset clock."""
_MAX_LENGTH = 1_000
"""Maximum length of a validator in characters; servers refuse longer ones."""


def conditions(state: FeedState, now: datetime) -> dict[str, str]:
    """Return the headers of a conditional request for a feed; none if the whole document is wanted."""
    if state.validators_failed_at or state.read_at is None or now - state.read_at >= WHOLE_EVERY:
        return {}
    headers = {
        "If-None-Match": _sendable(state.etag),
        "If-Modified-Since": _plausible(_sendable(state.last_modified), now),
    }
    return {name: value for name, value in headers.items() if value}


def expect_condition(sent: Mapping[str, str]) -> None:
    """Check that "not modified" answers a conditional request.

    Raises:
        FetchError: ``not_modified`` if no condition was sent.
    """
    if not sent:
        raise FetchError("not_modified", "the server answered 304 to an unconditional request")


def with_validators(state: FeedState, answer: Response, feed: ParsedFeed) -> FeedState:
    """Return the state with the validators of a response that holds a whole document.

    If the entries have changed under the same validators, an event is added and validators are no longer sent.
    """
    now = answer.fetched_at
    etag = _sendable(answer.header("etag"))
    modified = _plausible(_sendable(answer.header("last-modified")), now)
    digest = entries_digest(feed)
    new = replace(state, etag=etag, last_modified=modified, read_at=now, entries_digest=digest)
    same = (etag or modified) and (etag, modified) == (state.etag, state.last_modified)
    if same and state.entries_digest not in (None, digest) and not state.validators_failed_at:
        shown = f"ETag {etag}" if etag else f"Last-Modified {modified}"
        detail = f"{shown} stayed the same while the entries changed: the feed is fetched unconditionally from now on"
        return with_event(replace(new, validators_failed_at=now), now, "validators", detail)
    return new


def entries_digest(feed: ParsedFeed) -> str:
    """Return the SHA-256 (hex) of the contents of a feed's entries, independent of their order."""
    contents = sorted(
        repr((entry.entry_id, entry.link, entry.title, entry.html, entry.published)) for entry in feed.entries
    )
    return sha256("\n".join(contents).encode("utf-8", "replace")).hexdigest()


def _sendable(value: str | None) -> str | None:
    """Return a validator if it can be sent back unchanged (printable ASCII of limited length), else ``None``."""
    usable = value is not None and value.isascii() and value.isprintable() and 0 < len(value) <= _MAX_LENGTH
    return value if usable else None


def _plausible(modified: str | None, now: datetime) -> str | None:
    """Return a ``Last-Modified`` value if its time is plausible: not before 1995 and not in the future."""
    if modified is None:
        return None
    try:
        moment = parsedate_to_datetime(modified)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return modified if _EARLIEST <= moment <= now + _CLOCK_SKEW else None
