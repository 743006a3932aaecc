"""The line cleaner: which lines of an extracted text are not the story's.

The rules are classes of cue and position, never a list of seen lines:

* cues (``cues.toml``) and forms (``pipelines.clean.structure``) count wherever they stand, within the limits of
  words that each class sets, so that a sentence of the story is out of their reach;
* names of sections, of the outlet and of people count only at the edges: before the first and behind the last
  line of running prose.

Measured and therefore not done: dropping lines because a host repeats them, cutting off tails blindly, dropping
echoes of the description. Each of these lost more of the story than boilerplate.
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
"""Paragraphs in which an author is introduced; what is longer is a part of the story."""

_MIN_STORY_PARAGRAPHS = 3
_MAX_TRAILING = 2
_MIN_PHRASE_WORDS = 3
_MAX_PHRASE_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A text without its boilerplate."""

    paragraphs: tuple[str, ...]
    """The story's paragraphs, sub-headings and list items, in order. May be empty: then nothing was a story."""
    dropped: tuple[DroppedLine, ...]
    """What was taken out, in order; lines that extraction itself had set aside come first."""
    title: str | None
    description: str | None
    author: str | None


@dataclass(frozen=True, slots=True)
class LineContext:
    """What lines may repeat."""

    title: str | None = None
    site_name: str | None = None
    author: str | None = None


def clean(extracted: Extracted) -> Cleaned:
    """Tell the story's lines from boilerplate. Every line is kept or dropped with its reason; order stays."""
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
    """For each line why it is to be dropped, or ``None`` where it stays."""
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
    """Where the running prose stands that is not dropped."""
    return [number for number, line in enumerate(lines) if reasons[number] is None and is_prose(line)]


def anywhere_reason(line: str, context: LineContext) -> str | None:
    """The class of a line that is boilerplate wherever it stands."""
    if not line[:1].isalnum() and not tidy(line):
        return "blank"
    if len(line) > MAX_CUE_LENGTH or word_count(line) > MAX_CUE_WORDS:
        return None
    return _form(line, context) or vocabulary().reason(line)


def _form(line: str, context: LineContext) -> str | None:
    """The class of a line which is told by its form, the cheapest questions first."""
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
    """The class of a line that is boilerplate before the first or behind the last line of prose."""
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
    """Behind the last prose, everything below the head of a list of related links is of that list."""
    for number in range(last + 1, len(lines)):
        if reasons[number] == "related" and _is_related_head(lines[number]):
            for later in range(number + 1, len(lines)):
                if reasons[later] is None and not ends_sentence(lines[later]):
                    reasons[later] = "related"
            return


def _drop_biography(lines: Sequence[str], reasons: list[str | None]) -> None:
    """What stands below "About the author", when it is short and ends a text that has a story before it."""
    about = vocabulary().patterns["about_author"]
    for number in range(len(lines) - 1, 0, -1):
        if about.fullmatch(bare(lines[number])):
            prose = _prose(lines, reasons)
            behind = sum(place > number for place in prose)
            if behind > _MAX_BIOGRAPHY_PARAGRAPHS or behind == len(prose):
                return
            for later in range(number, len(lines)):
                reasons[later] = reasons[later] or "byline"


def _drop_trailing(lines: Sequence[str], reasons: list[str | None]) -> None:
    """One or two phrases left behind the prose of a whole story: no heading ends a story, and no list is as short."""
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
    """Rules and stars separate parts of a story; before its first and behind its last line they separate nothing."""
    kept = [number for number, reason in enumerate(reasons) if reason is None]
    for numbers in (kept, kept[::-1]):
        for number in numbers:
            if not is_symbols(lines[number]):
                break
            reasons[number] = "symbols"


def _is_related_head(line: str) -> bool:
    """Whether a line is the head of a list of related links (rather than one such link)."""
    related = next(cue for cue in vocabulary().classes if cue.reason == "related")
    return related.whole.fullmatch(bare(line)) is not None


def _byline(lines: Sequence[str]) -> str | None:
    """The author whom a line names in so many words ("By …")."""
    return next((name for line in lines if (name := byline_authors(line))), None)
