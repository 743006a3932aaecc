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

    from pipelines.lineage.history import Moved, Turn
    from schemas.records import Article


_TITLES = {Grouping.COPIES: "History of the copies (UTC)", Grouping.STORIES: "History of the story (UTC)"}


def history_view(turns: Sequence[Turn], named: Mapping[str, Article]) -> Group:
    """Return the merges, splits and new ids of a group, each with the other groups, named by their first articles."""
    table = rows_table("when", "what", "articles", "title and id", right=["articles"])
    for turn in turns:
        for number, other in enumerate(turn.others):
            shown = ("", "", "") if number else (minute(turn.at), turn.what, str(turn.articles))
            first = named[other].content.title if other in named else None
            table.add_row(*shown, Group(Words(first or "(no title)", 2), Text(other, style="dim", no_wrap=True)))
    return headed(_TITLES[turns[0].grouping], table)


def moved_line(story_id: str, moved: Moved) -> Text:
    """Return the line on a former story that names the stories its articles are in now."""
    since = f"since {minute(moved.since)} UTC"
    if len(moved.now) == 1:
        return Text(f"The story {story_id} is now part of {moved.now[0]}, {since}: wirepicket show {moved.now[0]}\n")
    shown = ", ".join(f"wirepicket show {story}" for story in moved.now)
    return Text(f"The story {story_id} is now parts of {counted(len(moved.now), 'other')}, {since}: {shown}\n")
