# ruff: noqa: E501 - tables of cases, one a line, in several scripts
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.clean import Cleaned, clean
from pipelines.errors import ExtractionError
from pipelines.extract import extract_text
from pipelines.extract.text import split_lines
from schemas.records import Extracted, PublishedFrom

REFERENCE = datetime(2026, 6, 10, tzinfo=UTC)
TITLE = "Northern bases to get loitering munitions before winter"
DEK = "The first of two hundred rounds will arrive in November."
BODY = (
    "Northern air bases will receive a first batch of loitering munitions before winter, officials familiar with the plan said on Friday.",
    "The purchase covers about two hundred rounds and twelve launch vehicles. It was cleared by the procurement council.",
    "What the council saw",
    "Members were shown film from a trial in which nine of ten rounds struck a target the size of a van. The tenth landed in a pond.",
)


def read(*lines: str, separator: str = "\n\n") -> tuple[Extracted, Cleaned]:
    extracted = extract_text(separator.join(lines).encode(), reference=REFERENCE)
    return extracted, clean(extracted)


HEADS = {
    "title only": ((TITLE,), TITLE, None, None, None),
    "no head": ((), None, None, None, None),
    "section and date without title": (("World", "June 3, 2026"), None, None, "2026-06-03", None),
    "site and date without title": (("The Northern Post", "3 June 2026"), None, None, "2026-06-03", None),
    "byline": ((TITLE, "By Tanya Gill"), TITLE, "Tanya Gill", None, None),
    "byline in capitals": ((TITLE, "BY TANYA GILL, STAFF WRITER", "JUNE 3, 2026"), TITLE, "Tanya Gill", "2026-06-03", None),
    "two authors": ((TITLE, "By Tanya Gill and Omar Reyes"), TITLE, "Tanya Gill, Omar Reyes", None, None),
    "name and role": ((TITLE, "Tanya Gill, Defence Correspondent"), TITLE, "Tanya Gill", None, None),
    "name beside date": ((TITLE, "Tanya Gill", "June 3, 2026"), TITLE, "Tanya Gill", "2026-06-03", None),
    "name above update": ((TITLE, "Tanya Gill", "Updated: June 3, 2026"), TITLE, "Tanya Gill", None, None),
    "label above name": ((TITLE, "author-image", "Tanya Gill", "New Update", "1000160356"), TITLE, "Tanya Gill", None, None),
    "agency is no author": ((TITLE, "By Reuters", "June 3, 2026"), TITLE, None, "2026-06-03", None),
    "desk is no author": ((TITLE, "Web Desk", "ANI | Published: Jun 03, 2026 12:32 IST"), TITLE, None, "2026-06-03", None),
    "editor is no author": ((TITLE, "Edited By:", "Ravi Menon", "June 3, 2026"), TITLE, None, "2026-06-03", None),
    "update is no publication": ((TITLE, "Last Updated:", "June 3, 2026"), TITLE, None, None, None),
    "time with a zone": ((TITLE, "Published: June 3, 2026 10:15 UTC"), TITLE, None, "2026-06-03T10:15", None),
    "ambiguous numbers": ((TITLE, "03/06/2026"), TITLE, None, None, None),
    "future": ((TITLE, "June 3, 2031"), TITLE, None, None, None),
    "dek above byline": ((TITLE, DEK, "By Tanya Gill", "June 3, 2026"), TITLE, "Tanya Gill", "2026-06-03", DEK),
    "dek that is a phrase": (
        (TITLE, "Council clears twelve launch vehicles and two hundred rounds for bases", "By Tanya Gill"),
        TITLE, "Tanya Gill", None, "Council clears twelve launch vehicles and two hundred rounds for bases",
    ),
    "breadcrumbs, echo, advertisement": (
        ("The Hill Tribune", "  • Home/", "  • Defence/", f"  • {TITLE}", TITLE, DEK, "Advertisement · Scroll to continue", TITLE),
        TITLE, None, None, DEK,
    ),
    "path in one line": (("Home > Defence > " + TITLE, TITLE, "Share", "Facebook Twitter WhatsApp"), TITLE, None, None, None),
    "site behind the title": ((f"{TITLE} - The Hill Tribune", "3 min read"), TITLE, None, None, None),
    "caption under the title": ((TITLE, "June 3, 2026", "IMG_2034.jpg", "A launcher at the range"), TITLE, None, "2026-06-03", None),
    "date before the title": ((f"June 3, 2026 | {TITLE}",), TITLE, None, "2026-06-03", None),
}  # fmt: skip


