"""Histories of copy groups and stories: merges, splits, renamings, and the successors of former ids.

They are derived on request from the changes in the store (``schemas.records.GroupChange``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.records import Grouping, Regrouped
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import Article, GroupChange
    from schemas.serial import JsonObject


class GroupEventKind(StrEnum):
    """The kind of an event, from the point of view of a group."""

    JOINED_BY = "joined by"
    MADE_OF = "made of"
    """Merged from other groups, none of which had its id: the merge brought an earlier member."""
    WENT_INTO = "went into"
    PARTED_WITH = "parted with"
    PARTED_FROM = "parted from"
    FELL_APART = "fell apart into"
    WAS = "known before as"
    """Renamed to its present id, since an earlier member has joined."""
    GOES_ON_AS = "goes on as"


_KINDS = {
    Regrouped.MERGED: (GroupEventKind.MADE_OF, GroupEventKind.JOINED_BY, GroupEventKind.WENT_INTO),
    Regrouped.SPLIT: (GroupEventKind.PARTED_FROM, GroupEventKind.PARTED_WITH, GroupEventKind.FELL_APART),
    Regrouped.RENAMED: (GroupEventKind.WAS, GroupEventKind.WAS, GroupEventKind.GOES_ON_AS),
}
"""The kind of each change for a group that it creates, for a group that remains, and for a group that it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvent:
    """An event in the history of a group."""

    at: datetime
    grouping: Grouping
    kind: GroupEventKind
    others: tuple[str, ...]
    """Ids of the other groups, sorted."""
    articles: int
    """Number of articles that changed their group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Successors:
    """The successors of a story that no longer exists under its id."""

    since: datetime
    """Time of its last merge, split or renaming."""
    now: tuple[str, ...]
    """Ids of the stories that continue it, sorted."""


def event_as_dict(event: GroupEvent) -> JsonObject:
    """Return an event as JSON values; the key of its kind is ``what``."""
    return {"what" if name == "kind" else name: value for name, value in to_dict(event).items()}


def history(group_id: str, grouping: Grouping, store: Store) -> list[GroupEvent]:
    """Return the events of a story or copy group, under this id and its former ids, in order of time.

    It takes a lookup per id. Events of other groups before they were merged into this one belong to their own
    histories.
    """
    events: list[GroupEvent] = []
    seen, name, end = set[str](), group_id, None
    while name:
        changes = [
            change
            for change in _changes_of([name], grouping, store)
            if change.id not in seen and (end is None or change.at < end)
        ]
        seen |= {change.id for change in changes}
        events += _events(name, changes)
        renamed = [change for change in changes if change.change is Regrouped.RENAMED and change.after == (name,)]
        name, end = (renamed[-1].before[0], renamed[-1].at) if renamed else ("", None)
    return sorted(events, key=lambda event: (event.at, event.kind, event.others))


def successors_of(story_id: str, store: Store) -> Successors | None:
    """Return the successors of a story without a record under its id; ``None`` if no story had the id."""
    last_changes = _last_changes([story_id], _changes_of([story_id], Grouping.STORIES, store))
    if story_id not in last_changes:
        return None
    since = last_changes[story_id].at
    visited, now = {story_id}, set[str]()
    while last_changes:
        onward = {
            after: change.at for change in last_changes.values() for after in change.after if after not in visited
        }
        existing = store.stories(onward.keys()).keys()
        now |= existing
        missing = onward.keys() - existing
        visited |= onward.keys()
        later = [change for change in _changes_of(missing, Grouping.STORIES, store) if change.at >= since]
        last_changes = _last_changes(missing, later)
    return Successors(since=since, now=tuple(sorted(now))) if now else None


def copy_since(article: Article, store: Store) -> datetime | None:
    """Return the time when an article became a copy of its canonical article; ``None`` if it was one on arrival."""
    if article.canonical_id == article.id:
        return None
    times = (
        change.at
        for change in store.changes_of([article.id])
        if change.grouping is Grouping.COPIES
        and article.id in change.article_ids
        and article.canonical_id in change.after
    )
    return max(times, default=None)


def _changes_of(groups: Collection[str], grouping: Grouping, store: Store) -> list[GroupChange]:
    """Return the changes of these groups, without changes that only concern an article with the same id."""
    return [
        change
        for change in (store.changes_of(groups) if groups else ())
        if change.grouping is grouping and not set(groups).isdisjoint((*change.before, *change.after))
    ]


def _events(name: str, changes: Sequence[GroupChange]) -> Iterator[GroupEvent]:
    """Yield the events of a group in these changes."""
    parted = {change.at for change in changes if change.change is Regrouped.SPLIT and name in change.before}
    for change in changes:
        existed, stays = name in change.before, name in change.after
        if change.change is Regrouped.MERGED and existed and not stays and change.at in parted:
            continue  # a part of it was merged into another group; its split is an event of its own
        both = {*change.before, *change.after} - {name}
        others = both if existed and stays else change.after if existed else change.before
        yield GroupEvent(
            at=change.at,
            grouping=change.grouping,
            kind=_KINDS[change.change][existed + (existed and not stays)],
            others=tuple(sorted(others)),
            articles=len(change.article_ids),
        )


def _last_changes(groups: Collection[str], changes: Iterable[GroupChange]) -> dict[str, GroupChange]:
    """Return the last change that ended each group; ``changes`` must be in order of time."""
    return {
        group: change for change in changes for group in groups if group in change.before and group not in change.after
    }
