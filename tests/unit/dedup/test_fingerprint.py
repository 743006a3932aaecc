"""Words hashed all at once are the words that are cut out one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.fingerprint import WINDOW, shingles, winnow, word_hashes, words
from tests.synthetic import prose

TEXTS = st.text() | st.text(alphabet="abAB 1_-'.é中カ\u0939\u093f\U00010437\U0001f600ﬁ", max_size=60)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_there_is_a_hash_for_each_word_and_equal_words_have_equal_ones(a: str, b: str) -> None:
    told: dict[str, int] = {}
    for text in (a, b):
        for word, hashed in zip(words(text), word_hashes(text).tolist(), strict=True):
            assert told.setdefault(word, hashed) == hashed
    assert len(set(told.values())) == len(told)


def test_two_texts_that_share_a_long_run_of_words_share_a_key() -> None:
    run = prose(1, WINDOW + 2)
    keys = [set(winnow(shingles(f"{prose(seed, 150)} {run} {prose(seed + 1, 150)}"))) for seed in (2, 4)]
    assert keys[0] & keys[1]


def test_a_key_is_the_least_of_a_window() -> None:
    hashes = shingles(prose(3, 90))
    least = {int(hashes[start : start + WINDOW].min()) for start in range(len(hashes) - WINDOW + 1)}
    assert set(winnow(hashes)) == least
