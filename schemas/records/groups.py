"""Copy groups and stories, and what grouping remembers. See ``schemas.records``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - serial reads the types at run time
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The place of an article among the others, as regrouping decided it."""

    article_id: str
    canonical_id: str
    copies: tuple[str, ...]
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """All that grouping needs to know of an article: no text. This is what Beam shuffles and the memory keeps."""

    article_id: str
    digest: str
    source: str | None
    title_key: int
    """Hash of the normalised title."""
    published: datetime | None
    first_seen: datetime
    word_count: int
    shingles: bytes
    """Hashes of the word 3-grams in the order of the text, little-endian uint64 (see ``pipelines/dedup``)."""
    numbers: bytes
    """Sorted unique hashes of the numbers in the text, little-endian uint64."""
    copy_keys: tuple[int, ...]
    """At most 25 winnowed shingles, sorted, each below 2**63."""
    story_features: bytes
    """Packed feature vectors (see ``pipelines/stories``)."""
    story_keys: tuple[int, ...]
    """Hashes of the most telling terms, sorted, each below 2**63."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEntry:
    """A fingerprint in the store, with where grouping has put it."""

    fingerprint: Fingerprint
    canonical_id: str
    story_id: str

    @property
    def canonical(self) -> bool:
        """Whether the article is its group's canonical one, and so stands for it in a story."""
        return self.canonical_id == self.fingerprint.article_id

    @property
    def story_keys(self) -> tuple[int, ...]:
        """The keys by which stories find it: of a copy none, since stories are made of canonical articles."""
        return self.fingerprint.story_keys if self.canonical else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """Articles with the same text, carried by several outlets."""

    canonical_id: str
    article_ids: tuple[str, ...]


class Grouping(StrEnum):
    """The two ways in which articles are grouped."""

    COPIES = "copies"
    """By text."""
    STORIES = "stories"
    """By event."""


class Regrouped(StrEnum):
    """What happened to groups."""

    MERGED = "merged"
    SPLIT = "split"
    RENAMED = "renamed"
    """The same articles, or more of them, under another id: an earlier member has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """Groups or stories that became others. Kept for good, in the order in which it happened."""

    id: str
    """Hash of everything but the time, and of the edits that led to it: a step that is done again after a crash is kept
    once, groups that are joined again after they were parted are told of again."""
    at: datetime
    grouping: Grouping
    change: Regrouped
    before: tuple[str, ...]
    """Ids of the groups that were, sorted."""
    after: tuple[str, ...]
    """Ids of the groups that are, sorted."""
    article_ids: tuple[str, ...]
    """Articles that have another group than before, sorted."""


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
    """Outlets counted once for each copy group, an agency's texts as the agency's: syndicated copies do not add up."""
    first_source: str | None = None
    """Of several outlets the one that was first, as far as declared times tell; ``None``: that cannot be said."""
