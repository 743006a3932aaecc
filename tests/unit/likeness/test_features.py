from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.likeness.fingerprint import words
from pipelines.likeness.story_features import (
    KEY_RANKS,
    KEY_TITLE_RANKS,
    VIEWS,
    FeatureRows,
    capitalised,
    heaviest,
    plain_numbers,
    rarity,
    story_features,
    top_pairs,
)
from tests.synthetic import prose

SENTENCES = st.text(alphabet="abAB Éé\u03a3\u03c3яЯ中カ12.,:-_'’“\n(\u0301\u0939\u0664ﬁ", max_size=40)

if TYPE_CHECKING:
    import pytest


def test_a_language_without_a_word_list_takes_the_nearest_one_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    assert rarity("godine", "hr") == rarity("godine", "sh") < 1
    assert rarity("people", "xx") == rarity("people", "en") < 1
    assert caplog.records == []


def test_the_most_telling_terms_are_paired_with_many_and_the_middling_with_each_other() -> None:
    for most in (KEY_RANKS, KEY_TITLE_RANKS):
        for count in (0, 1, 2, most, 2 * most):
            pairs = [pair for pair in combinations(range(count), 2) if sum(pair) <= most]
            assert list(top_pairs(range(count), most)) == pairs


def test_texts_that_share_their_two_most_telling_words_share_a_key_in_whatever_order_these_stand() -> None:
    _, one = story_features(None, "Zeppelin above Quagmire: zeppelin seen over quagmire, the council says", "en")
    _, other = story_features("Report", "At Quagmire a zeppelin landed. Quagmire welcomes its zeppelin on Monday", "en")
    assert set(one) & set(other)
    _, stranger = story_features(None, "A zeppelin for the museum, where no zeppelin was before", "en")
    assert not set(one) & set(stranger)


def test_the_vectors_of_many_articles_are_unpacked_row_by_row() -> None:
    made = [story_features(prose(seed, 5), prose(seed, 30 * seed), "en")[0] for seed in range(4)]
    rows = FeatureRows.unpack([one.pack() for one in made])
    assert np.array_equal(rows.terms.values, np.concatenate([one.terms for one in made]))
    assert np.array_equal(rows.weights, np.concatenate([one.weights for one in made]))
    assert rows.terms.lengths.tolist() == [len(one.terms) for one in made]
    for number, name in enumerate(VIEWS):
        view = rows.view(name)
        assert view.terms.lengths.tolist() == [int(np.sum(one.terms >> 32 == number)) for one in made]
        lengths = np.bincount(view.terms.owners, view.weights**2, len(made))
        assert np.allclose(lengths[view.terms.lengths > 0], 1)


@settings(max_examples=300)
@given(st.text() | SENTENCES)
def test_names_have_a_capital_that_no_beginning_of_a_sentence_explains(text: str) -> None:
    pattern = r"""(?<![.!?:\n"“”‘’'(] )(?<!\n)(?<!^)\b[^\W\d_a-zа-яёß-öø-ÿ][\w'’-]*"""  # noqa: RUF001
    assert capitalised(text) == [word for name in re.findall(pattern, text) for word in words(name)]


@settings(max_examples=300)
@given(st.text() | SENTENCES)
def test_plain_numbers_are_words_of_their_own(text: str) -> None:
    assert plain_numbers(text) == re.findall(r"\b\d[\d.,]*\d\b", text)


@given(st.dictionaries(st.text(max_size=3), st.sampled_from([0.5, 1.0, 1.5]), max_size=30), st.integers(1, 12))
def test_the_heaviest_terms_are_the_first_by_weight_and_alphabet(weighed: dict[str, float], most: int) -> None:
    ranked = sorted(weighed, key=lambda term: (-weighed[term], term))
    assert set(heaviest(weighed, most)) == set(ranked[:most])
