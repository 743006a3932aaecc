"""Dates in lines of text, in the languages of the CLDR.

Only dates with a year are read. A numeric date whose day and month could be exchanged is recognised as a date but not
read. A time is used only with a zone that has a single meaning; otherwise the date alone counts, as midnight UTC.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from pipelines.text.calendar_words import calendar_words, month_of
from pipelines.text.lines import comparable
from pipelines.text.moments import read_moment
from pipelines.text.reading import Reading, on_clock
from pipelines.text.zones import OFFSET, offset_of

_MAX_DATE_LINE = 160
"""Characters: a line with two dates, labels and zones is shorter."""
_NUMERIC_PARTS_LIMIT = 12
"""A part above this is a day, not a month."""

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_ISO = re.compile(rf"(?<!\d){_YEAR}[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?!\d)")
_NUMERIC = re.compile(rf"(?<!\d)(?P<first>\d\d?)[-/.](?P<second>\d\d?)[-/.]{_YEAR}(?!\d)")
_TIME = re.compile(
    r"(?<![\d:])(?P<hour>\d\d?)[:.h](?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>a\.?m\b\.?|p\.?m\b\.?)?"
    rf"\s*\(?(?P<zone>(?:utc|gmt)\s?{OFFSET}|[+-]\d{{4}}(?!\d)|\+\d\d:\d\d(?!\d)|z\b|[a-z\u0430-\u044f]{{2,5}}\b)?\)?"
)
_ORDINAL = r"(?:st|nd|rd|th|er|\.|º)?"
_MONTH = r"(?P<month>[^\W\d_][^\s\d,;:.()\[\]|/+\-·•]*)\.?"
_DAY_FIRST = re.compile(
    rf"(?<![\d\w])(?P<day>\d\d?){_ORDINAL}\s*(?:of |de |-|/)?\s*{_MONTH}\s*(?:de |del |,|-|/)?\s*{_YEAR}(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<!\w){_MONTH}\s*(?P<day>\d\d?)(?:st|nd|rd|th)?\s*,?\s+{_YEAR}(?!\d)")
_GAP = re.compile(r"[\s,@(|-]{0,5}(?:at|um|\u00e0|a las|saat|\u0432)?\s{0,2}")
_WORD = re.compile(r"[^\W\d_][^\s,;|/()\u00b7\u2022\-:]*|\d+")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date found in a line."""

    moment: datetime | None
    """Aware, UTC; ``None`` if the order of day and month is ambiguous."""
    start: int
    """Offset of the date in the comparison form of the line."""
    end: int


@cache
def _fillers() -> re.Pattern[str]:
    data = tomllib.loads(files("pipelines.text").joinpath("cues.toml").read_text(encoding="utf-8"))
    words = (unicodedata.normalize("NFKC", word) for words in data["date_fillers"].values() for word in words)
    return re.compile("|".join(f"(?:{word})" for word in words))


def find_date(line: str) -> WrittenDate | None:
    """Return the first date with a year in a line of at most 160 characters, or ``None``."""
    form = comparable(line)
    if len(form) > _MAX_DATE_LINE:
        return None
    dates = [date for date in (_named(form), _iso(form), _numeric(form)) if date is not None]
    first = min(dates, key=lambda date: date.start, default=None)
    if first is None or first.moment is None:
        return first
    whole = read_moment(form)
    exact = whole.exact() if whole and whole.day and whole.day.date() == first.moment.date() else None
    return replace(first, moment=exact) if exact else first


def is_date_line(line: str) -> bool:
    """Return whether a line holds only dates, times, and labels such as "Published" and "Updated"."""
    rest = without_dates(line)
    if rest is None:
        return False
    return read_moment(line) is not None or all(is_date_word(word) for word in _WORD.findall(rest))


def without_dates(line: str) -> str | None:
    """Return the comparison form of a line without its dates and times, or ``None`` if it has no date."""
    form = comparable(line)
    if find_date(form) is None:
        return None
    for _ in range(3):  # publication and update, and a spare round
        date = find_date(form)
        if date is None:
            break
        form = comparable(f"{form[: date.start]} {form[date.end :]}")
    return _TIME.sub(" ", form)


def is_date_word(word: str) -> bool:
    """Return whether a word in comparison form is part of dates: a weekday, a zone, a label."""
    return _fillers().fullmatch(word.rstrip(".")) is not None


def _named(form: str) -> WrittenDate | None:
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        for match in pattern.finditer(form):
            month = month_of(match["month"])
            if month is not None:
                return _dated(form, match, int(match["year"]), month, int(match["day"]))
    return None


def _iso(form: str) -> WrittenDate | None:
    match = _ISO.search(form)
    return match and _dated(form, match, int(match["year"]), int(match["month"]), int(match["day"]))


def _numeric(form: str) -> WrittenDate | None:
    match = _NUMERIC.search(form)
    if match is None:
        return None
    first, second = int(match["first"]), int(match["second"])
    if first > _NUMERIC_PARTS_LIMIT or first == second:
        return _dated(form, match, int(match["year"]), second, first)
    if second > _NUMERIC_PARTS_LIMIT:
        return _dated(form, match, int(match["year"]), first, second)
    return WrittenDate(None, match.start(), match.end())


def _dated(form: str, match: re.Match[str], year: int, month: int, day: int) -> WrittenDate | None:
    moment = None
    with suppress(ValueError):
        moment = datetime(year, month, day, tzinfo=UTC)
    if moment is None:
        return None
    return WrittenDate(moment=_with_time(moment, form, match.end()), start=match.start(), end=match.end())


def _with_time(midnight: datetime, form: str, behind: int) -> datetime:
    """Add the time that directly follows the date, if its zone is known."""
    gap = _GAP.match(form, behind)
    match = _TIME.match(form, gap.end() if gap else behind)
    if match is None or match["zone"] is None:
        return midnight
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = calendar_words().halves[match["half"].replace(".", "")] if match["half"] else None
    clock = on_clock(timedelta(hours=hour, minutes=minute, seconds=second), half)
    if clock is None or hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004
        return midnight
    offset = offset_of(match["zone"], (midnight + clock).replace(tzinfo=None))
    return Reading(midnight, clock, offset, local=False).exact() or midnight
