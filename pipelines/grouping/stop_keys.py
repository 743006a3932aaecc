"""Keys that link nothing, since too much has them: an outlet's boilerplate, and what a crowd of stories is told with.

The store marks them, so that their (long) posting lists need not be read. Whether a key is common is a function of the
set of articles: it is asked anew where the articles that have it change, and where it turns, they are looked at again.
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
"""Canonical articles that have a story key, from which on it links nothing.

It bounds what a new article is compared with, however much is remembered. What belongs together finds each other
through rarer keys: ``python -m benchmarks.crowding`` says how often."""


@dataclass(slots=True)
class CommonKeys:
    """What is known of which keys are common."""

    memory: Memory
    keys: set[int]
    """Those that are."""
    known: set[int]
    """Those of which it is known whether they are."""

    def learn(self, keys: Iterable[int]) -> None:
        """Ask the memory about those of these keys that are not known."""
        unknown = set(keys) - self.known
        if unknown:
            self.keys |= self.memory.common_keys(unknown)
            self.known |= unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowding:
    """What becomes of the story keys of articles that come, go or change."""

    keys: frozenset[int]
    """All of those keys."""
    crowded: frozenset[int]
    """Those of them that more than ``CROWD`` now have."""
    turned: frozenset[int]
    """Those which the memory holds for the other."""
    holders: Mapping[str, MemoryEntry]
    """What is remembered with any of them, but for such as stay crowded."""

    @property
    def looked_up(self) -> frozenset[int]:
        """The keys whose holders those are."""
        return self.keys - (self.crowded - self.turned)

    @classmethod
    def of(cls, come: Collection[Fingerprint], gone: Collection[MemoryEntry], memory: Memory) -> Crowding:
        """The keys of canonical articles that are new (or have a new text), and of those that are no longer.

        What is both, with another text, is in both.
        """
        more = Counter(chain.from_iterable(one.story_keys for one in come))
        fewer = Counter(chain.from_iterable(entry.story_keys for entry in gone))
        keys = more.keys() | fewer.keys()
        marked = memory.common_keys(keys)
        unmarked = keys - marked
        found = memory.related(Space.STORY, unmarked)
        # Counted so far that those which go cannot make it too few.
        held = Counter(memory.count_holders(Space.STORY, marked, CROWD + 1 + len(gone)))
        held.update(chain.from_iterable(unmarked.intersection(entry.story_keys) for entry in found))
        crowded = {key for key in keys if held[key] + more[key] - fewer[key] > CROWD}
        found += memory.related(Space.STORY, marked - crowded)
        return cls(
            keys=frozenset(keys),
            crowded=frozenset(crowded),
            turned=frozenset(crowded ^ marked),
            holders={entry.fingerprint.article_id: entry for entry in found},
        )
