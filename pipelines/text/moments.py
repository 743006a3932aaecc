"""Strict parsing of dates with their times: every word of the text must be understood.

The parser reads text that programs write (feeds, metadata of pages), in any order of parts and in the languages of the
CLDR. It rejects a text with a part that it does not understand, since that part may be the zone or the half of the day.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pipelines.text.calendar_words import calendar_words, month_of
from pipelines.text.lines import comparable
from pipelines.text.reading import Reading, on_clock
from pipelines.text.zones import OFFSET, is_zone_name, offset_of

MAX_LENGTH = 120
"""Characters: two dates with words around them are shorter."""
_NUMERIC_PARTS_LIMIT = 12
"""A part above this is a day, not a month."""
_CENTURY = 100
_PIVOT = 69
"""Years of two digits below this belong to this century, as in ``email.utils``."""
_TOKEN = re.compile(
    rf"""
      (?P<compact>(?<!\d)(?:19|20)\d{{6}}(?!\d))
    | (?P<ymd>(?:19|20)\d\d(?P<s1>[-/.])\ ?\d\d?(?P=s1)\ ?\d\d?(?!\d))
    | (?P<dmy>\d\d?(?P<s2>[-/.])\ ?\d\d?(?P=s2)\ ?(?:19|20)\d\d(?!\d))
    | (?P<cjk>(?:19|20)\d\d\s?[年년]\s?\d\d?\s?[月월]\s?\d\d?\s?[日일])
    | (?P<clock>\d\d?(?:(?::|\s?[時点시时]\s?)\d\d?(?:(?::|\s?[分분]\s?)\d\d?(?:[.,]\d{{1,9}})?)?|[.h]\d\d)
        (?![\d:])(?:\s?[分秒분초])?)
    | (?P<packed>(?<=t)\d{{4}}(?:\d\d)?(?!\d))
    | (?P<location>[a-z]+(?:/[a-z_+-]+\d*)+)
    | (?P<offset>(?:(?<=gmt)|(?<=utc)|(?<![^\W\d_])){OFFSET})
    | (?P<number>\d+)(?:st|nd|rd|th|er|º|ª)?(?![^\W\d_])\.?
    | (?P<word>[^\s\d,;:.()\[\]|/+\-·•][^\s\d,;:()\[\]|/+\-·•]*)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile(r"\b([ap])\.\s?m\b\.?")
_DIGITS = re.compile(r"\d+")
_RANGE = re.compile(r"\d\d?:\d\d-\d\d?:\d\d")
_MARKS = frozenset(",;:.()[]|·•-/")
_LATIN = (
    "t at on am um uhr à le la las de del of den der klo kl saat às os alle ore ora godz h hrs il updated published"
    " posted date tues weds thur thurs"
)
_CYRILLIC = "о об в г р года року"  # noqa: RUF001 - whole words
_FILLERS = frozenset(f"{_LATIN} {_CYRILLIC}".split())
"""Words that do not change the meaning of the date or time beside them."""


def read_moment(text: str, *, language: str | None = None, region: str | None = None) -> Reading | None:
    """Read a text that is nothing but a date, with or without a time and a zone.

    Args:
        text: the text; only the first of two dates counts.
        language: ISO 639-1 code of the text, if known: it decides between months that share a name.
        region: ISO 3166 code of the writer's country in lower case, if known: it decides between zones that share an
            abbreviation (IST).

    Returns:
        The components of the date; ``None`` for a text with a word that is not understood.
    """
    form = _HALF.sub(r"\1m ", comparable(text))
    if not form or len(form) > MAX_LENGTH:
        return None
    if not form.isascii():
        form = _DIGITS.sub(lambda digits: "".join(str(int(digit)) for digit in digits[0]), form)
        for name in calendar_words().names_of_two_words:
            form = form.replace(name, name.replace(" ", "_"))
    return _Reader(form, language, region).read()


