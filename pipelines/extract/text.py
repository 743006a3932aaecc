"""Extraction of stories from scraped plain text with boilerplate lines, such as ``.txt`` seeds."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelines.clean.cleaner import LineContext, line_reasons
from pipelines.clean.structure import is_nominal
from pipelines.errors import ExtractionError
from pipelines.extract.charset import decode
from pipelines.extract.dates import believed
from pipelines.extract.divided import join_divided
from pipelines.extract.sniff import refuse_non_text
from pipelines.extract.text_head import head_reason, is_list_item, looks_like_outlet, read_head
from pipelines.extract.titles import without_site
from pipelines.identify.language import DETECTION_WORDS, language_of
from pipelines.text.dates import find_date
from pipelines.text.lines import comparable, ends_sentence, is_prose, tidy, word_count
from schemas.records import DroppedLine, Extracted, PublishedFrom, now_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.extract.text_head import Head

_MAX_LINES = 20_000
_LINE_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_WRAP_WIDTH = 110
"""Longest line, in characters, of text wrapped for a terminal or for mail."""
_WRAPPED_LINES = 5
_FULL_SHARE = 0.75
"""Share of the longest line's characters; a shorter wrapped line is the last of its paragraph."""
_HYPHENS = ("-", "\u2010", "\u2011")
_MAX_CAPTION_WORDS = 8
_MAX_TAG_WORDS = 4
_MAX_PHRASE_WORDS = 25
_SITE_MARKS = (" | ", " - ", " \u2013 ", " \u2014 ")
_DATE_SEPARATOR = re.compile(r"^\s*[:|\u2013\u2014-]+\s*")


@dataclass(frozen=True, slots=True)
class _Sorted:
    lines: tuple[str, ...]
    dropped: tuple[DroppedLine, ...]


def extract_text(body: bytes, *, reference: datetime | None = None) -> Extracted:
    """Extract headline, author, date, dek and lines from a scraped text; ``None`` for what it does not contain.

    Lines may be separated by single or double line breaks of any kind; hard-wrapped lines are joined.
    ``reference`` is the time at which the text was read (aware, UTC; by default now): later dates are rejected.

    Raises:
        ExtractionError: with reason ``empty``, ``too_large``, ``pdf``, ``image``, ``archive``, ``binary`` or
            ``no_text``.
    """
    refuse_non_text(body)
    return read_text(decode(body), reference=reference)


def read_text(text: str, *, reference: datetime | None = None) -> Extracted:
    """Extract a story from decoded text; see ``extract_text``."""
    lines = split_lines(text)
    if not any(word_count(line) for line in lines):
        raise ExtractionError("no_text", "no line with a letter or a digit")
    head = read_head(lines)
    parts = _sort(lines, head)
    title, site_name = _title_and_site(head)
    published, story = head.published, parts.lines
    title_date = _leading_date(title) if title else None
    if title and title_date:
        published, title = published or title_date[0], title_date[1]
    lead_date = _leading_date(story[0]) if story else None
    if lead_date:
        published, story = published or lead_date[0], (lead_date[1], *story[1:])
    published = believed(published, reference or now_utc())
    if not story:
        raise ExtractionError("no_text", "nothing but boilerplate lines")
    return Extracted(
        title=title,
        lines=story,
        description=" ".join(lines[number] for number in head.deks) or None,
        author=head.author,
        published=published,
        published_from=PublishedFrom.TEXT if published else None,
        site_name=site_name,
        dropped=parts.dropped,
    )


