"""Updates of a feed's state after a response or a failure. Pure: the caller gives the times.

A feed whose requests fail is polled less and less often and recovers by itself. A permanent redirect changes the
address of a feed after it has led to the same target in several runs; a temporary redirect never does. A 410 retires
the feed. The polling interval follows the dates of the feed's entries.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pipelines.fetch.client import AnswerError
from pipelines.fetch.feed_events import with_event
from pipelines.fetch.headers import max_age
from pipelines.fetch.validators import with_validators

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.errors import InputError
    from pipelines.fetch.client import Response
    from pipelines.fetch.feeds import ParsedFeed
    from schemas.records import FeedState

FORGIVEN = 1
"""Consecutive failures after which the next run polls without a wait: one may be an accident."""
BACKOFF_FIRST = timedelta(minutes=5)
BACKOFF_LAST = timedelta(hours=24)
MOVES_AFTER = 3
"""Consecutive runs in which permanent redirects must have the same target: a server's mistake is short-lived."""
RETURNS_AFTER = 5
"""Consecutive failures at a new address after which the address in the list is tried again."""
SHORTEST = timedelta(minutes=10)
"""Shortest polling interval. Even feeds of news agencies hold the last hour and more."""
LONGEST = timedelta(hours=12)
"""Longest polling interval: news of the morning is known in the evening."""
INITIAL = timedelta(hours=1)
"""Polling interval of a feed without history."""
GONE = 410
_GROWTH = 1.25
"""Factor by which the polling interval grows if nothing was new."""


@dataclass(frozen=True, slots=True)
class Polling:
    """The decision whether a feed is polled now."""

    ask: bool
    skip_reason: str | None = None


def polling(state: FeedState, now: datetime, *, only_due: bool = False) -> Polling:
    """Decide whether to poll a feed; with ``only_due`` a feed that is not yet due is skipped too."""
    if state.retired_at:
        return Polling(ask=False, skip_reason="retired: it answered 410, gone for good")
    if state.not_before and state.not_before > now:
        return Polling(
            ask=False, skip_reason=f"held off until {state.not_before:%Y-%m-%dT%H:%M:%SZ}: {state.last_error}"
        )
    if only_due and state.due and state.due > now:
        return Polling(ask=False, skip_reason=f"not due until {state.due:%Y-%m-%dT%H:%M:%SZ}")
    return Polling(ask=True)


def succeeded(state: FeedState, answer: Response, feed: ParsedFeed | None) -> FeedState:
    """Return the state after a response; ``feed`` is ``None`` for "not modified"."""
    now = answer.fetched_at
    new = replace(
        _moved(state, answer), last_success=now, last_attempt=now, failures=0, last_error=None, not_before=None
    )
    if state.failures:
        new = with_event(new, now, "recovered", f"after {state.failures} consecutive failures")
    if feed is not None:
        new = with_validators(new, answer, feed)
        new = replace(
            new,
            title=feed.title or state.title,
            entries=len(feed.entries),
            degraded=feed.degraded,
            hub=feed.hub,
            topic=feed.topic,
        )
        if bool(feed.degraded) != bool(state.degraded):
            change = ("degraded", feed.degraded) if feed.degraded else ("mended", state.degraded)
            new = with_event(new, now, change[0], change[1] or "")
    dates = [entry.published for entry in feed.entries if entry.published and entry.published <= now] if feed else []
    newest = max(dates, default=None)
    fresh = bool(newest and (state.newest is None or newest > state.newest))
    seconds = polling_interval(state.poll_seconds, dates, fresh=fresh)
    wait = max(seconds, min(max_age(answer.header("cache-control")) or 0, int(LONGEST.total_seconds())))
    return replace(
        new,
        newest=newest if fresh else state.newest,
        poll_seconds=seconds,
        due=now + timedelta(seconds=wait),
    )


def polling_interval(current: int | None, dates: Sequence[datetime], *, fresh: bool) -> int:
    """Return the seconds to the next request, between ``SHORTEST`` and ``LONGEST``.

    With new entries it is half the median time between the entries, so that no entry waits long. Without new entries
    it is the current interval times 1.25.
    """
    floor, ceiling = int(SHORTEST.total_seconds()), int(LONGEST.total_seconds())
    if current is not None and not fresh:
        return min(max(int(current * _GROWTH), floor), ceiling)
    ordered = sorted(dates)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(ordered)]
    if not gaps:
        return current or int(INITIAL.total_seconds())
    return min(max(int(median(gaps) / 2), floor), ceiling)


def failed(state: FeedState, error: InputError, now: datetime, jitter: random.Random | None = None) -> FeedState:
    """Return the state after a failure."""
    failures = state.failures + 1
    new = replace(state, last_attempt=now, failures=failures, last_error=str(error), moved_to=None, moved_runs=0)
    if isinstance(error, AnswerError) and error.status == GONE:
        return with_event(replace(new, retired_at=now), now, "retired", str(error))
    wait = backoff(failures, jitter or random.Random())  # noqa: S311 - not for cryptography
    not_before = now + wait if wait else None
    if isinstance(error, AnswerError) and error.retry_at:
        not_before = max(error.retry_at, not_before or error.retry_at)
    if _reason(state.last_error) != error.reason:
        new = with_event(new, now, "failed", str(error))
    if state.address and failures == RETURNS_AFTER:
        new = with_event(replace(new, address=None), now, "moved", f"back to {state.url}: the new address fails")
    return replace(new, not_before=not_before)


def revived(state: FeedState, now: datetime) -> FeedState:
    """Return the state of a retired feed that answers again: the next run polls it like a new feed."""
    back = replace(
        state,
        retired_at=None,
        failures=0,
        last_error=None,
        not_before=None,
        due=None,
        etag=None,
        last_modified=None,
        validators_failed_at=None,
    )
    return with_event(back, now, "revived", "it answers again")


def backoff(failures: int, jitter: random.Random) -> timedelta | None:
    """Return the wait before the next request: doubled with each failure, then reduced at random by up to half.

    Jitter keeps feeds that failed together from being polled together again. This is Amazon's "equal jitter"; its
    "full jitter" may give a wait of almost zero. ``None`` means no wait.
    """
    if failures <= FORGIVEN:
        return None
    doubled = BACKOFF_FIRST.total_seconds() * 2 ** min(failures - FORGIVEN - 1, 20)
    whole = min(doubled, BACKOFF_LAST.total_seconds())
    return timedelta(seconds=int(whole / 2 + jitter.random() * whole / 2))


def _moved(state: FeedState, answer: Response) -> FeedState:
    target = answer.moved_to
    if target is None or target == (state.address or state.url):
        return replace(state, moved_to=None, moved_runs=0)
    runs = state.moved_runs + 1 if target == state.moved_to else 1
    if runs < MOVES_AFTER:
        return replace(state, moved_to=target, moved_runs=runs)
    moved = replace(state, address=target, moved_to=None, moved_runs=0, etag=None, last_modified=None)
    return with_event(moved, answer.fetched_at, "moved", f"to {target}, permanent redirects in {runs} consecutive runs")


def _reason(error: str | None) -> str | None:
    return error.partition(":")[0] if error else None
