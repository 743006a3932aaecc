"""Everything that was left out is named or counted on standard error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.input_warnings import SHOWN, warn_not_asked, warn_postponed, warn_quarantined
from flows.progress import Reporter
from pipelines.collect.feeds import FeedsTaken
from schemas.records import Quarantined


class Lines(Reporter):
    """A reporter that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)


def counted(lines: list[str], names: list[str]) -> int:
    """Return how many names stand in the lines, plus the count of the line "… and N more"."""
    named = sum(any(name in line for line in lines) for name in names)
    rest = [int(word) for line in lines if line.startswith("wirepicket: …") for word in line.split() if word.isdigit()]
    return named + sum(rest)


@given(st.integers(0, 3 * SHOWN))
def test_feeds_that_were_not_asked_are_named_or_counted(number: int) -> None:
    urls = [f"https://outlet-{index:03}.example/feed" for index in range(number)]
    lines = Lines()
    warn_not_asked(FeedsTaken(passed_over=[(url, "it failed") for url in urls]), lines)
    assert counted(lines.lines, urls) == number


@given(st.integers(0, 3 * SHOWN))
def test_quarantined_inputs_are_named_or_counted(number: int) -> None:
    urls = [f"https://outlet-{index:03}.example/page" for index in range(number)]
    lines = Lines()
    warn_quarantined([Quarantined(url=url, stage="fetch", reason="gone", detail="404") for url in urls], lines)
    assert counted(lines.lines, urls) == number


@pytest.mark.parametrize("hosts", [0, 1, SHOWN, SHOWN + 7])
def test_hosts_with_postponed_pages_are_named_or_counted(hosts: int) -> None:
    taken = FeedsTaken()
    names = [f"outlet-{index:03}.example" for index in range(hosts)]
    for name in names:
        taken.postponed[name, "too many pages"] += 2
    lines = Lines()
    warn_postponed(taken, lines)
    assert counted(lines.lines, names) == hosts