def _title_and_site(head: Head) -> tuple[str | None, str | None]:
    """Return the headline without the outlet's name after it, and that name."""
    title, site_name = head.title_text, head.site_name
    if title is None:
        return None, site_name
    if site_name is None:
        front, separator, tail = max((title.rpartition(mark) for mark in _SITE_MARKS), key=lambda parts: len(parts[0]))
        if separator and looks_like_outlet(tail):
            return tidy(front), tidy(tail)
        return title, None
    return without_site(title, (site_name,)), site_name


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, tidy and not blank; lines wrapped at a fixed width are joined again.

    Raises:
        ExtractionError: ``too_large`` above 20,000 lines, more than any article has.
    """
    given = [tidy(line) for line in _LINE_BREAK.split(text)]
    if len(given) > _MAX_LINES:
        raise ExtractionError("too_large", f"{len(given)} lines; the limit is {_MAX_LINES}")
    raw = _rejoined(given)
    filled = [line for line in raw if line]
    longest = max(map(len, filled), default=0)
    broken = sum(not ends_sentence(line) and len(line) > _FULL_SHARE * longest for line in filled)
    least = 1 if raw != given else _WRAPPED_LINES  # a divided word alone proves wrapping
    if longest > _WRAP_WIDTH or broken < least or broken < len(filled) / 3:
        return filled
    joined: list[str] = []
    previous = ""
    for line in raw:
        if line and joined and previous and len(previous) >= _FULL_SHARE * longest and not is_list_item(line):
            joined[-1] = f"{joined[-1]} {line}"
        elif line:
            joined.append(line)
        previous = line
    return joined


def _rejoined(given: list[str]) -> list[str]:
    """Return the lines with the rest of each divided word moved up to the line on which it begins."""
    lines, language = list(given), None
    for number, (line, following) in enumerate(pairwise(lines)):
        if not line.endswith(_HYPHENS) or not following:
            continue
        language = language or language_of(" ".join(lines), None, DETECTION_WORDS)
        word, _, rest = following.partition(" ")
        joined = join_divided(lines[number], word, language)
        if joined is not None:
            lines[number], lines[number + 1] = joined, rest
    return lines


def _sort(lines: Sequence[str], head: Head) -> _Sorted:
    """Sort the lines into those for the cleaner and those dropped from the head or the tail, with reasons."""
    kept: list[str] = []
    dropped: list[DroppedLine] = []
    furnished = False
    for number, line in enumerate(lines[: head.story]):
        if number == head.title or number in head.deks:
            continue
        reason = head_reason(line, site_name=head.site_name, title=head.title_text)
        if number in head.author_lines:
            reason = "byline"
        furnished = furnished or reason is not None
        below_title = head.title is None or number > head.title
        if reason is None and not is_list_item(line):
            if not below_title:
                reason = "kicker"
            elif furnished and is_nominal(line, most=_MAX_PHRASE_WORDS):
                reason = "caption"
        if reason is None:
            kept.append(line)
        else:
            dropped.append(DroppedLine(line, reason))
    story = list(lines[head.story :])
    rest = _trailing_phrases(story, LineContext(head.title_text, head.site_name, head.author))
    dropped += [DroppedLine(story[number], "caption" if len(rest) == 1 else "tags") for number in rest]
    story = [line for number, line in enumerate(story) if number not in rest]
    return _Sorted(tuple(kept + story), tuple(dropped))


def _trailing_phrases(story: Sequence[str], context: LineContext) -> list[int]:
    """Return the positions of short phrases after the last prose: one caption or several tags.

    A sub-heading never ends a story. List items stay, and so do lines after a line that ends in a colon.
    """
    kept = [number for number, reason in enumerate(line_reasons(story, context)) if reason is None]
    prose = [number for number in kept if is_prose(story[number])]
    rest = [number for number in kept if prose and number > prose[-1]]
    most = _MAX_CAPTION_WORDS if len(rest) == 1 else _MAX_TAG_WORDS
    phrases = all(is_nominal(story[number], most=most) and not is_list_item(story[number]) for number in rest)
    return rest if rest and phrases and not story[prose[-1]].rstrip().endswith(":") else []


def _leading_date(line: str) -> tuple[datetime, str] | None:
    """Return the full date at the start of a line, followed by a dash, colon or bar, and the rest of the line."""
    date = find_date(" ".join(line.split()[:8]))
    if date is None or date.moment is None or date.start != 0:
        return None
    skipped = len(comparable(line)[: date.end].split())
    with suppress(IndexError):
        words = line.split()
        last, rest = words[skipped - 1], " ".join(words[skipped:])
        separator = _DATE_SEPARATOR.match(rest)
        if separator:
            rest = rest[separator.end() :]
        elif not last.endswith((":", "|", "\u2014", "\u2013")):
            return None
        return (date.moment, rest) if word_count(rest) > 2 else None  # noqa: PLR2004 - a label, not a text
    return None