class _Reader:
    """A parser of a single text, token by token."""

    def __init__(self, form: str, language: str | None, region: str | None) -> None:
        self._tokens = [token for token in _TOKEN.finditer(form) if token[0].strip()]
        self._language = language
        self._region = region
        self._year: int | None = None
        self._month: int | None = None
        self._day: int | None = None
        self._ambiguous = False
        self._clock: timedelta | None = None
        self._hour: int | None = None
        self._half: int | None = None
        self._contradictory = False
        self._zones: list[str] = []
        self._weekday_or_month: int | None = None
        self._weekday_seen = False

    def read(self) -> Reading | None:
        for number, token in enumerate(self._tokens):
            if self._dated() and self._begins_date(number):
                # The tokens from here on belong to a second date; a zone there may apply to both.
                self._contradictory = True
                break
            if not self._take(number, token):
                return None
        return self._result()

    def _dated(self) -> bool:
        return self._ambiguous or None not in (self._year, self._month, self._day)

    def _begins_date(self, number: int) -> bool:
        token = self._tokens[number]
        if token.lastgroup in ("compact", "ymd", "dmy", "cjk"):
            return True
        following = self._tokens[number + 1] if number + 1 < len(self._tokens) else None
        if token.lastgroup == "number":
            return following is not None and self._month_of(following) is not None
        return self._month_of(token) is not None and following is not None and following.lastgroup == "number"

    def _month_of(self, token: re.Match[str]) -> int | None:
        return month_of(token["word"], self._language) if token["word"] else None

    def _take(self, number: int, token: re.Match[str]) -> bool:  # noqa: PLR0911 - one return per kind
        """Take in a token; return ``False`` if it is not understood."""
        match token.lastgroup:
            case "compact":
                return self._take_date(int(token[0][:4]), int(token[0][4:6]), int(token[0][6:]))
            case "ymd" | "cjk":
                year, month, day = (int(part) for part in _DIGITS.findall(token[0]))
                return self._take_date(year, month, day)
            case "dmy":
                return self._take_numeric(*(int(part) for part in _DIGITS.findall(token[0])))
            case "clock":
                return self._take_clock([int(part) for part in _DIGITS.findall(token[0])][:3])
            case "packed":
                return self._take_clock([int(token[0][at : at + 2]) for at in range(0, len(token[0]), 2)])
            case "offset" | "location":
                return self._take_zone(number, token[0])
            case "number":
                return self._take_number(number, int(token["number"]), len(token["number"]))
            case "word":
                return self._take_word(number, token["word"])
        return token[0] in _MARKS

    def _take_date(self, year: int, month: int, day: int) -> bool:
        self._year, self._month, self._day = year, month, day
        return True

    def _take_numeric(self, first: int, second: int, year: int) -> bool:
        if first > _NUMERIC_PARTS_LIMIT or first == second:
            return self._take_date(year, second, first)
        if second > _NUMERIC_PARTS_LIMIT:
            return self._take_date(year, first, second)
        self._ambiguous = True
        return True

    def _take_clock(self, parts: list[int]) -> bool:
        if self._clock is not None:
            self._contradictory = True
            return True
        hour, minute, second = [*parts, 0, 0][:3]
        if hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - 60 is a leap second
            self._contradictory = True
        self._hour = hour
        self._clock = timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
        return True

    def _take_zone(self, number: int, zone: str) -> bool:
        before = self._tokens[number - 1] if number else None
        if before is None or "/" in zone:
            self._zones.append(zone)
        elif before["word"] in ("gmt", "utc") and self._zones:
            self._zones[-1] = zone  # "GMT+3" is one zone
        elif _RANGE.fullmatch(f"{before[0]}{zone}") and (number < 2 or self._tokens[number - 2][0] != "t"):  # noqa: PLR2004
            self._contradictory = True  # "10:00-11:00" is a range of hours
        elif before.lastgroup in ("clock", "packed") or self._zones or before[0] == "(" or self._is_half(before[0]):
            self._zones.append(zone)
        else:
            return False
        return True

    def _take_number(self, number: int, value: int, digits: int) -> bool:
        following = self._tokens[number + 1][0] if number + 1 < len(self._tokens) else ""
        if self._is_half(following) and self._hour is None and self._month is not None and self._day is not None:
            return value <= 12 and self._take_clock([value])  # noqa: PLR2004 - "10 pm"
        if digits == 4 and self._year is None:  # noqa: PLR2004
            self._year = value if 1900 <= value < 2100 else None  # noqa: PLR2004
            return self._year is not None
        if digits > 2:  # noqa: PLR2004
            return False
        if self._day is None:
            self._day = value
            return True
        before = self._tokens[number - 1]
        behind_month = bool(before["word"]) or before[0] == "-"
        if self._year is None and digits == 2 and self._month is not None and behind_month:  # noqa: PLR2004
            self._year = value + (2000 if value < _PIVOT else 1900)
            return True
        return False

    def _take_word(self, number: int, word: str) -> bool:  # noqa: PLR0911 - one return per kind of word
        bare = word.replace(".", "")
        behind_clock = self._hour is not None and self._half is None and self._tokens[number - 1].lastgroup != "word"
        following = self._tokens[number + 1] if number + 1 < len(self._tokens) else None
        if self._is_half(bare) and (behind_clock or not bare.isascii()):
            # In German "10:15 am 3. Juni", "am" is no half of the day.
            if following is not None and following.lastgroup == "number" and not self._dated():
                return False
            return self._take_half(bare)
        if is_zone_name(bare):
            self._zones.append(bare)
            return True
        month = month_of(bare, self._language)
        weekday = bare in calendar_words().weekdays
        if month is not None and weekday and not self._between_numbers(number):
            self._weekday_or_month = month
            return True
        if month is not None:
            if self._month is not None:
                return False
            self._month = month
            return True
        self._weekday_seen = self._weekday_seen or weekday
        comment = bool(self._zones) and self._clock is not None and self._in_brackets(number)
        return weekday or bare in _FILLERS or comment

    def _between_numbers(self, number: int) -> bool:
        """Return whether a token stands between two numbers: the month of a date can, its weekday cannot."""
        others = [token for token in self._tokens if token[0] not in _MARKS]
        at = others.index(self._tokens[number])
        return 0 < at < len(others) - 1 and {others[at - 1].lastgroup, others[at + 1].lastgroup} == {"number"}

    def _in_brackets(self, number: int) -> bool:
        marks = [token[0] for token in self._tokens[:number] if token[0] in "()"]
        return bool(marks) and marks[-1] == "("

    @staticmethod
    def _is_half(word: str) -> bool:
        return word.replace(".", "") in calendar_words().halves

    def _take_half(self, word: str) -> bool:
        added = calendar_words().halves[word]
        if added is None or self._half is not None:
            return False
        self._half = added
        return True

    def _result(self) -> Reading | None:
        if self._month is None:
            self._month = self._weekday_or_month
        elif self._weekday_or_month is not None and self._weekday_seen:
            return None  # two months: "Wed, 01 Mar 2000 … May"
        if self._ambiguous:
            return Reading(None, None, None, local=False)
        if self._year is None or self._month is None or self._day is None:
            return None
        day = None
        with suppress(ValueError):
            day = datetime(self._year, self._month, self._day, tzinfo=UTC)
        if day is None:
            return None
        clock = self._read_clock()
        offset = self._read_offset(day + clock) if clock is not None else None
        local = clock is not None and not self._zones
        return Reading(day, clock, offset, local=local)

    def _read_clock(self) -> timedelta | None:
        if self._clock is None or self._hour is None or self._contradictory:
            return None
        return on_clock(self._clock, self._half)

    def _read_offset(self, moment: datetime) -> timedelta | None:
        local = moment.replace(tzinfo=None)
        offsets = {offset_of(zone, local, self._region) for zone in self._zones}
        # An abbreviation beside a numeric offset explains it: "+0530 (IST)".
        if len(offsets) > 1 and any(zone.startswith(("+", "-")) for zone in self._zones):
            offsets.discard(None)
        return offsets.pop() if len(offsets) == 1 else None
