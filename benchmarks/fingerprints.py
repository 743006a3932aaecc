"""Made-up fingerprints for benchmarks: one in six a copy, events of up to five reports.

A look-up key is a pair of terms: the first are as frequent as Zipf has words, so that keys crowd in an index as those
of real texts do; the second are an event's own, so that keys meet only where articles belong together. Unless some of
them are asked to be words of that vocabulary as well: then strangers share keys, and some keys have a crowd.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipelines.likeness.fingerprint import MAX_KEYS, pack, winnow
from pipelines.likeness.story_features import KEY_RANKS, KEY_TITLE_RANKS, StoryFeatures, pair_key, top_pairs
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SHINGLES = 400
TERMS = 250
VOCABULARY = 50_000
RANKS = (*range(KEY_RANKS + 1),)
"""An article's terms by their ranks."""
TITLE_RANKS = tuple(chain.from_iterable((rank, KEY_RANKS + 1 + rank) for rank in range(KEY_TITLE_RANKS // 2 + 1)))
"""Those of its title: every other one is among the most telling of the article too."""
PAIRS = (*top_pairs(RANKS, KEY_RANKS), *top_pairs(TITLE_RANKS, KEY_TITLE_RANKS))
"""The ranks of which its look-up keys are made."""
KEY_TERMS = len({*RANKS, *TITLE_RANKS})
OWN_TERMS = 3
"""Telling terms that an article has and others of its event have not."""
_DAY = datetime(2026, 6, 1, tzinfo=UTC)


def fingerprints(seed: int, *, everyday: int = 0) -> Iterator[Fingerprint]:
    """Made-up fingerprints without end.

    Every so many-th of an article's terms is an ``everyday`` one, in both places of a key; with 0 none is.
    """
    chance = random.Random(seed)
    made = np.random.default_rng(seed)
    vocabulary = np.random.default_rng(0).integers(0, 2**64, VOCABULARY, np.uint64)
    number = 0
    while True:
        firsts, seconds = _from(vocabulary, made, KEY_TERMS), _own(made, KEY_TERMS)
        if everyday:
            seconds[::everyday] = firsts[::everyday]
        terms = np.unique(made.integers(0, 2**32, TERMS, np.uint64))
        for _ in range(chance.choice((1, 1, 1, 2, 2, 5))):
            shared = KEY_TERMS - OWN_TERMS
            firsts[shared:], seconds[shared:] = _from(vocabulary, made, OWN_TERMS), _own(made, OWN_TERMS)
            keys = set()
            for pair in PAIRS:
                lead, other = sorted(pair, key=firsts.__getitem__)
                keys.add(pair_key(firsts[lead], seconds[other]))
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
                    story_keys=tuple(sorted(keys)),
                )


def _from(vocabulary: NDArray[np.uint64], made: np.random.Generator, count: int) -> list[int]:
    """Hashes of words of a vocabulary, the n-th drawn with a chance of 1/n."""
    ranks = np.exp(made.uniform(0, np.log(len(vocabulary)), count)).astype(int)
    return [int(vocabulary[rank - 1]) for rank in ranks]


def _own(made: np.random.Generator, count: int) -> list[int]:
    """Hashes of words that nothing else has."""
    return [int(one) for one in made.integers(0, 2**64, count, np.uint64)]
