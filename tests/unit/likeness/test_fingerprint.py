"""What is done to all characters of a text at once is what is done to one after the other."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.likeness.fingerprint import MAX_KEYS, WINDOW, shingles, winnow, word_hashes, words, written_numbers
from tests.synthetic import prose

TEXTS = st.text() | st.text(alphabet="abAB 1_-'.é中カ\u0939\u093f\U00010437\U0001f600ﬁ\ud800", max_size=60)
FIGURES = st.text(alphabet="0123456789.,:/- \n$a\u0663\u0967\uff12½²…€\xa0\U0001d7d9\ud800", max_size=60)
GOLDEN, WHOLE = 0x9E3779B97F4A7C15, 2**64


def mixed(value: int) -> int:
    """SplitMix64 in Python's own numbers."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % WHOLE
    value = (value ^ value >> 27) * 0x94D049BB133111EB % WHOLE
    return value ^ value >> 31


def polynomial(word: str) -> int:
    """The hash of a word, character by character."""
    terms = (mixed((ord(character) + GOLDEN) % WHOLE) * GOLDEN**place for place, character in enumerate(word))
    return mixed((sum(terms) + len(word)) % WHOLE)


@given(TEXTS)
def test_words_are_hashed_as_one_by_one(text: str) -> None:
    hashes = [polynomial(word) for word in words(text)]
    assert word_hashes(text).tolist() == hashes
    threes = zip(hashes, hashes[1:], hashes[2:], strict=False)
    assert shingles(text).tolist() == [
        mixed((one * GOLDEN**2 + two * GOLDEN + three) % WHOLE) % 2**63 for one, two, three in threes
    ]


@given(st.text(st.characters(codec="ascii")))
def test_words_of_ascii_are_letters_and_digits_in_a_row(text: str) -> None:
    assert words(text) == re.findall("[a-z0-9]+", text.lower())


@settings(max_examples=300)
@given(st.text() | FIGURES)
def test_numbers_are_what_stands_from_digit_to_digit(text: str) -> None:
    assert set(written_numbers(text)) == set(re.findall(r"\d(?:[\d.,:/-]*\d)?", text))


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
    assert winnow(hashes) == tuple(sorted(least)[:MAX_KEYS])
