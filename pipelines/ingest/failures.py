"""The life of a quarantined item: recorded on a failure, closed by a later success.

Two processes may process the same address, and the later success may be stored before the earlier failure. So a process
that stores a failure looks for a later success after writing, and a process that stores a success looks for earlier
failures after writing. At least one of the two sees the other's record.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.stores.rejected import STAGE
from schemas.records import MediaKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.stores.protocol import Store
    from schemas.records import FeedState, Quarantined, SeenCapture

SEED = "seed"
"""Stage of failures of a seed file or of a line of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A capture from which an article was extracted."""

    urls: tuple[str, ...]
    """Addresses under which its failure may be filed: the requested address, the article's, the archive record."""
    archive_record: str
    captured_at: datetime
    of_entry: bool = False
    """True if it is a feed entry's text in place of the page."""

    def closes(self, item: Quarantined) -> bool:
        """Return whether this success ends the failure of an item with one of the addresses."""
        # The feed's text may replace a page that could not be fetched or read. This is not a success of the page.
        if item.archive_record is None:
            return not self.of_entry and (item.last_seen is None or self.captured_at >= item.last_seen)
        if item.archive_record == self.archive_record:
            return True
        if self.of_entry and item.kind is not MediaKind.FEED_ENTRY:
            return False
        return item.captured_at is None or (self.captured_at, self.archive_record) > (
            item.captured_at,
            item.archive_record,
        )


def settle(store: Store, failures: Sequence[Quarantined], successes: Sequence[Success], now: datetime) -> None:
    """Close failures that have ended. Call it after the failures are quarantined and the captures marked as seen.

    Args:
        store: the store of both.
        failures: items just written; a later success may already be stored.
        successes: captures just stored.
        now: time of the closing, UTC.
    """
    named = {item.url for item in failures}
    standing = {item.key for item in failures}
    records = {item.archive_record for item in failures if item.archive_record}
    late = [_success(seen) for seen in store.seen(named).values() if seen.succeeded_at] if named else []
    by_url: defaultdict[str, list[Success]] = defaultdict(list)
    for success in (*successes, *late):
        for url in success.urls:
            by_url[url].append(success)

    def close(item: Quarantined) -> Quarantined:
        mended = [success.captured_at for success in by_url[item.url] if success.closes(item)]
        # The capture fails in another way than before: the new failure replaces the old one.
        other = item.archive_record in records and item.key not in standing and item.stage != STAGE
        if mended:
            return replace(_closed(item, now), mended_at=max(*mended, item.mended_at or mended[0]))
        return _closed(item, now) if other else item

    if named or by_url:
        store.amend_quarantine(named.union(by_url), lambda item: close(item) if item.is_open else item)
    _close_by_feeds(store, named, now)


def _success(seen: SeenCapture) -> Success:
    assert seen.succeeded_at is not None
    return Success(urls=(seen.url,), archive_record=seen.archive_record, captured_at=seen.succeeded_at)


def _close_by_feeds(store: Store, named: Collection[str], now: datetime) -> None:
    """Close failures of feeds that another process has fetched since."""
    read = {url: state.last_success for url, state in store.feed_states(named).items()} if named else {}

    def has_ended(item: Quarantined) -> bool:
        success = read.get(item.url)
        return success is not None and item.last_seen is not None and success > item.last_seen

    _close(store, read, has_ended, now)


def close_feeds(
    store: Store,
    states: Iterable[FeedState],
    before: Mapping[str, FeedState],
    *,
    read: Collection[str],
    started: datetime,
    noted: Collection[Quarantined],
    now: datetime,
) -> None:
    """Close failures of feeds that were fetched in a pass. Call it after their states are stored.

    Args:
        store: the store of the feed states.
        states: the feeds' states after the pass.
        before: the states before it, by address.
        read: addresses of the feeds whose document was read, rather than reported as unchanged.
        started: start of the pass, UTC.
        noted: failures of the pass itself.
        now: time of the closing, UTC.
    """
    succeeded = {state.url for state in states if state.last_success and state.last_success >= started}
    standing = {item.key for item in noted}

    def has_ended(item: Quarantined) -> bool:
        if item.key in standing:
            return False
        # The document has not changed since the last reading, and its faults have not either.
        last = before[item.url].last_success if item.url in before else None
        return item.url in read or last is None or item.last_seen is None or item.last_seen > last

    _close(store, succeeded.union(read), has_ended, now)


def close_seeds(store: Store, read: Collection[str], noted: Collection[Quarantined], now: datetime) -> None:
    """Close failures of seed files that no longer occur.

    Args:
        store: the store of the failures.
        read: addresses of the files that were read: ``seed:`` and a file's name.
        noted: current failures. For a file that could not be read to its end, no failure is closed.
        now: time of the closing, UTC.
    """
    standing = {item.key for item in noted}
    whole = {url for url in read if not any(item.url == url and item.stage == SEED for item in noted)}
    if not whole:
        return
    urls = {item.url for item in store.iter_quarantine() if item.stage == SEED and item.url.partition("#")[0] in whole}
    _close(store, urls, lambda item: item.stage == SEED and item.key not in standing, now)


def renew_last_seen(store: Store, unchanged: Iterable[SeenCapture], now: datetime) -> None:
    """Set ``last_seen`` of quarantined captures that a source offered once more, unchanged."""
    bad = {seen.url: seen.archive_record for seen in unchanged if not seen.article_id}

    def renew(item: Quarantined) -> Quarantined:
        return replace(item, last_seen=now) if item.is_open and item.archive_record == bad[item.url] else item

    if bad:
        store.amend_quarantine(bad, renew)


def _close(store: Store, urls: Collection[str], has_ended: Callable[[Quarantined], bool], now: datetime) -> None:
    if urls:
        store.amend_quarantine(urls, lambda item: _closed(item, now) if item.is_open and has_ended(item) else item)


def _closed(item: Quarantined, now: datetime) -> Quarantined:
    made = [time for time in (item.captured_at, item.mended_at) if time]
    return replace(item, closed_at=max(now, item.last_seen or now), mended_at=max(made, default=None))
