"""Copy groups, stories, and the memory of grouping. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Copy group and story of an article, as decided by regrouping."""

    article_id: str
    canonical_id: str
    copies: tuple[str, ...]
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The features of an article that grouping needs, without its text. Beam shuffles it and the memory keeps it."""

    article_id: str
    digest: str
    source: str | None
    title_key: int
    """Hash of the normalised title."""
    published: datetime | None
    first_seen: datetime
    word_count: int
    shingles: bytes
    """Hashes of the word 3-grams in the order of the text, little-endian uint64 (see ``pipelines/likeness``)."""
    numbers: bytes
    """Sorted unique hashes of the numbers in the text, little-endian uint64."""
    copy_keys: tuple[int, ...]
    """At most 25 winnowed shingles, sorted, each below 2**63."""
    story_features: bytes
    """Packed feature vectors (see ``pipelines/likeness``)."""
    story_keys: tuple[int, ...]
    """Hashes of the most distinctive terms, sorted, each below 2**63."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEntry:
    """A fingerprint in the store, with the copy group and story of its article."""

    fingerprint: Fingerprint
    canonical_id: str
    story_id: str

    @property
    def canonical(self) -> bool:
        """True if the article is the canonical one of its copy group, which represents the group in a story."""
        return self.canonical_id == self.fingerprint.article_id

    @property
    def story_keys(self) -> tuple[int, ...]:
        """Keys for look-up by stories; empty for a copy, since stories are made of canonical articles."""
        return self.fingerprint.story_keys if self.canonical else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """Articles with the same text, published by several outlets."""

    canonical_id: str
    article_ids: tuple[str, ...]


class Grouping(StrEnum):
    """Criterion by which articles are grouped."""

    COPIES = "copies"
    """By text: copy groups."""
    STORIES = "stories"
    """By event: stories."""


class Regrouped(StrEnum):
    """Kind of a change of groups."""

    MERGED = "merged"
    SPLIT = "split"
    RENAMED = "renamed"
    """The same articles, or more, under another id, since an earlier member was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """A change of groups or stories into others. Kept permanently, in the order of the changes."""

    id: str
    """Hash of all other fields but the time, and of the edits that led to the change: a step repeated after a crash is
    kept once; groups that are merged again after a split are recorded again."""
    at: datetime
    grouping: Grouping
    change: Regrouped
    before: tuple[str, ...]
    """Ids of the groups before the change, sorted."""
    after: tuple[str, ...]
    """Ids of the groups after the change, sorted."""
    article_ids: tuple[str, ...]
    """Ids of the articles whose group changed, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Articles about one event."""

    id: str
    """Id of its earliest member."""
    title: str | None
    first_published: datetime | None
    last_published: datetime | None
    article_ids: tuple[str, ...]
    """All members, copies included, sorted."""
    sources: tuple[str, ...]
    """Names of the outlets, sorted."""
    independent_sources: int
    """Number of outlets, one per copy group, an agency's texts counted as the agency's: copies do not add up."""
    first_source: str | None = None
    """The outlet that was first according to declared times; ``None`` for a single outlet or undecided times."""
