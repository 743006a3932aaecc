"""Parser of the head of a scraped text: all lines above the story.

A scraper that keeps all text of a page gives these lines, in an order that differs from site to site: the site's name,
a path of sections, the headline (often repeated), a dek, the author with picture label and role, dates, share bars,
advertisement labels, a caption; then the story. The rules:

* The story begins with the first line of running prose that is not a dek.
* A line of prose is a dek if a byline, a date, a share bar, a reading time or the repeated headline separates it from
  the next line of prose: such lines belong above a story, not inside it.
* The headline is a line above the first prose that is not boilerplate: a repeated line, else the first with at least
  five words, else the longest. Without such a line the text has no headline.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.clean.cleaner import LineContext, anywhere_reason, edge_reason
from pipelines.clean.structure import is_author_line, is_name_with_attribution, is_nominal, is_section_label
from pipelines.text.cues import vocabulary
from pipelines.text.dates import find_date
from pipelines.text.lines import bare, comparable, is_prose, letters, tidy, word_count
from pipelines.text.names import byline_authors, looks_like_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MAX_HEAD_LINES = 40
"""Number of first lines that may belong to the head; later lines are never part of it."""
_SEPARATORS = frozenset({"byline", "date", "share", "reading_time", "author_label"})
_MAX_DEKS = 2
_MAX_DEK_WORDS = 45
_MIN_TITLE_WORDS = 4
"""Minimum words of a headline that is not repeated; a shorter phrase is as likely a kicker."""
_MIN_REPEATED_WORDS = 3
_MAX_TITLE_WORDS = 30
_MAX_SENTENCE_TITLE_WORDS = 20
_CLEAR_TITLE_WORDS = 5
_MAX_NAME_LIKE_WORDS = 3
_MAX_OUTLET_WORDS = 4
_MAX_KICKER_WORDS = 8
_MAX_TAIL_LINES = 12
_PUBLISHED = re.compile(r"publ|erschienen|veröffentlicht|yay\u0131n|प्रकाशित|पब्लिश|опубл")
_UPDATED = re.compile(r"updat|modif|aktualis|mis à jour|actualiz|güncelle|अपडेट|обновл")
_BULLET = re.compile(r"^\s*(?:[\u2022\u25aa\u25cf\u25e6*]|[-\u2013]\s)\s*")
_SITE = re.compile(
    r"(?:discover more from"
    r"|(?:\u00a9|\(c\)|copyright)\s*(?:\u00a9\s*)?(?:\d{4}(?:\s*[-\u2013]\s*\d{4})?)?,?\s*(?:by\s+)?)"
    r"\s*(?P<name>[^\d\s][^.|,\u00b7]{2,50}?)\s*(?:[.|,\u00b7]|all rights|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The parts of a text's head, as positions in its lines."""

    title: int | None
    title_text: str | None
    deks: tuple[int, ...]
    story: int
    """Position of the first line of the story; the number of lines if there is no story."""
    author: str | None
    author_lines: frozenset[int]
    published: datetime | None
    site_name: str | None


def read_head(lines: Sequence[str]) -> Head:
    """Parse the head of a text. ``lines`` must be tidy and not blank."""
    labels = [_label(line) for line in lines]
    first = next((n for n, line in enumerate(lines) if labels[n] is None and is_prose(line)), None)
    if first is None:
        first = _first_short_line(lines, labels)
    echoes = _repeated(lines[: min(len(lines), MAX_HEAD_LINES)])
    deks, story = _story_start(lines, labels, echoes, first)
    site_name = _site_name(lines, first)
    title = _title(lines, labels, echoes, deks[0] if deks else story, site_name)
    if title is None and deks == (0,) and word_count(lines[0]) <= _MAX_SENTENCE_TITLE_WORDS:
        title, deks = deks[0], ()  # a headline that is a sentence
    head = range(min(story, MAX_HEAD_LINES))
    deks += _phrase_deks(lines, labels, head, title)
    author, author_lines = _authors(lines, labels, head, title)
    return Head(
        title=title,
        title_text=None if title is None else tidy(_BULLET.sub("", lines[title])),
        deks=deks,
        story=story,
        author=author,
        author_lines=author_lines,
        published=_published(lines, labels, head),
        site_name=site_name,
    )


