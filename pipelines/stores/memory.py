"""The part of a store that grouping reads: the memory entries of articles, by key and by group."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from schemas.records import MemoryEntry


class Space(StrEnum):
    """One of the two groupings that share the memory."""

    COPY = "copy"
    STORY = "story"


GROUP_FIELDS = {Space.COPY: "canonical_id", Space.STORY: "story_id"}
"""Field of a memory entry that names its group."""


class Memory(Protocol):
    """The part of a store that grouping reads; see ``pipelines.stores.protocol.Store``."""

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Return entries by article id."""

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """Return entries with any of these keys; for stories, canonical entries only."""

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        """Return the entries of these copy groups or stories."""

    def common_keys(self, keys: Collection[int]) -> set[int]:
        """Return the keys that are marked as common."""

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        """Return the number of entries with each key, counted up to ``most``; for stories, of canonical entries."""
