"""Merges, splits and renamings: what a regrouping has done to groups that were there before."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING

from schemas.records import GroupChange, Grouping, Regrouped
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from schemas.records import MemoryEntry

_ID_OF: dict[Grouping, Callable[[MemoryEntry], str]] = {
    Grouping.COPIES: lambda entry: entry.canonical_id,
    Grouping.STORIES: lambda entry: entry.story_id,
}


def group_changes(
    old: Mapping[str, MemoryEntry], new: Mapping[str, MemoryEntry], at: datetime, edits: Mapping[str, datetime]
) -> Iterator[GroupChange]:
    """What became of the groups and stories of remembered articles, given where those articles were and are.

    ``edits`` says when the new text of each edited article was captured: groups that an edit joins, another parts and a
    third joins again have been joined twice. A group that only grew has not changed. Groups that exchanged members are
    told by the groups of before: each that was parted is a split, each group of now that comes from several a merge.
    """
    for grouping, id_of in _ID_OF.items():
        ways = {
            article_id: (id_of(entry), id_of(new[article_id])) for article_id, entry in old.items() if article_id in new
        }
        yield from _changes(grouping, ways, at, edits)


def _changes(
    grouping: Grouping, ways: Mapping[str, tuple[str, str]], at: datetime, edits: Mapping[str, datetime]
) -> Iterator[GroupChange]:
    after: defaultdict[str, set[str]] = defaultdict(set)
    before: defaultdict[str, set[str]] = defaultdict(set)
    for was, now in ways.values():
        after[was].add(now)
        before[now].add(was)

    def told(change: Regrouped, were: set[str], are: set[str]) -> GroupChange:
        moved = sorted(one for one, (was, now) in ways.items() if was in were and now in are and was != now)
        edited = [
            f"{one} {time_to_text(edits[one])}"
            for one, (was, now) in sorted(ways.items())
            if one in edits and (was in were or now in are)
        ]
        key = "\0".join((grouping, change, *sorted(were), "", *sorted(are), "", *moved, *edited))
        return GroupChange(
            id=sha256(key.encode()).hexdigest()[:32],
            at=at,
            grouping=grouping,
            change=change,
            before=tuple(sorted(were)),
            after=tuple(sorted(are)),
            article_ids=tuple(moved),
        )

    for was in sorted(after):
        if len(after[was]) > 1:
            yield told(Regrouped.SPLIT, {was}, after[was])
    for now in sorted(before):
        if len(before[now]) > 1:
            yield told(Regrouped.MERGED, before[now], {now})
        elif (was := next(iter(before[now]))) != now and len(after[was]) == 1:
            yield told(Regrouped.RENAMED, {was}, {now})
