"""Characters that are not shown: those that only format stand within words, and joiners belong to some scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.lines import tidy


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Pan\u00adzer\u00adhau\u00adbit\u00adze", "Panzerhaubitze"),
        ("HIM\u200bARS and HIM\u2060ARS\ufeff", "HIMARS and HIMARS"),
        ("Lat\u200cin let\u200dters", "Latin letters"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("\u200f\u05e9\u05dc\u05d5\u05dd\u200e 1", "\u05e9\u05dc\u05d5\u05dd 1"),
        ("bell\x07and\x00null", "bell and null"),
        ("icon \ue001 font", "icon font"),
    ],
)
def test_what_only_formats_is_no_space(line: str, shown: str) -> None:
    assert tidy(line) == shown


@given(st.text())
def test_tidy_keeps_all_that_is_shown_and_is_stable(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert [char for char in once if char.isprintable() and char != " "] == [
        char for char in text if char.isprintable() and not char.isspace()
    ]
    assert not {unicodedata.category(char) for char in once} & {"Cc", "Cs", "Zl", "Zp"}
