"""Recognition of boilerplate by the form of a line or by the field that it repeats, with a function per class.

Each function is pure and takes a line, and the field if there is one. ``pipelines.clean.cleaner`` decides which classes
count only near the edges of the text.
"""

from __future__ import annotations

import re

from pipelines.text.cues import vocabulary
from pipelines.text.dates import find_date, is_date_word, without_dates
from pipelines.text.lines import bare, comparable, ends_sentence, has_sentences, letters, word_count
from pipelines.text.names import is_agency, is_byline, looks_like_name

_CRUMB = re.compile(r"\s+[/|]\s+|\s*[>\u00bb\u203a\u2192\u276f]+\s*|/\s*$|(?<=\w)/(?=\s)")
_ARROW = re.compile(r"[>\u00bb\u203a\u2192\u276f]|\s/\s|\w/\s")
_BULLET = re.compile(r"^\s*[\u2022\u00b7*\-\u2013\u25aa\u25cf>]\s*")
_FILE_NAME = re.compile(
    r"\S{1,120}\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?|heic|mp4|mp3|pdf)(?:\?\S*)?", re.IGNORECASE
)
_IMAGE_ID = re.compile(
    r"(?:[a-z]{2,5}[ _-])?\d{5,20}(?:[ _-]?[a-z0-9]{1,16}){0,6}"
    r"|(?:img|dsc|dscn|wp|pxl|image|photo|untitled)[ _-]?\d[\w-]{0,40}|[0-9a-f]{16,64}"
)
_ADDRESS_ONLY = re.compile(
    r"(?:https?://|www\.)\S+|@\w{2,30}|[\w.+-]+@[\w-]+\.[\w.-]+|(?:[\w-]{1,60}\.){1,4}(?:com|org|net|in|uk|info|news|tv)(?:/\S*)?",
    re.IGNORECASE,
)
_PIPE = re.compile(r"\s*[|\u00b7\u2022]\s*")
_PARTS = re.compile(r"\s*[|\u00b7\u2022,/]\s*")
_MAX_CRUMB_WORDS = 6
_MAX_CRUMBS = 8
_MIN_ECHO_WORDS = 3
_MAX_ECHO_GROWTH = 2
_MAX_IMAGE_NAME = 300
"""Characters of the longest file name with its parameters."""
_MAX_LABEL_WORDS = 4
_MAX_DESK_WORDS = 12


def is_symbols(line: str) -> bool:
    """Return whether a line has no letter or digit: rules, dots, arrows."""
    return not any(char.isalnum() for char in line)


def is_image_name(line: str) -> bool:
    """Return whether a line is the file name of a picture, or its number in a content management system."""
    if len(line) > _MAX_IMAGE_NAME:
        return False
    form = comparable(line)
    return bool(_FILE_NAME.fullmatch(form) or (any(map(str.isdigit, form)) and _IMAGE_ID.fullmatch(form)))


def is_address(line: str) -> bool:
    """Return whether a line is only a web address, a host name, a mail address or a handle."""
    return _ADDRESS_ONLY.fullmatch(line.strip()) is not None


def is_breadcrumb(line: str, title: str | None) -> bool:
    """Return whether a line is a path of sections ("Home > World > Asia"), or a single step of one ("• World/").

    The last step may be the title, complete or cut off.
    """
    if ends_sentence(line.rstrip("\u2026.")) or has_sentences(line):
        return False
    text = _BULLET.sub("", line)
    steps = [step.strip() for step in _CRUMB.split(text) if step and step.strip()]
    if text.startswith("<") or "://" in text:
        return False
    if len(steps) == 1 and text.rstrip().endswith(("/", ">", "\u00bb", "\u203a")):
        return word_count(steps[0]) <= _MAX_LABEL_WORDS
    if not 1 < len(steps) <= _MAX_CRUMBS:
        return False
    if title and is_title_echo(steps[-1].rstrip("\u2026. "), title):
        steps = steps[:-1]
    words = vocabulary().words
    if not _ARROW.search(text) and bare(steps[0]) not in words["front_page"]:
        return False  # a list of sections, which may be a row of a table
    # A path that begins at the site's front page may end with an unknown headline.
    labels = steps[:-1] if bare(steps[0]) in words["front_page"] else steps
    known = words["front_page"] | words["sections"]
    return bare(steps[0]) in known and all(word_count(step) <= _MAX_CRUMB_WORDS for step in labels)


