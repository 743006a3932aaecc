"""Changes of existing groups by a regrouping: merges, splits and renamings."""

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
    """Yield the changes of copy groups and stories, from the old and new entries of remembered articles.

    ``edits`` has the capture time of the new text of each edited article, which makes repeated changes distinct: if an
    edit merges groups, another splits them and a third merges them again, they were merged twice. A group that only
    grew has not changed. If groups exchanged members, each old group that was divided is a split, and each new group
    from several old ones is a merge.
    """
    for grouping, id_of in _ID_OF.items():
        moves = {
            article_id: (id_of(entry), id_of(new[article_id])) for article_id, entry in old.items() if article_id in new
        }
        yield from _changes(grouping, moves, at, edits)


def _changes(
    grouping: Grouping, moves: Mapping[str, tuple[str, str]], at: datetime, edits: Mapping[str, datetime]
) -> Iterator[GroupChange]:
    after: defaultdict[str, set[str]] = defaultdict(set)
    before: defaultdict[str, set[str]] = defaultdict(set)
    for former, present in moves.values():
        after[former].add(present)
        before[present].add(former)

    def record(change: Regrouped, former_ids: set[str], present_ids: set[str]) -> GroupChange:
        moved = sorted(
            article_id
            for article_id, (former, present) in moves.items()
            if former in former_ids and present in present_ids and former != present
        )
        edited = [
            f"{article_id} {time_to_text(edits[article_id])}"
            for article_id, (former, present) in sorted(moves.items())
            if article_id in edits and (former in former_ids or present in present_ids)
        ]
        key = "\0".join((grouping, change, *sorted(former_ids), "", *sorted(present_ids), "", *moved, *edited))
        return GroupChange(
            id=sha256(key.encode()).hexdigest()[:32],
            at=at,
            grouping=grouping,
            change=change,
            before=tuple(sorted(former_ids)),
            after=tuple(sorted(present_ids)),
            article_ids=tuple(moved),
        )

    for former in sorted(after):
        if len(after[former]) > 1:
            yield record(Regrouped.SPLIT, {former}, after[former])
    for present in sorted(before):
        if len(before[present]) > 1:
            yield record(Regrouped.MERGED, before[present], {present})
        elif (former := next(iter(before[present]))) != present and len(after[former]) == 1:
            yield record(Regrouped.RENAMED, {former}, {present})
