"""The horizon of the memory: what has been quiet for long is forgotten.

An article is forgotten with its whole story, once nothing new has joined that for the horizon: a story that goes on
keeps its members, and so its id; the others would be grouped the same without it (see ``grouping.clustering``).
What is forgotten keeps its place in the store, and takes no further articles in.
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
"""Entries looked at for one round of store requests: bounds memory, and how long a regrouping has to wait for it (a
tenth of a second or two). Rounds four times as large take as long together."""


def forget_quiet(store: Store, before: datetime) -> int:
    """Drop the memory of stories which nothing has joined since a time; the number of entries dropped."""
    return sum(forgetting(store, before))


def forgetting(store: Store, before: datetime) -> Generator[int]:
    """The same, one round of store requests at a time; the number of entries dropped in each.

    Others may write between two of them.
    """
    stale = store.stale(before)
    while chunk := [entry.fingerprint.article_id for entry in islice(stale, CHUNK)]:
        with store.exclusive():
            # Asked again: a regrouping may have put them into other stories since.
            stories = {entry.story_id for entry in store.remembered(chunk).values()}
            members = store.members(Space.STORY, stories)
            lively = {entry.story_id for entry in members if entry.fingerprint.first_seen >= before}
            # A story goes in one piece, whatever chunk its articles are of: a regrouping between the pieces would find
            # copies whose canonical article is gone.
            quiet = [entry for entry in members if entry.story_id not in lively]
            store.forget([entry.fingerprint.article_id for entry in quiet])
            _unmark(quiet, store)
        yield len(quiet)


def _unmark(gone: Sequence[MemoryEntry], store: Store) -> None:
    """Take the mark from common keys that nothing has any more.

    One that something has keeps it: a story key is counted anew when the next article with it comes.
    """
    marked = store.common_keys({key for entry in gone for key in (*entry.fingerprint.copy_keys, *entry.story_keys)})
    held = {key for space in Space for key in store.count_holders(space, marked, 1)}
    store.remember([], rare=marked - held)
