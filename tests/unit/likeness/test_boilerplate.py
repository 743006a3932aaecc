"""What of a text is its outlet's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.likeness.boilerplate import boilerplate
from pipelines.likeness.fingerprint import MAX_KEYS, pack
from pipelines.likeness.ragged import Ragged
from tests.synthetic import print_of

TITLE_KEY = 25
TEXTS = st.lists(st.lists(st.integers(0, 20), max_size=30), max_size=6)
SOME = st.sets(st.integers(0, TITLE_KEY))


def under_common_keys(text: list[int], keys: set[int], common: set[int]) -> list[bool]:
    """Shingle by shingle: whether the nearest keys on both sides, as far as there are any, are common."""

    def outer(side: list[int]) -> bool:
        nearest = next((shingle for shingle in side if shingle in keys), None)
        return nearest is None or nearest in common

    return [outer(text[: at + 1][::-1]) and outer(text[at:]) for at in range(len(text))]


@given(TEXTS, SOME, SOME)
def test_what_lies_between_common_keys_and_the_edges_is_boilerplate(
    texts: list[list[int]], chosen: set[int], common: set[int]
) -> None:
    bare = print_of("x", "")
    prints, expected = [], []
    for at, text in enumerate(texts):
        keys = set(sorted(chosen & {*text, TITLE_KEY} if at % 2 else set(text))[:MAX_KEYS])
        packed = pack(np.array(text, np.uint64))
        prints.append(replace(bare, shingles=packed, copy_keys=tuple(sorted(keys)), title_key=TITLE_KEY))
        expected += under_common_keys(text, keys, common) if keys & common else [False] * len(text)
    found = boilerplate(Ragged.unpack([one.shingles for one in prints]), prints, common)
    assert found.tolist() == expected
