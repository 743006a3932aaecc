"""Words of dates in the languages of the Unicode CLDR: months, weekdays, halves of the day."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOON = 12
_FURTHER_MONTHS = {
    "sept": 9, "set": 9, "jän": 1, "mär": 3, "okt": 10, "févr": 2, "juil": 7, "dez": 12,
    "фев": 2, "сен": 9, "ноя": 11, "फरवरी": 2, "सितम्बर": 9, "अक्तूबर": 10, "नवम्बर": 11, "दिसम्बर": 12,
}  # fmt: skip
"""Abbreviations in use that CLDR spells differently."""
_FURTHER_HALVES = {"上午": 0, "下午": _NOON, "午前": 0, "午後": _NOON, "ص": 0, "م": _NOON}


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """Words in comparison form, without full stops."""

    months: Mapping[str, Mapping[int, frozenset[str]]]
    """For each name, the numbers of the months that it can mean, each with the languages of that meaning."""
    names_of_two_words: tuple[str, ...]
    """Names of months that contain a blank."""
    weekdays: frozenset[str]
    halves: Mapping[str, int | None]
    """Hours to add to those of a twelve-hour clock, by word; ``None`` if languages disagree."""


@cache
def calendar_words() -> CalendarWords:
    """Return the words of all languages."""
    data = json.loads(files("pipelines.text").joinpath("calendar_words.json").read_text(encoding="utf-8"))
    months: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    halves: defaultdict[str, set[int]] = defaultdict(set)
    weekdays: set[str] = set()
    for language, words in data.items():
        for number, names in enumerate(words["months"], 1):
            for name in names:
                months[name][number].add(language.partition("_")[0])
        weekdays.update(part for names in words["days"] for name in names for part in name.split())
        for added, names in zip((0, _NOON), words["halves"], strict=True):
            for name in names:
                halves[name].add(added)
    for name, number in _FURTHER_MONTHS.items():
        months[name][number].add("")
    for name, added in (_FURTHER_HALVES | {"am": 0, "pm": _NOON}).items():
        halves[name] = {added}
    return CalendarWords(
        months={name: {n: frozenset(of) for n, of in numbers.items()} for name, numbers in months.items()},
        names_of_two_words=tuple(sorted(name for name in months if " " in name)),
        weekdays=frozenset(weekdays),
        halves={name: added.pop() if len(added) == 1 else None for name, added in halves.items()},
    )


def month_of(name: str, language: str | None = None) -> int | None:
    """Return the number of the month with a name in comparison form.

    The result is ``None`` if the name is no month, or if it means different months in different languages (Polish and
    Croatian "listopad") and ``language`` (ISO 639-1) does not decide between them.
    """
    numbers = calendar_words().months.get(name.replace(".", "").replace("_", " "), {})
    if len(numbers) > 1:
        numbers = {number: languages for number, languages in numbers.items() if language in languages}
    return next(iter(numbers)) if len(numbers) == 1 else None
