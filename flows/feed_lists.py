"""Reading of the feed list of a command, with warnings about its faults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from flows.progress import Reporter
    from pipelines.fetch.feed_list import FeedList

_SHOWN = 20
"""Largest number of lines for each kind of fault; the rest is counted."""


def listed_feeds(location: str | None) -> FeedList:
    """Return the feeds of a list or of one address; none for ``None``.

    Raises:
        ConfigurationError: the list cannot be read, or has no feed.
    """
    from pipelines.fetch.feed_list import FeedList, read_feed_list  # noqa: PLC0415 - lxml, only with feeds
    from pipelines.fetch.sources import feed_source  # noqa: PLC0415 - likewise

    if location is None:
        return FeedList(())
    if location.startswith(("http://", "https://")):
        try:
            return FeedList((feed_source(location),))
        except ValueError as error:
            raise ConfigurationError(f"--feeds: {error}") from error
    try:
        return read_feed_list(Path(location).read_bytes(), location)
    except OSError as error:
        raise ConfigurationError(f"{location}: {error.strerror}") from error


def warn_list_faults(listed: FeedList, reporter: Reporter) -> None:
    """Warn of the entries of a list that were repaired or left out."""
    for faults, action in ((listed.repaired, "repaired"), (listed.left_out, "left out")):
        for fault in faults[:_SHOWN]:
            reporter.say(f"wirepicket: {action}: {fault}")
        if len(faults) > _SHOWN:
            reporter.say(f"wirepicket: … and {len(faults) - _SHOWN} more {action}")
