from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.text.dates import find_date, is_date_line
from pipelines.text.names import (
    believable_author,
    believable_authors,
    byline_authors,
    is_agency,
    is_byline,
    looks_like_name,
)

JUNE_3 = datetime(2026, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("June 3, 2026", JUNE_3),
        ("Wednesday, 3rd June 2026", JUNE_3),
        ("03-Jun-2026", JUNE_3),
        ("2026-06-03", JUNE_3),
        ("2026/6/3", JUNE_3),
        ("Veröffentlicht am 3. Juni 2026 um 10:15 Uhr", JUNE_3),
        ("Publié le 3 juin 2026 à 10h15", JUNE_3),
        ("3 de junio de 2026", JUNE_3),
        ("3 Haziran 2026 Çarşamba", JUNE_3),
        ("3 जून 2026", JUNE_3),
        ("3 июня 2026 года", JUNE_3),
        ("Published: June 3, 2026 | Updated: June 4, 2026 at 09:00 GMT", JUNE_3),
        ("Jun 03, 2026 10:15 pm IST", JUNE_3),
        ("Jun 03, 2026 10:15 pm UTC", JUNE_3.replace(hour=22, minute=15)),
        ("3 June 2026, 10:15 GMT+2", JUNE_3.replace(hour=8, minute=15)),
        ("Wed, 03 Jun 2026 10:15:00 +03", JUNE_3.replace(hour=7, minute=15)),
        ("Wed, 03 Jun 2026 10:15:00 PM GMT", JUNE_3.replace(hour=22, minute=15)),
        ("June 3, 2026 10:15 AM EDT", JUNE_3.replace(hour=14, minute=15)),
        ("10:15 GMT, 3 June 2026", JUNE_3.replace(hour=10, minute=15)),
        ("3 czerwca 2026 10:15 CEST", JUNE_3.replace(hour=8, minute=15)),
        ("3 June 2026 10:15-11:30", JUNE_3),
        ("3 June 2026 10:15 XYZ", JUNE_3),
        ("23/06/2026", JUNE_3.replace(day=23)),
        ("06/23/2026", JUNE_3.replace(day=23)),
    ],
)
def test_date_lines_are_read(line: str, moment: datetime) -> None:
    date = find_date(line)
    assert date is not None
    assert date.moment == moment
    assert is_date_line(line) or line.endswith("XYZ")


def test_what_cannot_be_told_is_not_read() -> None:
    ambiguous = find_date("03/06/2026")
    assert ambiguous is not None
    assert ambiguous.moment is None
    for line in ("June 3", "31 June 2026", "2026", "F-16 Block 70/72", "at 10:15"):
        assert find_date(line) is None


def test_a_zone_is_not_taken_from_the_words_behind_the_time() -> None:
    date = find_date("Published: 3 June 2026 10:15 GMT - 3 min read")
    assert date is not None
    assert date.moment == JUNE_3.replace(hour=10, minute=15)


@pytest.mark.parametrize(
    "line", ["The contract of June 3, 2026", "Since 3 June 2026 the base has been closed.", "May 2026"]
)
def test_lines_that_say_more_are_no_date_lines(line: str) -> None:
    assert not is_date_line(line)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Roe", "Jane Roe"),
        ("by JANE ROE", "Jane Roe"),
        ("By Jane Roe and Amos Diggory", "Jane Roe, Amos Diggory"),
        ("By Jane Roe, Defence Correspondent", "Jane Roe"),
        ("Written by: Jane Roe", "Jane Roe"),
        ("Von Jörg Müller-Lüdenscheidt", "Jörg Müller-Lüdenscheidt"),
        ("Par Émilie d'Arc", "Émilie d'Arc"),
        ("Por José de la Cruz", "José de la Cruz"),
        ("Автор: Нина Ветрова", "Нина Ветрова"),
        ("By Reuters", None),
        ("By our Defence Correspondent", None),
        ("By the end of the year", None),
        ("By Land and Sea They Came in Numbers", None),
        ("Jane Roe", None),
        ("By", None),
        ("", None),
    ],
)
def test_bylines(line: str, names: str | None) -> None:
    assert byline_authors(line) == names


def test_bylines_of_desks_are_bylines_without_names() -> None:
    assert is_byline("By Reuters")
    assert is_byline("By Staff Reporter")
    assert not is_byline("By the border road")


@pytest.mark.parametrize("text", ["Jane Roe", "J. R. Roe", "Anne-Marie O'Neill", "Ursula von der Leyen", "Élodie Brès"])
def test_names(text: str) -> None:
    assert looks_like_name(text)


@pytest.mark.parametrize(
    "text", ["Jane", "jane roe", "Operation Sunrise", "World News", "Press Trust of India", "Block 70", "A B C D E F"]
)
def test_no_names(text: str) -> None:
    assert not looks_like_name(text)


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Jane Roe", "Jane Roe"),
        ("by jane roe", "Jane Roe"),
        ("Jane Roe (Brussels)", "Jane Roe"),
        ("Regan", "Regan"),
        ("kw1chcik", None),
        ("Admin", None),
        ("Staff Writer", None),
        ("AFP", None),
        ("Island Post", None),
        ("The Island Post Newsroom", None),
        ("jane@post.example", None),
        ("https://x.example/jane", None),
        ("Coordination - Office", None),
        ("Politics", None),
        ("A very long line which is certainly not anybody's name at all", None),
        ("", None),
    ],
)
def test_believable_authors(text: str, author: str | None) -> None:
    assert believable_author(text, outlets=("The Island Post",)) == author


def test_lists_of_authors() -> None:
    assert (
        believable_authors(["Jane Roe, PhD", "Jane Roe", "Amos Diggory & Li Wei"]) == "Jane Roe, Amos Diggory, Li Wei"
    )
    assert believable_authors(["Reuters", "Admin"]) is None


def test_agencies() -> None:
    assert is_agency("(Reuters)")
    assert is_agency("Press Trust of India")
    assert not is_agency("Reuters said")
