"""The line cleaner, which separates the lines of the story from boilerplate in an extracted text.

The rules are classes of cue and position, never lists of known lines:

* cues (``cues.toml``) and forms (``pipelines.clean.structure``) count at any position. Each class limits the number of
  words of its lines, so that it cannot match a sentence of the story;
* names of sections, of the outlet and of people count only at the edges: before the first and after the last line of
  running prose.

Some rules are left out because measurements spoke against them: dropping lines that a host repeats, cutting off tails
without a cue, and dropping echoes of the description. Each lost more of the story than boilerplate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.clean.structure import (
    is_address,
    is_author_line,
    is_breadcrumb,
    is_image_name,
    is_name_with_attribution,
    is_section_label,
    is_site_name,
    is_symbols,
    is_title_echo,
)
from pipelines.text.cues import vocabulary
from pipelines.text.dates import is_date_line
from pipelines.text.lines import MAX_CUE_LENGTH, MAX_CUE_WORDS, bare, ends_sentence, is_prose, tidy, word_count
from pipelines.text.names import byline_authors, is_byline, looks_like_name
from schemas.records import DroppedLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.records import Extracted


_MAX_BIOGRAPHY_PARAGRAPHS = 2
"""Most paragraphs in the introduction of an author; longer text is part of the story."""

_MIN_STORY_PARAGRAPHS = 3
_MAX_TRAILING = 2
_MIN_PHRASE_WORDS = 3
_MAX_PHRASE_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A text without its boilerplate."""

    paragraphs: tuple[str, ...]
    """The story's paragraphs, sub-headings and list items, in order. Empty if no line belongs to a story."""
    dropped: tuple[DroppedLine, ...]
    """The lines that were removed, in order; those that extraction set aside come first."""
    title: str | None
    description: str | None
    author: str | None


@dataclass(frozen=True, slots=True)
class LineContext:
    """The fields of an article that boilerplate lines repeat."""

    title: str | None = None
    site_name: str | None = None
    author: str | None = None


def clean(extracted: Extracted) -> Cleaned:
    """Separate the lines of the story from boilerplate. Each line is kept, or dropped with a reason, in order."""
    author = extracted.author or _byline(extracted.lines)
    context = LineContext(extracted.title, extracted.site_name, author)
    reasons = line_reasons(extracted.lines, context)
    pairs = list(zip(extracted.lines, reasons, strict=True))
    dropped = tuple(DroppedLine(line, reason) for line, reason in pairs if reason is not None)
    return Cleaned(
        paragraphs=tuple(line for line, reason in pairs if reason is None),
        dropped=extracted.dropped + dropped,
        title=extracted.title and (tidy(extracted.title) or None),
        description=extracted.description and (tidy(extracted.description) or None),
        author=author,
    )


def line_reasons(lines: Sequence[str], context: LineContext) -> list[str | None]:
    """Return for each line the reason for dropping it, or ``None`` to keep it."""
    reasons = [anywhere_reason(line, context) for line in lines]
    _drop_biography(lines, reasons)
    prose = _prose(lines, reasons)
    first, last = (prose[0], prose[-1]) if prose else (len(lines), -1)
    for number, line in enumerate(lines):
        if reasons[number] is None and not first <= number <= last:
            reasons[number] = edge_reason(line, context)
            if reasons[number] is None and number and _is_author_label(lines[number - 1]) and looks_like_name(line):
                reasons[number] = "byline"
    _drop_teasers(lines, reasons, last)
    _trim_symbols(lines, reasons)
    _drop_trailing(lines, reasons)
    return reasons


def _prose(lines: Sequence[str], reasons: Sequence[str | None]) -> list[int]:
    """Return the indices of the lines of running prose that are not dropped."""
    return [number for number, line in enumerate(lines) if reasons[number] is None and is_prose(line)]


def anywhere_reason(line: str, context: LineContext) -> str | None:
    """Return the class of a line that is boilerplate at any position, or ``None``."""
    if not line[:1].isalnum() and not tidy(line):
        return "blank"
    if len(line) > MAX_CUE_LENGTH or word_count(line) > MAX_CUE_WORDS:
        return None
    return _form(line, context) or vocabulary().reason(line)


