"""What became of copy groups and stories: when they were joined, parted or renamed, and where an old id leads.

Told from the changes that the store keeps (``schemas.records.GroupChange``), when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.records import Grouping, Regrouped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import Article, GroupChange


class Turned(StrEnum):
    """What happened to a group, seen from it."""

    JOINED_BY = "joined by"
    MADE_OF = "made of"
    """Others, of which none gave it its id: an earlier member has come with the join."""
    WENT_INTO = "went into"
    PARTED_WITH = "parted with"
    PARTED_FROM = "parted from"
    FELL_APART = "fell apart into"
    WAS = "known before as"
    """It has another id since: an earlier member has come."""
    GOES_ON_AS = "goes on as"


_SEEN_AS = {
    Regrouped.MERGED: (Turned.MADE_OF, Turned.JOINED_BY, Turned.WENT_INTO),
    Regrouped.SPLIT: (Turned.PARTED_FROM, Turned.PARTED_WITH, Turned.FELL_APART),
    Regrouped.RENAMED: (Turned.WAS, Turned.WAS, Turned.GOES_ON_AS),
}
"""What a change is to a group that was not there before it, to one that was and stays, and to one that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that happened to a group."""

    at: datetime
    grouping: Grouping
    what: Turned
    others: tuple[str, ...]
    """Ids of the other groups, sorted."""
    articles: int
    """Articles that have another group since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A story that is none any more under its id."""

    since: datetime
    """When it was last joined to another, parted or renamed."""
    now: tuple[str, ...]
    """The stories that came of it, sorted."""


def history(group_id: str, grouping: Grouping, store: Store) -> list[Turn]:
    """What happened to a story or copy group, under this id and under those it had before, by time.

    Costs a look-up for each id that it has had. What another group went through before it was joined is that one's
    history, under its own id.
    """
    turns: list[Turn] = []
    told, name, end = set[str](), group_id, None
    while name:
        changes = [
            change
            for change in _of([name], grouping, store)
            if change.id not in told and (end is None or change.at < end)
        ]
        told |= {change.id for change in changes}
        turns += _turns(name, changes)
        renamed = [change for change in changes if change.change is Regrouped.RENAMED and change.after == (name,)]
        name, end = (renamed[-1].before[0], renamed[-1].at) if renamed else ("", None)
    return sorted(turns, key=lambda turn: (turn.at, turn.what, turn.others))


def moved(story_id: str, store: Store) -> Moved | None:
    """Where a story has gone of which there is no record under its id; ``None`` where none was known by it."""
    departed = _left([story_id], _of([story_id], Grouping.STORIES, store))
    if story_id not in departed:
        return None
    since = departed[story_id].at
    followed, now = {story_id}, set[str]()
    while departed:
        onward = {after: change.at for change in departed.values() for after in change.after if after not in followed}
        there = store.stories(onward.keys()).keys()
        now |= there
        waiting = onward.keys() - there
        followed |= onward.keys()
        later = [one for one in _of(waiting, Grouping.STORIES, store) if one.at >= since]
        departed = _left(waiting, later)
    return Moved(since=since, now=tuple(sorted(now))) if now else None


def copy_since(article: Article, store: Store) -> datetime | None:
    """When a text was found to be a copy of what it is a copy of; ``None`` where it has been one ever since it came."""
    if article.canonical_id == article.id:
        return None
    found = (
        change.at
        for change in store.changes_of([article.id])
        if change.grouping is Grouping.COPIES
        and article.id in change.article_ids
        and article.canonical_id in change.after
    )
    return max(found, default=None)


def _of(groups: Collection[str], grouping: Grouping, store: Store) -> list[GroupChange]:
    """The changes of these groups: they, and not only an article of that id, were before or are after."""
    return [
        change
        for change in (store.changes_of(groups) if groups else ())
        if change.grouping is grouping and not set(groups).isdisjoint((*change.before, *change.after))
    ]


def _turns(name: str, changes: Sequence[GroupChange]) -> Iterator[Turn]:
    """Changes as this group has seen them."""
    parted = {change.at for change in changes if change.change is Regrouped.SPLIT and name in change.before}
    for change in changes:
        was, stays = name in change.before, name in change.after
        if change.change is Regrouped.MERGED and was and not stays and change.at in parted:
            continue  # a part of it was joined to another: that it was parted is told
        others = {*change.before, *change.after} - {name} if was and stays else change.after if was else change.before
        yield Turn(
            at=change.at,
            grouping=change.grouping,
            what=_SEEN_AS[change.change][was + (was and not stays)],
            others=tuple(sorted(others)),
            articles=len(change.article_ids),
        )


def _left(groups: Collection[str], changes: Iterable[GroupChange]) -> dict[str, GroupChange]:
    """The last change with which each group ceased to be; ``changes`` are given by time."""
    return {one: change for change in changes for one in groups if one in change.before and one not in change.after}