def _first_short_line(lines: Sequence[str], labels: Sequence[str | None]) -> int:
    """Return the start of the story in a text without prose: the second plain line if the first may be a headline."""
    plain = [n for n, label in enumerate(labels) if label is None and not _is_other(lines[n], None)]
    if not plain:
        return len(lines)
    return plain[1] if len(plain) > 1 and word_count(lines[plain[0]]) >= _MIN_TITLE_WORDS else plain[0]


def head_reason(line: str, *, site_name: str | None, title: str | None) -> str | None:
    """Return the reason why a line above the story is boilerplate, or ``None`` if it is not."""
    context = LineContext(title, site_name, None)
    if _label(line) == "author_label":
        return "byline"
    return anywhere_reason(line, context) or edge_reason(line, context)


def is_list_item(line: str) -> bool:
    """Return whether a line begins with a bullet."""
    return _BULLET.match(line) is not None


def is_editor_label(line: str) -> bool:
    """Return whether a line labels a person who is not the author: "Edited by", "Curated by"."""
    return vocabulary().patterns["editor_label"].fullmatch(bare(line)) is not None


def _label(line: str) -> str | None:
    """Return the boilerplate class of a line; labels of authors' pictures and roles are the class ``author_label``."""
    form = bare(line)
    patterns = vocabulary().patterns
    if patterns["author_label"].fullmatch(form) or patterns["role"].fullmatch(form):
        return "author_label"
    if is_editor_label(line):
        return "byline"
    if is_name_with_attribution(line):
        return "byline"
    return anywhere_reason(line, LineContext()) or ("byline" if is_author_line(line, None) else None)


def _repeated(lines: Sequence[str]) -> frozenset[str]:
    counts = Counter(letters(line) for line in lines if word_count(line) >= _MIN_REPEATED_WORDS)
    return frozenset(key for key, count in counts.items() if count > 1)


def _story_start(
    lines: Sequence[str], labels: Sequence[str | None], echoes: frozenset[str], first: int
) -> tuple[tuple[int, ...], int]:
    """Return the positions of the deks and of the first line of the story."""
    deks: list[int] = []
    start = first
    while (
        start < min(len(lines), MAX_HEAD_LINES) and len(deks) < _MAX_DEKS and word_count(lines[start]) <= _MAX_DEK_WORDS
    ):
        following = next((n for n in range(start + 1, len(lines)) if labels[n] is None and is_prose(lines[n])), None)
        if following is None or following > MAX_HEAD_LINES:
            break
        between = range(start + 1, following)
        separated = any(labels[n] in _SEPARATORS or letters(lines[n]) in echoes for n in between)
        # Only a first dek may be directly followed by a second.
        if not separated and not (deks == [] and _is_first_of_two_deks(lines, labels, echoes, start, following)):
            break
        deks.append(start)
        start = following
    return tuple(deks), start


def _phrase_deks(lines: Sequence[str], labels: Sequence[str | None], head: range, title: int | None) -> tuple[int, ...]:
    """Return the deks that are not sentences: long phrases below the headline and above a byline or a date."""
    last = max((n for n in head if labels[n] in _SEPARATORS), default=-1)
    return tuple(
        n
        for n in head
        if title is not None
        and title < n < last
        and labels[n] is None
        and _MAX_KICKER_WORDS < word_count(lines[n]) <= _MAX_DEK_WORDS
        and not is_prose(lines[n])
        and not is_list_item(lines[n])
        and letters(lines[n]) != letters(lines[title])
    )[:_MAX_DEKS]


def _is_first_of_two_deks(
    lines: Sequence[str], labels: Sequence[str | None], echoes: frozenset[str], start: int, following: int
) -> bool:
    """Return whether two neighbouring short lines of prose are a dek in two sentences: both are above a byline."""
    if following != start + 1 or word_count(lines[following]) > _MAX_DEK_WORDS:
        return False
    after = next((n for n in range(following + 1, len(lines)) if labels[n] is None and is_prose(lines[n])), None)
    if after is None or after > MAX_HEAD_LINES:
        return False
    # Only author labels and bylines count here: dates and share bars may also follow a first paragraph.
    return any(
        labels[n] in ("byline", "author_label") or letters(lines[n]) in echoes for n in range(following + 1, after)
    )