@pytest.mark.parametrize("separator", ["\n", "\n\n", "\r\n", "\r\n\r\n", "\u2029"], ids=repr)
@pytest.mark.parametrize("name", HEADS)
def test_head_is_told_apart_from_the_story(name: str, separator: str) -> None:
    head, title, author, published, description = HEADS[name]
    extracted, cleaned = read(*head, *BODY, separator=separator)
    assert cleaned.paragraphs == BODY
    assert (cleaned.title, cleaned.author, cleaned.description) == (title, author, description)
    moment = published and datetime.fromisoformat(published).replace(tzinfo=UTC)
    assert extracted.published == moment
    assert extracted.published_from == (PublishedFrom.TEXT if moment else None)


TAILS = {
    "nothing": (),
    "comments and subscription": ("Leave a Comment", "Discover more from Hill News", "Subscribe now to keep reading.", "Continue reading"),
    "caption": ("Lieutenant General Asha Verma",),
    "tags": ("Loitering Munitions", "Northern Bases", "Procurement"),
    "teasers": ("You may also like", "Ten jets that changed history", "Why divers dislike ponds"),
    "credit": ("(With inputs from ANI)", "Published by: Dev Rao", "- Ends"),
    "label and name": ("Edited By:", "Ravi Menon"),
    "biography": ("About the Author", "Tanya Gill", "Tanya Gill is a senior editor with ten years of experience in defence affairs."),
    "copyright": ("© 2026 Hill News. All rights reserved.", "We use cookies to improve your experience."),
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_tail_is_told_apart_from_the_story(name: str) -> None:
    _, cleaned = read(TITLE, *BODY, *TAILS[name])
    assert cleaned.paragraphs == BODY
    assert [item.line for item in cleaned.dropped] == list(TAILS[name]) or sorted(
        item.line for item in cleaned.dropped
    ) == sorted(TAILS[name])


def test_related_links_in_the_middle_go_and_what_is_around_stays() -> None:
    _, cleaned = read(TITLE, BODY[0], "Read : Why divers dislike ponds", BODY[1], "ALSO READ | Ten jets", *BODY[2:])
    assert cleaned.paragraphs == BODY


def test_list_at_the_end_stays() -> None:
    items = ("• twelve launch vehicles", "• two hundred rounds")
    _, cleaned = read(TITLE, *BODY, "The council approved two things on Friday, as its minutes show:", *items)
    assert cleaned.paragraphs[-2:] == items


def test_first_paragraph_is_no_dek_when_only_an_advertisement_follows() -> None:
    extracted, cleaned = read(TITLE, BODY[1], "Advertisement", *BODY[2:])
    assert cleaned.paragraphs == BODY[1:]
    assert extracted.description is None


def test_date_prefix_of_the_lead_is_read_and_taken_off() -> None:
    extracted, cleaned = read(TITLE, "June 3, 2026 — " + BODY[0], *BODY[1:])
    assert extracted.published == datetime(2026, 6, 3, tzinfo=UTC)
    assert cleaned.paragraphs == BODY


def test_site_name_is_found_where_the_text_gives_it() -> None:
    assert read(TITLE, *BODY, "Discover more from Earthworks 21")[0].site_name == "Earthworks 21"
    assert read(TITLE, *BODY, "© 2026 Hill News. All rights reserved.")[0].site_name == "Hill News"
    assert read(TITLE, *BODY)[0].site_name is None


def test_hard_wrapped_lines_are_joined() -> None:
    wrapped = (
        "A line that was broken at a fixed width goes on in the line below\n" * 6
        + "and ends here.\n\nSecond paragraph."
    )
    assert len(split_lines(wrapped)) == 2


@pytest.mark.parametrize(
    "text", ["Advertisement\n\nLeave a Comment\n", "• Home/\n", "***\n", "The Northern Post\nWorld\n"]
)
def test_nothing_but_boilerplate_is_no_story(text: str) -> None:
    with pytest.raises(ExtractionError, match="no_text"):
        extract_text(text.encode())


def test_short_news_without_prose() -> None:
    extracted, cleaned = read("Rocket launchers seen near the border", "June 3, 2026", "No details yet.", "More soon.")
    assert cleaned.title == "Rocket launchers seen near the border"
    assert cleaned.paragraphs == ("No details yet.", "More soon.")
    assert extracted.published == datetime(2026, 6, 3, tzinfo=UTC)
    one, _ = read("Rocket launchers seen near the border")
    assert (one.title, one.lines) == (None, ("Rocket launchers seen near the border",))
