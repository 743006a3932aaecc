"""The horizon of the memory: what has been quiet for long is forgotten.

An article is forgotten with its whole story, once nothing new has joined that for the horizon: a story that goes on
keeps its members, and so its id; the others would be grouped the same without it (see ``pipelines.grouping.settle``).
What is forgotten keeps its place in the store, and takes no further articles in.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pipelines.stores.protocol import Space

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.stores.protocol import Store

CHUNK = 1_000
"""Entries looked at for one round of store requests: bounds memory."""


def forget_quiet(store: Store, before: datetime) -> int:
    """Drop the memory of stories which nothing has joined since a time; the number of entries dropped."""
    dropped = 0
    stale = store.stale(before)
    while chunk := list(islice(stale, CHUNK)):
        with store.exclusive():
            members = store.members(Space.STORY, {entry.story_id for entry in chunk})
            lively = {entry.story_id for entry in members if entry.fingerprint.first_seen >= before}
            quiet = [entry.fingerprint.article_id for entry in chunk if entry.story_id not in lively]
            store.forget(quiet)
        dropped += len(quiet)
    return dropped