def _form(line: str, context: LineContext) -> str | None:
    """Return the class of a line that its form gives away, or ``None``. The cheapest tests come first."""
    if is_title_echo(line, context.title, context.site_name):
        return "title_echo"
    if is_image_name(line):
        return "image"
    if is_breadcrumb(line, context.title):
        return "breadcrumb"
    if is_date_line(line):
        return "date"
    return "byline" if is_byline(line) else None


def edge_reason(line: str, context: LineContext) -> str | None:
    """Return the class of a line that is boilerplate before the first or after the last line of prose, or ``None``."""
    if is_address(line):
        return "address"
    if bare(line).isdecimal():
        return "counter"
    if is_site_name(line, context.site_name):
        return "site_name"
    if is_section_label(line):
        return "section"
    if is_author_line(line, context.author) or is_name_with_attribution(line):
        return "byline"
    return None


def _drop_teasers(lines: Sequence[str], reasons: list[str | None], last: int) -> None:
    """Drop the lines below the heading of a list of related links, if the heading follows the last prose."""
    for number in range(last + 1, len(lines)):
        if reasons[number] == "related" and _is_related_head(lines[number]):
            for later in range(number + 1, len(lines)):
                if reasons[later] is None and not ends_sentence(lines[later]):
                    reasons[later] = "related"
            return


def _drop_biography(lines: Sequence[str], reasons: list[str | None]) -> None:
    """Drop the lines from "About the author" on, if they are few and a story precedes them."""
    about = vocabulary().patterns["about_author"]
    for number in range(len(lines) - 1, 0, -1):
        if about.fullmatch(bare(lines[number])):
            prose = _prose(lines, reasons)
            behind = sum(index > number for index in prose)
            if behind > _MAX_BIOGRAPHY_PARAGRAPHS or behind == len(prose):
                return
            for later in range(number, len(lines)):
                reasons[later] = reasons[later] or "byline"


def _drop_trailing(lines: Sequence[str], reasons: list[str | None]) -> None:
    """Drop one or two phrases after the prose of a whole story: no heading ends a story, and no list is that short."""
    prose = _prose(lines, reasons)
    if len(prose) < _MIN_STORY_PARAGRAPHS or lines[prose[-1]].rstrip().endswith(":"):
        return
    rest = [number for number in range(prose[-1] + 1, len(lines)) if reasons[number] is None]
    if len(rest) <= _MAX_TRAILING and all(_is_phrase(lines[number]) for number in rest):
        for number in rest:
            reasons[number] = "trailing"


def _is_phrase(line: str) -> bool:
    words = word_count(line)
    plain = not any(char.isdigit() for char in line) and not line.rstrip().endswith(":")
    return _MIN_PHRASE_WORDS <= words <= _MAX_PHRASE_WORDS and plain and not ends_sentence(line)


def _is_author_label(line: str) -> bool:
    patterns = vocabulary().patterns
    return any(patterns[name].fullmatch(bare(line)) for name in ("author_label", "editor_label"))


def _trim_symbols(lines: Sequence[str], reasons: list[str | None]) -> None:
    """Drop rules and stars before the first and after the last line of the story, where they separate no parts."""
    kept = [number for number, reason in enumerate(reasons) if reason is None]
    for numbers in (kept, kept[::-1]):
        for number in numbers:
            if not is_symbols(lines[number]):
                break
            reasons[number] = "symbols"


def _is_related_head(line: str) -> bool:
    """Return whether a line is the heading of a list of related links rather than a link of the list."""
    related = next(cue for cue in vocabulary().classes if cue.reason == "related")
    return related.whole.fullmatch(bare(line)) is not None


def _byline(lines: Sequence[str]) -> str | None:
    """Return the author named by the first explicit byline ("By …"), or ``None``."""
    return next((name for line in lines if (name := byline_authors(line))), None)
