"""Words divided at the ends of lines."""

from __future__ import annotations

import pytest

from pipelines.extract import extract_text
from pipelines.extract.divided import join_divided


@pytest.mark.parametrize(
    ("line", "following", "language", "joined"),
    [
        ("crews of the how-", "itzers", "en", "crews of the howitzers"),
        ("closer co-", "operation", "en", "closer cooperation"),
        ("le gouverne-", "ment", "fr", "le gouvernement"),
        ("die Panzer-", "haubitze", "de", "die Panzerhaubitze"),
        ("a long-", "range", "en", "a long-range"),
        ("a self-", "propelled", "en", "a self-propelled"),
        ("an F-", "16", "en", "an F-16"),
        ("air-to-", "air", "en", "air-to-air"),
        ("the Baltic-", "Nordic", "en", "the Baltic-Nordic"),
        ("наступа-", "тельный", "ru", "наступательный"),
    ],
)
def test_a_divided_word_is_joined_and_a_compound_keeps_its_hyphen(
    line: str, following: str, language: str, joined: str
) -> None:
    assert join_divided(line, following, language) == joined


@pytest.mark.parametrize(
    ("line", "following"), [("a pause -", "then"), ("- ", "point"), ("the end-", ""), ("whole", "word")]
)
def test_a_dash_divides_no_word(line: str, following: str) -> None:
    assert join_divided(line, following, "en") is None


def test_a_wrapped_text_has_its_words_back() -> None:
    lines = [
        "Ferry crews train at the harbour",
        "",
        "Crews of the second flotilla took their han-",
        "dling course on Tuesday at the northern harbour,",
        "where a long-",
        "range radio of the kind called R-",
        "187 was shown.",
    ]
    body = " ".join(extract_text("\n".join(lines).encode()).lines)
    assert "their handling course" in body
    assert "a long-range radio" in body
    assert "R-187 was" in body