def _title(
    lines: Sequence[str], labels: Sequence[str | None], echoes: frozenset[str], end: int, site_name: str | None
) -> int | None:
    candidates = [
        n
        for n in range(min(end, MAX_HEAD_LINES))
        if labels[n] in (None, "breadcrumb", "related")
        and _MIN_REPEATED_WORDS <= word_count(lines[n]) <= _MAX_TITLE_WORDS
        and not _is_other(lines[n], site_name)
    ]
    repeated = [n for n in candidates if letters(lines[n]) in echoes]
    plain = [
        n
        for n in candidates
        if labels[n] is None and word_count(lines[n]) >= _MIN_TITLE_WORDS and (n == 0 or not is_list_item(lines[n]))
    ]
    if repeated:
        return max(repeated, key=lambda n: (word_count(lines[n]), -int(is_list_item(lines[n])), -n))
    clear = [n for n in plain if word_count(lines[n]) >= _CLEAR_TITLE_WORDS]
    if clear:
        return clear[0]
    return max(plain, key=lambda n: word_count(lines[n]), default=None)


def _is_other(line: str, site_name: str | None) -> bool:
    """Return whether a short line names a section, an outlet or a person rather than a story."""
    if is_section_label(line) or looks_like_outlet(line) or (site_name and letters(line) == letters(site_name)):
        return True
    return len(line.split()) <= _MAX_NAME_LIKE_WORDS and looks_like_name(line)


def _authors(
    lines: Sequence[str], labels: Sequence[str | None], head: range, title: int | None
) -> tuple[str | None, frozenset[int]]:
    names: dict[str, str] = {}
    positions: set[int] = set()
    for n in head:
        if n == title:
            continue
        name = byline_authors(lines[n])
        if name is None and is_name_with_attribution(lines[n]):
            name = re.split(r"\s*[|\u00b7\u2022,/]\s+|\s+-\s+", lines[n])[0]
        if name is None and labels[n] is None and _is_labelled_name(lines, labels, n, title):
            name = lines[n]
        if name:
            positions.add(n)
            names.setdefault(letters(name), name)
    if not names:
        tail = next((n for n in range(len(lines) - 1, -1, -1) if labels[n] is None and is_prose(lines[n])), len(lines))
        names = {name: name for line in lines[tail + 1 :] if (name := byline_authors(line))}
    return ", ".join(names.values()) or None, frozenset(positions)


def _is_labelled_name(lines: Sequence[str], labels: Sequence[str | None], n: int, title: int | None) -> bool:
    """Return whether a line is a name next to an author's label, or a name below the headline next to a date."""
    if not looks_like_name(lines[n]) or (n and is_editor_label(lines[n - 1])):
        return False
    beside = [labels[m] for m in (n - 1, n + 1) if 0 <= m < len(labels)]
    return "author_label" in beside or (title is not None and n > title and "date" in beside)


def _published(lines: Sequence[str], labels: Sequence[str | None], head: range) -> datetime | None:
    """Return the publication date: the first labelled as such, or the first in the head not labelled as an update."""
    for n in (*head, *range(max(len(head), len(lines) - _MAX_TAIL_LINES), len(lines))):
        date = find_date(lines[n]) if labels[n] in ("date", "byline") else None
        if date is None or date.moment is None:
            continue
        # The label may precede the date or be a separate line above it.
        label = comparable(lines[n])[: date.start]
        if n and labels[n - 1] == "date" and find_date(lines[n - 1]) is None:
            label = f"{bare(lines[n - 1])} {label}"
        publication = _PUBLISHED.search(label) is not None
        if publication or (n in head and _UPDATED.search(label) is None):
            return date.moment
    return None


def _site_name(lines: Sequence[str], first: int) -> str | None:
    """Return the outlet's name if the text has it after "©", in "Discover more from" or as the first line."""
    for line in lines[::-1][:MAX_HEAD_LINES]:
        match = _SITE.search(line) if len(line) <= 200 else None  # noqa: PLR2004 - longer lines are prose
        if match and word_count(match["name"]) <= _MAX_OUTLET_WORDS:
            return tidy(match["name"])
    top = lines[0] if lines and first > 0 else ""
    if top and is_nominal(top, most=_MAX_KICKER_WORDS) and looks_like_outlet(top):
        return tidy(top)
    return None


def looks_like_outlet(text: str) -> bool:
    """Return whether a short phrase begins or ends with a word of outlet names: "Daily", "Times", "Zeitung"."""
    words = [bare(word) for word in text.split()]
    outlets = vocabulary().words["outlet"]
    short = 0 < len(words) <= _MAX_OUTLET_WORDS and not is_section_label(text)
    return short and (words[0] in outlets or words[-1] in outlets)
