"""What taking in came to, written to the store: failures, states of feeds, and which failures are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.identify.url import SEED_SCHEME
from pipelines.ingest.failures import close_feeds, close_seeds, meet_again, settle
from schemas.records import now_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.collect.feeds import FeedsTaken
    from pipelines.collect.intake import Intake
    from pipelines.stores.protocol import Store


def note_collected(store: Store, intake: Intake, feeds: FeedsTaken, seeds: Sequence[Path], started: datetime) -> None:
    """Write what a pass that ``started`` then has taken in, or could not. Call it when all of it is in the archive."""
    failures = [*intake.quarantined, *feeds.failed]
    # What never became a capture has no way into the store but this one.
    store.quarantine(failures)
    before = store.feed_states([state.url for state in feeds.states])
    # Not before everything that the feeds offered is safe in the archive.
    store.put_feed_states(feeds.states)
    now = now_utc()
    settle(store, failures, (), now)
    close_feeds(store, feeds.states, before, read=feeds.read, started=started, noted=failures, now=now)
    close_seeds(store, {SEED_SCHEME + path.name for path in seeds}, failures, now)
    meet_again(store, intake.unchanged, now)
