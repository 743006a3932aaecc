"""Progress of long work, on standard error and only where a person looks at it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.collect.feeds import FeedsTaken

POSTPONED_SHOWN = 20
"""Lines at most on pages left for a later run."""


class Reporter:
    """Shows bars and says what people should know. Results never go through it."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)

    def say(self, message: str) -> None:
        """A line on standard error, as it is."""
        self.console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def bar(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar; the function given is called with how many more are done. Nothing on a pipe or a log."""
        if not self.console.is_terminal or not total:
            yield lambda _: None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(description, total=total)
            yield lambda count: progress.advance(task, count)


def say_postponed(feeds: FeedsTaken, reporter: Reporter) -> None:
    """Say which pages and feeds are left for a later run, and why: a line a host and reason, most pages first."""
    for (host, why), pages in feeds.postponed.most_common(POSTPONED_SHOWN):
        reporter.say(f"wirepicket: {host}: {pages} pages left for a later run: {why}")
    if (more := len(feeds.postponed) - POSTPONED_SHOWN) > 0:
        reporter.say(f"wirepicket: … and pages of {more} more hosts")
    if feeds.unasked:
        reporter.say(f"wirepicket: {feeds.unasked} feeds were not asked; they are due in the next run")
