"""Made-up fingerprints for benchmarks: one in six a copy, events of up to five reports.

Their keys meet only where articles belong together: how many strangers share a key in the real press is not in them.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipelines.dedup.fingerprint import MAX_KEYS, pack, winnow
from pipelines.stories.features import StoryFeatures
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

SHINGLES = 400
STORY_KEYS = 75
TERMS = 250
_DAY = datetime(2026, 6, 1, tzinfo=UTC)


def fingerprints(seed: int) -> Iterator[Fingerprint]:
    """Made-up fingerprints without end."""
    chance = random.Random(seed)
    made = np.random.default_rng(seed)
    number = 0
    while True:
        shared = made.integers(0, 2**62, STORY_KEYS, np.int64)
        terms = np.unique(made.integers(0, 2**32, TERMS, np.uint64))
        for _ in range(chance.choice((1, 1, 1, 2, 2, 5))):
            own = made.integers(0, 2**62, STORY_KEYS // 2, np.int64)
            keys = np.concatenate([shared[: STORY_KEYS // 2], own])
            weights = np.full(len(terms), len(terms) ** -0.5, np.float32)
            text = made.integers(0, 2**62, SHINGLES, np.uint64)
            for _ in range(2 if chance.random() < 1 / 6 else 1):
                number += 1
                kept = text[: chance.randint(SHINGLES // 2, SHINGLES)]
                yield Fingerprint(
                    article_id=uuid.UUID(int=chance.getrandbits(128)).hex,
                    digest="",
                    source=f"Outlet {chance.randint(0, 999)}",
                    title_key=chance.getrandbits(62),
                    published=_DAY + timedelta(minutes=number % 20_000),
                    first_seen=_DAY,
                    word_count=len(kept),
                    shingles=pack(kept),
                    numbers=b"",
                    copy_keys=winnow(kept)[:MAX_KEYS],
                    story_features=StoryFeatures(terms, weights).pack(),
                    story_keys=tuple(sorted(keys.tolist())),
                )
