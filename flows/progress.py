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

    from pipelines.archive.copying import Copied


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


_SHOWN = 5
"""Problems of a round that are said; they are often of one kind."""


def say_problems(reporter: Reporter, done: Copied) -> None:
    """Say what could not be copied, the first few of it."""
    for problem in done.problems[:_SHOWN]:
        reporter.say(f"wirepicket: {problem}")
    if len(done.problems) > _SHOWN:
        reporter.say(f"wirepicket: … and {len(done.problems) - _SHOWN} files more")
    if done.problems:
        reporter.say("Nothing is lost: what is lacking is copied later.")
