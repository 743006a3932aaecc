"""Texts that stand within others without being copies of them: a roundup and its parts, a report and what it embeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.likeness.copies import CopyViews
from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from pipelines.stores.memory import Memory

HELD = 0.6
"""Share of the shorter text that the longer must have: more than one that cites it at length has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Another article whose text holds the one asked for, or stands in it."""

    article_id: str
    contains: bool
    """Whether the other text is the longer one."""
    held: float
    """Share of the shorter text that stands in the longer."""


def excerpts(article_id: str, memory: Memory) -> list[Excerpt]:
    """What a remembered article holds or is held by, the most first; nothing once it has been forgotten.

    Its own copies are left out, and so are notices of one form with other facts. Of the copies of another text one is
    told of: the canonical one, or else (a roundup may be a copy of its longest part) the one that shares the most.
    """
    entry = memory.remembered([article_id]).get(article_id)
    if entry is None:
        return []
    keys = set(entry.fingerprint.copy_keys)
    others = [
        other
        for other in memory.related(Space.COPY, keys - memory.common_keys(keys))
        if other.canonical_id != entry.canonical_id
    ]
    prints = [entry.fingerprint, *(other.fingerprint for other in others)]
    common = memory.common_keys({key for one in prints for key in one.copy_keys})
    views = CopyViews.of(prints, common)
    lengths = views.shingles.lengths
    pairs = np.zeros(len(others), np.intp), np.arange(1, len(prints))
    held = np.where(views.same_template(*pairs), 0.0, views.containment(*pairs))
    told: dict[str, tuple[bool, Excerpt]] = {}
    for other, length, share in zip(others, lengths[1:], held.tolist(), strict=True):
        one = Excerpt(article_id=other.fingerprint.article_id, contains=bool(length > lengths[0]), held=share)
        known = told.get(other.canonical_id)
        if share >= HELD and (known is None or (other.canonical, share) > (known[0], known[1].held)):
            told[other.canonical_id] = other.canonical, one
    return sorted((one for _, one in told.values()), key=lambda one: (-one.held, one.article_id))
