"""Tables for people."""

from __future__ import annotations

from datetime import timedelta

from flows.console import Output
from flows.quote_tables import quoted
from flows.story_tables import stories_table
from schemas.records import Match, Story
from tests.synthetic import DAY


def story(title: str, days: int) -> Story:
    return Story(
        id=title.lower(),
        title=title,
        first_published=DAY,
        last_published=DAY + timedelta(days=days),
        article_ids=("a", "b"),
        sources=("A",),
        independent_sources=1,
        first_source=None,
    )


def test_what_is_quoted_stays_below_its_title() -> None:
    match = Match(field="body", sentence="Crews moved. " * 12, start=0, end=5, form="Crews", term="crew")
    for console in (Output(width=60), Output()):
        with console.capture() as said:
            console.print(quoted(match))
        lines = said.get().splitlines()
        assert (len(lines) > 1) is (console.width == 60)
        assert all(line.startswith("    ") and line == line.rstrip() for line in lines)


def test_a_story_of_several_days_says_so() -> None:
    piped = Output()
    with piped.capture() as said:
        piped.print(stories_table([story("Long", 3), story("Short", 0)], "Stories"))
    assert [line.split() for line in said.get().splitlines()[2:]] == [
        ["2026-06-01", "to", "2026-06-04", "2", "1", "1", "Long", "long"],
        ["2026-06-01", "2", "1", "1", "Short", "short"],
    ]
