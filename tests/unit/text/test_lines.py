from __future__ import annotations

import pytest

from pipelines.text.lines import bare, comparable, ends_sentence, has_sentences, is_prose, letters, tidy, word_count


def test_forms_of_a_line() -> None:
    line = "  \u2022 Read\u00a0more: \u2018F\u201116s\u2019\u2026 \u00bb "
    assert tidy(line) == "\u2022 Read more: \u2018F\u201116s\u2019\u2026 \u00bb"
    assert comparable(line) == "\u2022 read more: 'f-16s'... \u00bb"
    assert bare("\u25b6 Read more: \u00bb") == "read more"
    assert letters("The North-Post!") == letters("the northpost")


def test_turkish_and_hindi_letters_compare() -> None:
    assert comparable("İLGİLİ") == "ilgili"
    assert comparable("पढ़ें") == comparable("पढ\u093cें")


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("", 0),
        ("- * -", 0),
        ("three plain words", 3),
        ("F-16 Block 70", 3),
        ("नौसेना ने जहाज उतारा", 4),
        ("日本語の記事です", 4),
    ],
)
def test_words_are_counted(line: str, count: int) -> None:
    assert word_count(line) == count


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("The minister said that nothing had been decided yet.", True),
        ("The minister said that nothing had been decided yet", False),
        ("Nothing decided yet.", False),
        ("“It was raining, and nobody had thought of the tarpaulin.”", True),
        ("मंत्रालय ने कहा कि इस पर अभी कोई निर्णय नहीं हुआ है।", True),
        (" ".join(["word"] * 25), True),
    ],
)
def test_prose(line: str, prose: bool) -> None:  # noqa: FBT001 - a table of cases
    assert is_prose(line) is prose


def test_sentences() -> None:
    assert ends_sentence("Yes (he said).")
    assert ends_sentence("\u00ab Oui ! \u00bb")
    assert not ends_sentence("Sub-heading")
    assert has_sentences("It rained. Nobody came")
    assert not has_sentences("Lt. col. at the U.S. base")
