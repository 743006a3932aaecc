"""Warnings on standard error about inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from pipelines.collect.feeds import FeedsTaken
    from schemas.records import Quarantined

SHOWN = 20
"""Largest number of lines for each kind of warning; the rest is counted."""


def warn_quarantined(items: Sequence[Quarantined], reporter: Reporter) -> None:
    """Name the first inputs that went to quarantine, and count the rest."""
    for item in items[:SHOWN]:
        reporter.say(f"wirepicket: {item.url}: {item.stage}: {item.reason}: {item.detail}")
    if len(items) > SHOWN:
        reporter.say(f"wirepicket: … and {len(items) - SHOWN} more; see wirepicket quarantine list")


def warn_left_out(inputs: Inputs, reporter: Reporter) -> None:
    """Warn of files in seed folders that no reader takes, by kind, and of seeds without any seed file."""
    if inputs.left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in inputs.left_out)
        reporter.say(f"wirepicket: left out: {kinds}")
    if inputs.nothing_read:
        reporter.say("wirepicket: --seeds names no seed file")


def warn_not_asked(feeds: FeedsTaken, reporter: Reporter) -> None:
    """Name the first feeds that were not asked, with the reason, and count the rest."""
    for url, why in feeds.passed_over[:SHOWN]:
        reporter.say(f"wirepicket: {url}: not asked: {why}")
    if (more := len(feeds.passed_over) - SHOWN) > 0:
        reporter.say(f"wirepicket: … and {more} more feeds were not asked")


def warn_postponed(feeds: FeedsTaken, reporter: Reporter) -> None:
    """Warn of pages and feeds left for a later run: a line for each host and reason, most pages first."""
    for (host, why), pages in feeds.postponed.most_common(SHOWN):
        reporter.say(f"wirepicket: {host}: {pages} pages left for a later run: {why}")
    if (more := len(feeds.postponed) - SHOWN) > 0:
        reporter.say(f"wirepicket: … and pages of {more} more hosts")
    if feeds.unasked:
        reporter.say(f"wirepicket: {feeds.unasked} feeds were not asked; they are due in the next run")