def is_title_echo(line: str, title: str | None, site_name: str | None = None) -> bool:
    """Return whether a line repeats the headline, with bullets or the site's name, or cut off by an ellipsis."""
    # White space and surrounding marks can make an echo longer than the title, but only to a limit.
    if not title or len(line) > _MAX_ECHO_GROWTH * (len(title) + len(site_name or "")) + _MAX_IMAGE_NAME:
        return False
    if word_count(title) < _MIN_ECHO_WORDS:
        return False
    wanted = letters(title)
    # Most lines begin differently; this test avoids computing their letters.
    if line.isascii() and not _begins_with(line, {wanted[:1], letters(site_name or "")[:1]}):
        return False
    shown = letters(line)
    if shown == wanted or (site_name and shown in (wanted + letters(site_name), letters(site_name) + wanted)):
        return True
    cut_off = line.rstrip().endswith(("\u2026", "..."))
    return cut_off and word_count(line) >= _MIN_ECHO_WORDS and wanted.startswith(shown)


def _begins_with(line: str, characters: set[str]) -> bool:
    """Return whether the first letter or digit of an ASCII line, in lower case, is in ``characters``."""
    return next((character for character in line if character.isalnum()), "").lower() in characters


def is_site_name(line: str, site_name: str | None) -> bool:
    """Return whether a line is the name of the outlet."""
    return bool(site_name) and letters(line) == letters(site_name or "") != ""


def is_section_label(line: str) -> bool:
    """Return whether a line consists of names of sections: "World", "Defence | Asia"."""
    parts = [bare(part) for part in _PIPE.split(line) if part.strip()]
    return 0 < len(parts) <= _MAX_CRUMBS and all(part in vocabulary().words["sections"] for part in parts)


def is_author_line(line: str, author: str | None) -> bool:
    """Return whether a line only names the author: a byline, the known author, an agency or desk, with role or date."""
    if is_agency(line) or is_byline(line) or _is_desk(line):
        return True
    undated = without_dates(line)
    parts = [part.strip() for part in _PARTS.split(line if undated is None else undated) if part.strip(" -:")]
    if not 0 < len(parts) <= _MAX_CRUMBS:
        return False
    known = {letters(name) for name in (author or "").split(", ") if name}
    named = [part for part in parts if letters(part) in known or is_agency(part)]
    beside = [part for part in parts if part not in named]
    return bool(named or (undated is not None and beside)) and all(_is_attribution(part) for part in beside)


def _is_desk(line: str) -> bool:
    """Return whether a line ends in the name of a desk, or begins like a byline and contains one."""
    words = [bare(word) for word in line.split()]
    if not 1 < len(words) <= _MAX_DESK_WORDS or ends_sentence(line):
        return False
    desks = vocabulary().words["desk"]
    prefixed = vocabulary().patterns["byline_prefix"].match(comparable(line)) is not None
    return (words[-1] in desks and len(words) <= _MAX_LABEL_WORDS + 1) or (prefixed and not desks.isdisjoint(words))


def _is_attribution(part: str) -> bool:
    """Return whether a part of a byline is a role, a desk, or words of a date."""
    words = [bare(word) for word in part.split()]
    vocabularies = vocabulary()
    return (
        vocabularies.patterns["role"].fullmatch(bare(part)) is not None
        or (len(words) <= _MAX_LABEL_WORDS and any(word in vocabularies.words["desk"] for word in words))
        or all(is_date_word(word) for word in words if word)
    )


def is_name_with_attribution(line: str) -> bool:
    """Return whether a line is a name and a role or date: "Jane Roe, Defence Reporter", "Jane Roe | 3 June 2026"."""
    parts = [part.strip() for part in re.split(r"\s*[|\u00b7\u2022,/]\s+|\s+-\s+", line) if part.strip()]
    if not 2 <= len(parts) <= _MAX_CRUMBS or not looks_like_name(parts[0]):  # noqa: PLR2004 - a name and a role or date
        return False
    role = vocabulary().patterns["role"]
    return any(role.fullmatch(bare(part)) for part in parts[1:]) or find_date(line) is not None


def is_nominal(line: str, *, most: int = 8) -> bool:
    """Return whether a line is a short phrase without the end of a sentence: a caption, kicker or sub-heading."""
    return 0 < word_count(line) <= most and not ends_sentence(line) and not line.rstrip().endswith(":")
