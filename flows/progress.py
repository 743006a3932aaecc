"""Progress bars and messages on standard error. Bars appear only in a terminal."""

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
    """Progress bars and messages for people, on standard error. Results never go through it."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)

    def say(self, message: str) -> None:
        """Print a message on standard error, unwrapped and without markup."""
        self.console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def bar(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a progress bar; yields a function that takes the number of further items done.

        Nothing is shown if standard error is a pipe or a file.
        """
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
"""Problems of a round that are printed; they are often of the same kind."""


def warn_copy_problems(reporter: Reporter, done: Copied) -> None:
    """Warn of files that could not be copied: the first few by name, the rest as a count."""
    for problem in done.problems[:_SHOWN]:
        reporter.say(f"wirepicket: {problem}")
    if len(done.problems) > _SHOWN:
        reporter.say(f"wirepicket: … and {len(done.problems) - _SHOWN} more files")
    if done.problems:
        reporter.say("Nothing is lost: the next round copies the missing files.")
