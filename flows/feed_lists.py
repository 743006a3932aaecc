"""The feed list of a command: read, and what was wrong with it said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from flows.progress import Reporter
    from pipelines.fetch.feed_list import FeedList

_SAID = 20
"""Lines of each kind that are said; the rest is counted."""


def listed_feeds(told: str | None) -> FeedList:
    """Return the feeds of a list or of one address; none for ``None``.

    Raises:
        ConfigurationError: the list cannot be read, or has no feed.
    """
    from pipelines.fetch.feed_list import FeedList, read_feed_list  # noqa: PLC0415 - lxml, only with feeds
    from pipelines.fetch.sources import feed_source  # noqa: PLC0415 - likewise

    if told is None:
        return FeedList(())
    if told.startswith(("http://", "https://")):
        try:
            return FeedList((feed_source(told),))
        except ValueError as error:
            raise ConfigurationError(f"--feeds: {error}") from error
    try:
        return read_feed_list(Path(told).read_bytes(), told)
    except OSError as error:
        raise ConfigurationError(f"{told}: {error.strerror}") from error


def say_faults(listed: FeedList, reporter: Reporter) -> None:
    """Say on standard error what of a list was repaired and what was left out."""
    for faults, what in ((listed.repaired, "repaired"), (listed.left_out, "left out")):
        for fault in faults[:_SAID]:
            reporter.say(f"wirepicket: {what}: {fault}")
        if len(faults) > _SAID:
            reporter.say(f"wirepicket: … and {len(faults) - _SAID} more {what}")
