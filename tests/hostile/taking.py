"""Taking in feeds as a run does, without what comes after: archive, journal and store are the real ones."""

from __future__ import annotations

import ipaddress
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import Pending
from pipelines.archive.warc import ArchiveWriter
from pipelines.collect.feeds import FeedsTaken, take_feeds
from pipelines.collect.intake import Intake
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.sources import feed_source
from pipelines.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@contextmanager
def intake_of(home: Path) -> Iterator[Intake]:
    """Everything that a run opens, in its order."""
    archive = home / "archive"
    with (
        SqliteStore(home / "store.db") as store,
        ArchiveIndex(archive) as index,
        Pending(archive, "the store") as pending,
        ArchiveWriter(archive) as writer,
    ):
        store.setup()
        yield Intake(index=index, writer=writer, pending=pending, store=store)


def take(home: Path, urls: Sequence[str]) -> tuple[FeedsTaken, Intake]:
    """One taking in of feeds; their states are remembered, and the captures wait for processing."""
    policy = FetchPolicy(allowed_networks=(LOOPBACK,), cache=home / "cache")
    with intake_of(home) as intake:
        taken = take_feeds([feed_source(url) for url in urls], [], intake, policy, lambda _: None)
        assert intake.store is not None
        intake.store.put_feed_states(taken.states)
    return taken, intake
