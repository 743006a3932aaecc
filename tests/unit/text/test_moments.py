"""Dates of machines: right, or not read; never another time."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from babel import dates as cldr
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.extract.dates import parse_declared
from pipelines.text.build_calendar_words import LANGUAGES, TARGET
from pipelines.text.dates import find_date
from pipelines.text.moments import read_moment

JUNE_1 = datetime(2026, 6, 1, tzinfo=UTC)


def exact(text: str, language: str | None = None, region: str | None = None) -> datetime | None:
    reading = read_moment(text, language=language, region=region)
    return reading.exact() if reading else None


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("Mon, 01 Jun 2026 10:00:00 +03", "07:00"),
        ("Mon, 01 Jun 2026 10:00:00 +03:00", "07:00"),
        ("Mon, 01 Jun 2026 10:00:00 +0545", "04:15"),
        ("Mon, 01 Jun 2026 10:00:00 -0000", "10:00"),
        ("Mon, 01 Jun 2026 10:00:00 \u22120300", "13:00"),
        ("Mon, 01 Jun 2026 10:00:00 CEST", "08:00"),
        ("Mon, 01 Jun 2026 10:00:00 EST", "15:00"),
        ("Mon, 01 Jun 2026 10:00:00 GMT+5:30", "04:30"),
        ("Mon, 01 Jun 2026 10:00:00 UTC +3", "07:00"),
        ("Mon, 01 Jun 26 10:00:00 GMT", "10:00"),
        ("Mon, 01 Jun 2026 GMT 10:00:00", "10:00"),
        ("Mon Jun  1 10:00:00 CEST 2026", "08:00"),
        ("Mon Jun 01 2026 10:00:00 GMT+0200 (Central European Summer Time)", "08:00"),
        ("(GMT+3) 01 Jun 2026 10:00", "07:00"),
        ("10:00:00 MSK 01 Jun 2026", "07:00"),
        ("01-Jun-2026 10:00:00 GMT", "10:00"),
        ("lun., 01 juin 2026 10:00:00 +0200", "08:00"),
        ("пн, 01 черв. 2026 10:00:00 +0300", "07:00"),
        ("1 июня 2026, 10:00 МСК", "07:00"),  # noqa: RUF001 - a zone
        ("1 حزيران 2026 10:00 GMT", "10:00"),
        ("١ يونيو ٢٠٢٦ ١٠:٠٠ GMT", "10:00"),  # noqa: RUF001 - digits
        ("2026年6月1日 下午3:15 +0800", "07:15"),
        ("2026. 6. 1. 10:00 KST", "01:00"),
        ("June 1, 2026 10:00 AM EDT", "14:00"),
        ("Mon, 01 Jun 2026 10:15:00 PM GMT", "22:15"),
        ("Mon, 01 Jun 2026 10:15:00 p. m. GMT", "22:15"),
        ("June 1, 2026, 10 pm GMT", "22:00"),
        ("2026-06-01T10:00:00.250+03", "07:00"),
        ("2026-06-01 10:00:00 Europe/Berlin", "08:00"),
        ("20260601T100000+0300", "07:00"),
        # The zone or the half of the day is not understood, or there is none.
        ("Mon, 01 Jun 2026 10:00:00", None),
        ("Mon, 01 Jun 2026 10:00:00 IST", None),
        ("Mon, 01 Jun 2026 10:00:00 CET", None),
        ("Mon, 01 Jun 2026 10:00:00 A", None),
        ("Mon, 01 Jun 2026 10:00:00 XYZT", None),
        ("Mon, 01 Jun 2026 10:00:00 +9900", None),
        ("Mon, 01 Jun 2026 10:00:00 0200", None),
        ("Mon, 01 Jun 2026 10:00:00 GMT EDT", None),
        ("Mon, 01 Jun 2026 10:00:00 GMT + 3", None),
        ("Mon, 01 Jun 2026 10:00 - 12:00 GMT", None),
        ("June 1, 2026 10:00-11:00", None),
        ("Mon, 01 Jun 2026 13:00 AM GMT", None),
        ("Mon, 01 Jun 2026 25:00:00 GMT", None),
        ("Mon, 31 Jun 2026 10:00:00 GMT", None),
        ("1 listopada 2026 10:00 GMT", None),
        ("01/06/2026 10:00 GMT", None),
        ("1780308000", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_a_moment_is_read_rightly_or_not_at_all(text: str, clock: str | None) -> None:
    found = exact(text)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == (clock and f"2026-06-01 {clock}")


def test_the_country_and_language_of_the_writer_tell_apart_what_has_two_meanings() -> None:
    assert exact("Mon, 01 Jun 2026 10:00:00 IST", region="in") == JUNE_1 + timedelta(hours=4, minutes=30)
    assert exact("Mon, 01 Jun 2026 10:00:00 CST", region="cn") == JUNE_1 + timedelta(hours=2)
    assert exact("Thu, 01 Jan 2026 10:00:00 CET") == datetime(2026, 1, 1, 9, tzinfo=UTC)
    november = datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert exact("1 listopada 2026 10:00 GMT", "pl") == november
    assert exact("1 listopada 2026 10:00 GMT", "hr") == november.replace(month=10)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("June 1, 2026 10:00 AM", JUNE_1.replace(hour=10)),
        ("June 1, 2026 10:00 AM IST", JUNE_1),
        ("June 1, 2026 10:00 in the evening GMT", JUNE_1),
        ("2026-06-01T10:00:00 PM", JUNE_1.replace(hour=22)),
        ("2026-06-01", JUNE_1),
        ("Published: June 1, 2026 | Updated: June 4, 2026 at 09:00 GMT", JUNE_1),
        ("1. Juni 2026 um 10:15 Uhr MESZ", JUNE_1.replace(hour=8, minute=15)),
        ("1 czerwca 2026", JUNE_1),
        (f"June 1, 2026 10:00{' ' * 90}PM", JUNE_1.replace(hour=22)),
        ("01/06/2026 10:00", None),
    ],
)
def test_a_page_dates_at_least_its_day(text: str, moment: datetime | None) -> None:
    assert parse_declared(text) == moment


FORMATS = (
    "%a, %d %b %Y %H:%M:%S {zone}",
    "%d %b %Y %H:%M {zone}",
    "%A, %B %d, %Y %I:%M:%S %p {zone}",
    "%Y-%m-%dT%H:%M:%S{zone}",
    "%Y-%m-%d %H:%M:%S {zone}",
    "%a %b %d %H:%M:%S {zone} %Y",
    "%H:%M:%S {zone}, %d %B %Y",
    "%Y%m%dT%H%M%S{zone}",
    "%d %B %Y, %I:%M:%S%p ({zone})",
    "%a %b %d %Y %H:%M:%S GMT{zone} (Some Local Time)",
)
ZONES = st.sampled_from(
    [("+0300", 180), ("+03:00", 180), ("-0330", -210), ("+05:45", 345), ("+14:00", 840), ("-1200", -720), ("+00", 0)]
)
MOMENTS = st.datetimes(datetime(1996, 1, 1), datetime(2068, 1, 1))  # noqa: DTZ001 - its zone comes separately


@given(MOMENTS, ZONES, st.sampled_from(FORMATS))
def test_what_is_written_is_read(local: datetime, zone: tuple[str, int], form: str) -> None:
    local = local.replace(microsecond=0, second=0)
    text = local.strftime(form.format(zone=zone[0]))
    moment = local.replace(tzinfo=timezone(timedelta(minutes=zone[1])))
    assert exact(text) == moment
    assert parse_declared(text) == moment


@given(
    MOMENTS, st.sampled_from(LANGUAGES), st.sampled_from(["d MMMM y HH:mm", "EEE, dd MMM y HH:mm:ss", "y-MM-dd HH:mm"])
)
def test_names_of_all_languages_are_read_or_nothing_is(local: datetime, language: str, form: str) -> None:
    local = local.replace(microsecond=0, second=0)
    text = f"{cldr.format_datetime(local, form, locale=language)} +0200"
    moment = local.replace(tzinfo=timezone(timedelta(hours=2)))
    assert exact(text) in (moment, None)
    if language in {"de", "fr", "es", "it", "pt", "nl", "pl", "uk", "ru", "tr", "ar", "el", "sv", "hi", "ro", "cs"}:
        assert exact(text, language) == moment


WORDS = st.sampled_from(
    [
        "PM",
        "AM",
        "GMT",
        "IST",
        "CEST",
        "+03",
        "-0500",
        "Z",
        "foo",
        "10",
        "2027",
        "0200",
        "(",
        "-",
        "May",
        "4",
        "09:30",
        "Mon",
    ]
)


@example(datetime(2000, 3, 1), ["May"], "%d %b %Y %H:%M {zone}")  # noqa: DTZ001 - as drawn
@given(MOMENTS, st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(FORMATS[:4]))
def test_words_around_a_time_never_make_another_of_it_unseen(local: datetime, words: list[str], form: str) -> None:
    """What a word can change is the zone, the half of the day or the day; else the time stands or is not read."""
    local = local.replace(microsecond=0, second=0)
    text = f"{local.strftime(form.format(zone='+0200'))} {' '.join(words)}"
    moment = local.replace(tzinfo=timezone(timedelta(hours=2)))
    halves = {moment, moment + timedelta(hours=12), moment - timedelta(hours=12)}
    assert exact(text) in halves | {None}
    if not {"AM", "PM"} & set(words):
        assert exact(text) in {moment, None}


@given(st.text(max_size=150))
def test_any_text_is_read_or_not(text: str) -> None:
    exact(text)
    parse_declared(text)
    find_date(text)


def test_the_words_are_those_of_the_cldr() -> None:
    # In a process of its own: Babel's locales change with what was asked of them before.
    program = (
        "from pipelines.text.build_calendar_words import build; import sys; sys.stdout.buffer.write(build().encode())"
    )
    built = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert TARGET.read_bytes() == built
