"""The horizon of the memory: stories without recent articles are forgotten.

An article is forgotten with its whole story when no article has joined the story for the length of the horizon. An
active story keeps its members, and so its id; other stories would be grouped the same without it (see
``grouping.clustering``). A forgotten story stays in the store and takes in no further articles.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import datetime

    from pipelines.stores.protocol import Store
    from schemas.records import MemoryEntry

CHUNK = 250
"""Entries per round of store requests. It bounds memory use and the wait of a regrouping (a tenth of a second or two).
Rounds four times as large take as long in total."""


def forget_quiet(store: Store, before: datetime) -> int:
    """Remove the stories from the memory that no article has joined since a time; return the number of entries."""
    return sum(forget_in_rounds(store, before))


def forget_in_rounds(store: Store, before: datetime) -> Generator[int]:
    """Remove such stories in rounds of store requests; yield the number of entries removed in each.

    Other processes may write between two rounds.
    """
    stale = store.stale(before)
    while chunk := [entry.fingerprint.article_id for entry in islice(stale, CHUNK)]:
        with store.exclusive():
            # Read again, since a regrouping may have moved them to other stories.
            stories = {entry.story_id for entry in store.remembered(chunk).values()}
            members = store.members(Space.STORY, stories)
            active = {entry.story_id for entry in members if entry.fingerprint.first_seen >= before}
            # A story is removed as a whole, across chunks: a regrouping in between would otherwise find copies without
            # their canonical article.
            quiet = [entry for entry in members if entry.story_id not in active]
            store.forget([entry.fingerprint.article_id for entry in quiet])
            _unmark(quiet, store)
        yield len(quiet)


def _unmark(entries: Sequence[MemoryEntry], store: Store) -> None:
    """Unmark the common keys that no entry has any more.

    Other keys stay marked; a story key is counted again when the next article with it arrives.
    """
    marked = store.common_keys({key for entry in entries for key in (*entry.fingerprint.copy_keys, *entry.story_keys)})
    held = {key for space in Space for key in store.count_holders(space, marked, 1)}
    store.remember([], rare=marked - held)
