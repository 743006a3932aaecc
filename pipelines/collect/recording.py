"""Recording of a collection pass in the store: failures, feed states, and failures that have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.identify.url import SEED_SCHEME
from pipelines.ingest.failures import close_feeds, close_seeds, renew_last_seen, settle
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.collect.feeds import FeedsTaken
    from pipelines.collect.intake import Intake
    from pipelines.stores.protocol import Store


def record_collected(store: Store, intake: Intake, feeds: FeedsTaken, seeds: Sequence[Path], started: datetime) -> None:
    """Record the results of a pass that began at ``started`` (UTC). Call it when all captures are in the archive."""
    failures = [*intake.quarantined, *feeds.failed]
    # Inputs without a capture reach the store only here.
    store.quarantine(failures)
    before = store.feed_states([state.url for state in feeds.states])
    # Only now, since all entries of the feeds are safe in the archive.
    store.put_feed_states(feeds.states)
    now = now_utc()
    settle(store, failures, (), now)
    close_feeds(store, feeds.states, before, read=feeds.read, started=started, noted=failures, now=now)
    close_seeds(store, {SEED_SCHEME + path.name for path in seeds}, failures, now)
    renew_last_seen(store, intake.unchanged, now)
