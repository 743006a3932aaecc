"""The part of a store that grouping reads: what is remembered of articles, by key and by group."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from schemas.records import MemoryEntry


class Space(StrEnum):
    """The two groupings which share the memory."""

    COPY = "copy"
    STORY = "story"


GROUP_FIELDS = {Space.COPY: "canonical_id", Space.STORY: "story_id"}
"""Field of a memory entry that names its group."""


class Memory(Protocol):
    """The part of a store that grouping reads; see ``pipelines.stores.protocol.Store``."""

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        """Entries by article id."""

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        """Entries with any of these keys; in the space of stories canonical ones only."""

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        """Entries of these copy groups or stories."""

    def common_keys(self, keys: Collection[int]) -> set[int]:
        """Those of the keys marked as common."""

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        """How many entries have each of these keys, counted up to ``most``; in the space of stories canonical ones."""
