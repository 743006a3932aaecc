"""Excerpts: texts embedded in others that are no copies of them, such as the items of a roundup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.likeness.copies import CopyViews
from pipelines.stores.memory import Space

if TYPE_CHECKING:
    from pipelines.stores.memory import Memory

MIN_SHARE = 0.6
"""Share of the shorter text that the longer one must have; a text that cites another at length has less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Another article whose text contains the given article's text, or is contained in it."""

    article_id: str
    contains: bool
    """True if the other text is the longer one."""
    share: float
    """Share of the shorter text that the longer one contains."""


def excerpts(article_id: str, memory: Memory) -> list[Excerpt]:
    """Return the articles that contain a remembered article or are contained in it, largest share first.

    The result is empty for a forgotten article. Its own copies are left out, and so are notices from one template. Of
    the copies of another text one is listed: the canonical article, or else the one with the largest share, since a
    roundup may be a copy of its longest item.
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
    common = memory.common_keys({key for fingerprint in prints for key in fingerprint.copy_keys})
    views = CopyViews.of(prints, common)
    lengths = views.shingles.lengths
    pairs = np.zeros(len(others), np.intp), np.arange(1, len(prints))
    shares = np.where(views.same_template(*pairs), 0.0, views.containment(*pairs))
    best: dict[str, tuple[bool, Excerpt]] = {}
    for other, length, share in zip(others, lengths[1:], shares.tolist(), strict=True):
        excerpt = Excerpt(article_id=other.fingerprint.article_id, contains=bool(length > lengths[0]), share=share)
        known = best.get(other.canonical_id)
        if share >= MIN_SHARE and (known is None or (other.canonical, share) > (known[0], known[1].share)):
            best[other.canonical_id] = other.canonical, excerpt
    return sorted((excerpt for _, excerpt in best.values()), key=lambda excerpt: (-excerpt.share, excerpt.article_id))
