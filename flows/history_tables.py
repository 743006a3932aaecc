"""View of the history of stories and copy groups for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from flows.console import Words, counted, headed, rows_table
from flows.story_tables import minute
from schemas.records import Grouping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.lineage.history import GroupEvent, Successors
    from schemas.records import Article


_TITLES = {Grouping.COPIES: "History of the copies (UTC)", Grouping.STORIES: "History of the story (UTC)"}


def history_view(events: Sequence[GroupEvent], named: Mapping[str, Article]) -> Group:
    """Return the merges, splits and new ids of a group, each with the other groups, named by their first articles."""
    table = rows_table("when", "what", "articles", "title and id", right=["articles"])
    for event in events:
        for number, other in enumerate(event.others):
            shown = ("", "", "") if number else (minute(event.at), event.kind, str(event.articles))
            first = named[other].content.title if other in named else None
            table.add_row(*shown, Group(Words(first or "(no title)", 2), Text(other, style="dim", no_wrap=True)))
    return headed(_TITLES[events[0].grouping], table)


def moved_line(story_id: str, successors: Successors) -> Text:
    """Return the line on a former story that names the stories its articles are in now."""
    since = f"since {minute(successors.since)} UTC"
    if len(successors.now) == 1:
        return Text(
            f"The story {story_id} is now part of {successors.now[0]}, {since}: wirepicket show {successors.now[0]}\n"
        )
    shown = ", ".join(f"wirepicket show {story}" for story in successors.now)
    return Text(f"The story {story_id} is now parts of {counted(len(successors.now), 'other')}, {since}: {shown}\n")
