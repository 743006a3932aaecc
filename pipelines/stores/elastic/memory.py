"""The memory of grouping, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pipelines.stores.elastic.documents import COMMON_KEYS, LEASES, MEMORY, DocumentKind, key_term
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.memory import GROUP_FIELDS, Space
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from schemas.records import MemoryEntry

Term = TypeVar("Term", int, str)

TERMS = 50_000
"""Terms in one query; ``index.max_terms_count`` is 65,536."""


@dataclass(frozen=True, slots=True)
class CommonKey:
    """A key that is marked as common."""

    key: int


COMMON = DocumentKind(COMMON_KEYS, CommonKey, lambda common: str(common.key), "key", lambda common: {"key": common.key})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The stories that the holder of the lease is writing, or was writing when it died."""

    stories: tuple[str, ...]


UNFINISHED_ID = "unfinished"
UNFINISHED = DocumentKind(LEASES, Unfinished, lambda _: UNFINISHED_ID, "holder")


class MemoryDocuments(ElasticPart):
    """The indices ``memory`` and ``common-keys``, and the unfinished stories in ``leases``."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lease on the memory. Others see each write inside at once, and it stays after an error."""
        with self._lease.held():
            self._indices.forget()
            yield

    def unfinished(self) -> frozenset[str]:
        records = self._documents(UNFINISHED).records([UNFINISHED_ID])
        return frozenset(story_id for unfinished in records.values() for story_id in unfinished.stories)

    def write_unfinished(self, story_ids: Collection[str]) -> None:
        self._lease.check()
        self._documents(UNFINISHED).put([Unfinished(tuple(sorted(story_ids)))])

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        return self._documents(MEMORY).records(ids)

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        entries = self._with_any(f"{space.value}_keys", [key_term(key) for key in keys])
        # Earlier versions indexed the story keys of copies too.
        return entries if space is Space.COPY else [entry for entry in entries if entry.canonical]

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        return self._with_any(GROUP_FIELDS[space], groups)

    def common_keys(self, keys: Collection[int]) -> set[int]:
        documents = self._documents(COMMON)
        return {common.key for part in _parts(keys) for common in documents.search({"terms": {"key": part}})}

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        counts = self._documents(MEMORY).counts(f"{space.value}_keys", [key_term(key) for key in keys])
        return {int(term): min(count, most) for term, count in counts.items()}

    def remember(
        self, entries: Sequence[MemoryEntry], *, common: Collection[int] = (), rare: Collection[int] = ()
    ) -> None:
        self._lease.check()
        self._documents(MEMORY).put(entries)
        documents = self._documents(COMMON)
        documents.delete([str(key) for key in rare])
        documents.create([CommonKey(key) for key in common])

    def stale(self, before: datetime) -> Iterator[MemoryEntry]:
        return self._documents(MEMORY).search({"range": {"first_seen": {"lt": time_to_text(before)}}})

    def forget(self, ids: Collection[str]) -> None:
        self._lease.check()
        self._documents(MEMORY).delete(ids)

    def _with_any(self, field: str, values: Collection[Term]) -> list[MemoryEntry]:
        documents = self._documents(MEMORY)
        entries = {
            entry.fingerprint.article_id: entry
            for part in _parts(values)
            for entry in documents.search({"terms": {field: part}})
        }
        return [entries[article_id] for article_id in sorted(entries)]


def _parts(values: Collection[Term]) -> Iterator[list[Term]]:
    ordered = iter(sorted(set(values)))
    while part := list(islice(ordered, TERMS)):
        yield part
