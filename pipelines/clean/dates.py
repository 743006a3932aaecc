"""Dates as they are written on a line of text, in the languages of the vocabulary.

Only dates with a year are read. A numeric date whose day and month could be exchanged is recognised as a date
but not read. A time is used only with a zone that has one meaning; else the date alone counts, as midnight UTC.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files

from pipelines.clean.lines import comparable

_MAX_DATE_LINE = 160
"""Characters: a line with two dates, labels and zones is shorter."""
_NUMERIC_PARTS_LIMIT = 12
"""A part above this is a day, not a month."""

# Zones which mean one offset only, in minutes. IST, BST, CST, AST and others name several and are left out.
_ZONES = {
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "edt": -240,
    "pdt": -420,
    "mdt": -360,
    "cdt": -300,
    "cet": 60,
    "cest": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "мск": 180,
    "jst": 540,
    "aest": 600,
}
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_ISO = re.compile(rf"(?<!\d){_YEAR}[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?!\d)")
_NUMERIC = re.compile(rf"(?<!\d)(?P<first>\d\d?)[-/.](?P<second>\d\d?)[-/.]{_YEAR}(?!\d)")
_TIME = re.compile(
    r"(?<![\d:])(?P<hour>\d\d?)[:.h](?P<minute>\d\d)(?::\d\d)?\s*(?P<half>a\.?m\b\.?|p\.?m\b\.?)?"
    r"\s*\(?(?P<zone>utc\s*[+-]\s*\d\d?(?::?\d\d)?|gmt\s*[+-]\s*\d\d?(?::?\d\d)?|[+-]\d\d:?\d\d|z\b|[a-z\u0430-\u044f]{2,4}\b)?\)?"
)
_GAP = re.compile(r"[\s,@(|-]{0,5}(?:at|um|\u00e0|a las|saat|\u0432)?\s{0,2}")
_OFFSET = re.compile(r"(?P<sign>[+-])\s*(?P<hours>\d\d?):?(?P<minutes>\d\d)?$")
_WORD = re.compile(r"[^\W\d_][^\s,;|/()\u00b7\u2022\-:]*|\d+")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date found in a line."""

    moment: datetime | None
    """Aware, UTC; ``None`` where the digits do not say which is the day."""
    start: int
    """Offset of the date in the comparison form of the line."""
    end: int


@dataclass(frozen=True, slots=True)
class _Calendar:
    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    months: tuple[tuple[re.Pattern[str], int], ...]
    fillers: re.Pattern[str]


@cache
def _calendar() -> _Calendar:
    data = tomllib.loads(files("pipelines.clean").joinpath("cues.toml").read_text(encoding="utf-8"))
    names: list[tuple[str, int]] = []
    for months in data["months"].values():
        names += [(unicodedata.normalize("NFKC", name), number) for number, name in enumerate(months, 1)]
    any_month = "|".join(f"(?:{name})" for name, _ in names)
    fillers = "|".join(
        f"(?:{unicodedata.normalize('NFKC', word)})" for words in data["date_fillers"].values() for word in words
    )
    month = rf"(?P<month>{any_month})\.?"
    ordinal = r"(?:st|nd|rd|th|er|\.|º)?"
    return _Calendar(
        day_first=re.compile(
            rf"(?<![\d\w])(?P<day>\d\d?){ordinal}\s*(?:of |de |-|/)?\s*{month}\s*(?:de |del |,|-|/)?\s*{_YEAR}(?!\d)"
        ),
        month_first=re.compile(
            rf"(?<!\w){month}\s*(?P<day>\d\d?)(?:st|nd|rd|th)?\s*,?\s+{_YEAR}(?!\d)",
        ),
        months=tuple((re.compile(name), number) for name, number in names),
        fillers=re.compile(fillers),
    )


def find_date(line: str) -> WrittenDate | None:
    """The first date with a year in a line of at most 160 characters."""
    form = comparable(line)
    if len(form) > _MAX_DATE_LINE:
        return None
    found = [date for date in (_named(form), _iso(form), _numeric(form)) if date is not None]
    return min(found, key=lambda date: date.start, default=None)


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but dates and times, with labels such as "Published" and "Updated"."""
    rest = without_dates(line)
    return rest is not None and all(is_date_word(word) for word in _WORD.findall(rest))


def without_dates(line: str) -> str | None:
    """The comparison form of a line without its dates and times; ``None`` when there is no date."""
    form = comparable(line)
    if find_date(form) is None:
        return None
    for _ in range(3):  # published and updated, and one to spare
        date = find_date(form)
        if date is None:
            break
        form = comparable(f"{form[: date.start]} {form[date.end :]}")
    return _TIME.sub(" ", form)


def is_date_word(word: str) -> bool:
    """Whether a word (in comparison form) belongs to dates: a weekday, a zone, a label."""
    return _calendar().fillers.fullmatch(word.rstrip(".")) is not None


def _named(form: str) -> WrittenDate | None:
    calendar = _calendar()
    found = calendar.day_first.search(form) or calendar.month_first.search(form)
    if found is None:
        return None
    name = found["month"]
    month = next(number for pattern, number in calendar.months if pattern.fullmatch(name))
    return _dated(form, found, int(found["year"]), month, int(found["day"]))


def _iso(form: str) -> WrittenDate | None:
    found = _ISO.search(form)
    return found and _dated(form, found, int(found["year"]), int(found["month"]), int(found["day"]))


def _numeric(form: str) -> WrittenDate | None:
    found = _NUMERIC.search(form)
    if found is None:
        return None
    first, second = int(found["first"]), int(found["second"])
    if first > _NUMERIC_PARTS_LIMIT or first == second:
        return _dated(form, found, int(found["year"]), second, first)
    if second > _NUMERIC_PARTS_LIMIT:
        return _dated(form, found, int(found["year"]), first, second)
    return WrittenDate(None, found.start(), found.end())


def _dated(form: str, found: re.Match[str], year: int, month: int, day: int) -> WrittenDate | None:
    moment = None
    with suppress(ValueError):
        moment = datetime(year, month, day, tzinfo=UTC)
    if moment is None:
        return None
    return WrittenDate(moment=_with_time(moment, form, found.end()), start=found.start(), end=found.end())


def _with_time(midnight: datetime, form: str, behind: int) -> datetime:
    """Add the time that stands right behind the date, if its zone is known."""
    gap = _GAP.match(form, behind)
    found = _TIME.match(form, gap.end() if gap else behind)
    if found is None or found["zone"] is None:
        return midnight
    offset = _offset(found["zone"])
    hour, minute = int(found["hour"]), int(found["minute"])
    half = (found["half"] or "")[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    moment = None
    with suppress(ValueError, OverflowError):
        moment = midnight.replace(hour=hour, minute=minute)
    if offset is None or moment is None:
        return midnight
    return moment.replace(tzinfo=timezone(offset)).astimezone(UTC)


def _offset(zone: str) -> timedelta | None:
    if zone in _ZONES:
        return timedelta(minutes=_ZONES[zone])
    found = _OFFSET.search(zone)
    if found is None:
        return None
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if offset > timedelta(hours=14):  # UTC+14 is the largest in use
        return None
    return -offset if found["sign"] == "-" else offset
