"""Common keys, which link no articles because too many have them: boilerplate keys, and frequent story keys.

The store marks them, so that their (long) posting lists need not be read. The mark of a key is a function of the set of
articles: it is computed again when the articles with the key change, and if it flips, these articles are regrouped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pipelines.stores.memory import Memory
    from schemas.records import Fingerprint, MemoryEntry

CROWD = 50
"""Canonical articles with a story key at most for the key to link articles.

It bounds the comparisons of a new article, regardless of the size of the memory. Related articles share rarer keys too:
``python -m benchmarks.crowding`` measures how often."""


@dataclass(slots=True)
class CommonKeys:
    """A cache of the common keys in the memory."""

    memory: Memory
    keys: set[int]
    """The common keys among ``known``."""
    known: set[int]
    """The keys that have been looked up."""

    def learn(self, keys: Iterable[int]) -> None:
        """Look up these keys in the memory unless they are known."""
        unknown = set(keys) - self.known
        if unknown:
            self.keys |= self.memory.common_keys(unknown)
            self.known |= unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowding:
    """The new state of the story keys of articles that arrive, leave or change."""

    keys: frozenset[int]
    """The story keys of these articles."""
    crowded: frozenset[int]
    """The keys that more than ``CROWD`` articles now have."""
    flipped: frozenset[int]
    """The keys whose mark in the memory is no longer right."""
    holders: Mapping[str, MemoryEntry]
    """The remembered entries with any of the keys, except keys that stay crowded."""

    @property
    def looked_up(self) -> frozenset[int]:
        """The keys whose entries are in ``holders``."""
        return self.keys - (self.crowded - self.flipped)

    @classmethod
    def of(cls, arriving: Collection[Fingerprint], leaving: Collection[MemoryEntry], memory: Memory) -> Crowding:
        """Return the state of the keys of canonical articles that arrive or leave.

        An article with a new text is in both: its new text arrives and its old text leaves.
        """
        arriving_counts = Counter(chain.from_iterable(fingerprint.story_keys for fingerprint in arriving))
        leaving_counts = Counter(chain.from_iterable(entry.story_keys for entry in leaving))
        keys = arriving_counts.keys() | leaving_counts.keys()
        marked = memory.common_keys(keys)
        unmarked = keys - marked
        holders = memory.related(Space.STORY, unmarked)
        # The count goes far enough that the leaving articles cannot make it too small.
        counts = Counter(memory.count_holders(Space.STORY, marked, CROWD + 1 + len(leaving)))
        counts.update(chain.from_iterable(unmarked.intersection(entry.story_keys) for entry in holders))
        crowded = {key for key in keys if counts[key] + arriving_counts[key] - leaving_counts[key] > CROWD}
        holders += memory.related(Space.STORY, marked - crowded)
        return cls(
            keys=frozenset(keys),
            crowded=frozenset(crowded),
            flipped=frozenset(crowded ^ marked),
            holders={entry.fingerprint.article_id: entry for entry in holders},
        )
