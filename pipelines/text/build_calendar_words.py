"""Generator of ``calendar_words.json``: names of months, weekdays and halves of the day, from the Unicode CLDR.

Run it as ``python -m pipelines.text.build_calendar_words``; a test fails when the file is out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale

from pipelines.text.lines import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TARGET = Path(__file__).with_name("calendar_words.json")
_CODES = (
    "af am ar ar_LB ar_MA az be bg bn bs ca cs cy da de de_AT el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it"
    " ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl nn pa pl ps pt ro ru sd si sk sl sq sr sr_Latn sv sw ta te"
    " tg th tk tr uk ur uz vi"
)
LANGUAGES = tuple(_CODES.split())
"""Languages of the CLDR in which news is published and the Gregorian calendar is written with words."""
_ARTICLES = ("de ", "d'")
"""Articles that Catalan puts before the names of months."""
_LETTERS = 2
"""Fewest letters of a name; shorter abbreviations are left out."""


def calendar_words(language: str) -> dict[str, list[list[str]]]:
    """Return the words of a language in comparison form: 12 months, 7 days from Monday, and the halves of the day."""
    locale = Locale.parse(language)
    forms = [(context, width) for context in ("format", "stand-alone") for width in ("wide", "abbreviated")]
    periods = locale.day_periods
    return {
        "months": [_names(locale.months[c].get(w, {}).get(n) for c, w in forms) for n in range(1, 13)],
        "days": [_names(locale.days[c].get(w, {}).get(n) for c, w in forms) for n in range(7)],
        "halves": [_names(_of(periods, context, width).get(half) for context, width in forms) for half in ("am", "pm")],
    }


def _of(periods: Mapping[str, Mapping[str, Mapping[str, str]]], context: str, width: str) -> Mapping[str, str]:
    return periods.get(context, {}).get(width, {})


def _names(texts: Iterable[str | None]) -> list[str]:
    names = set()
    for text in filter(None, texts):
        name = comparable(text)
        for article in _ARTICLES:
            name = name.removeprefix(article)
        name = name.replace(".", "")
        if not any(char.isdigit() for char in name) and name.count(" ") < _LETTERS and len(name) >= _LETTERS:
            names.add(name)
    return sorted(names)


def build() -> str:
    """Return the text of the file."""
    lines = [f"{json.dumps(code)}: {json.dumps(calendar_words(code), ensure_ascii=False)}" for code in LANGUAGES]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(build(), encoding="utf-8")
