"""Recognition of names of people and of bylines."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.text.cues import vocabulary
from pipelines.text.dates import is_date_word
from pipelines.text.lines import bare, comparable, letters, tidy, word_count

_MEMORY = 256
"""Lines whose names are cached: a page's lines are read once to find its author and once to drop bylines."""
_MAX_NAME_LENGTH = 60
_MIN_NAME_WORDS = 2
_MAX_NAME_WORDS = 5
_MAX_BYLINE_LENGTH = 160
_MAX_AUTHORS = 12
_MAX_DECLARED = 400
"""Characters of a declared list of authors that are read."""
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_\u0900-\u097f.'\u2019-]*(?:['\u2019.-][^\W\d_]*)*\.?")
_CAPITAL = re.compile(r"(?:[dlo]['\u2019])?[^\W\d_a-z\u0430-\u044f]")
_SEPARATOR = re.compile(
    r"\s*(?:,|;|&|\||/|\u00b7|\u2022|\band\b|\bund\b|\bet\b|\bve\b|\s[yи]\s|\bऔर\b)\s*", re.IGNORECASE
)
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NO_NAME = re.compile(r"[:/\\<>{}=#]|\s-\s")
_ADDRESS = re.compile(r"https?://|www\.|@|\.(?:com|org|net)\b", re.IGNORECASE)


def looks_like_name(text: str) -> bool:
    """Return whether a text could be the name of a person: two to five capitalised words and nothing else."""
    words = text.split()
    if not _MIN_NAME_WORDS <= len(words) <= _MAX_NAME_WORDS or len(text) > _MAX_NAME_LENGTH:
        return False
    if any(bare(word) in vocabulary().words["not_a_person"] for word in words):
        return False
    if bare(text) in vocabulary().words["agencies"] | vocabulary().words["sections"]:
        return False
    return words[0][0].isupper() and all(
        _NAME_WORD.fullmatch(word) and (_CAPITAL.match(word) or word.lower() in vocabulary().words["name_particles"])
        for word in words
    )


def believable_author(text: str, *, outlets: tuple[str, ...] = ()) -> str | None:
    """Return a declared author's name in clean form, or ``None`` if it does not name a person.

    ``outlets`` are the names of the site: an author equal to one of them is the outlet, not a person. Names of a
    single word and names in scripts without capitals are accepted, because they were declared.
    """
    name = without_prefix(tidy(_PARENTHESES.sub(" ", text[:_MAX_DECLARED])))
    if not name or len(name) > _MAX_NAME_LENGTH or _ADDRESS.search(name) or _NO_NAME.search(name):
        return None
    words = [bare(word) for word in name.split()]
    if not 1 <= word_count(name) <= _MAX_NAME_WORDS or any(char.isdigit() for char in name):
        return None
    lists = vocabulary().words
    if bare(name) in lists["agencies"] or any(word in lists["not_a_person"] for word in words):
        return None
    if len(words) == 1 and not _is_single_name(name):
        return None
    if any(_is_outlet(name, outlet) for outlet in outlets):
        return None
    return _capitalised(name.strip(" ,;|-"))


def believable_authors(texts: list[str], *, outlets: tuple[str, ...] = ()) -> str | None:
    """Return the credible names among declared authors, split at commas and "and", without repeats, joined by ", "."""
    names: dict[str, str] = {}
    for text in texts[:_MAX_AUTHORS]:
        cleaned = without_prefix(tidy(_PARENTHESES.sub(" ", text[:_MAX_DECLARED])))
        if _ADDRESS.search(cleaned):
            continue
        parts = [part for part in _SEPARATOR.split(cleaned)[:_MAX_AUTHORS] if part]
        full = any(len(part.split()) > 1 for part in parts)
        for part in parts:
            # A single word beside full names is a degree, a desk or an outlet.
            name = None if full and len(part.split()) == 1 else believable_author(part, outlets=outlets)
            if name is not None:
                names.setdefault(letters(name), name)
    return ", ".join(names.values()) or None


def byline_authors(line: str) -> str | None:
    """Return the names in an explicit byline ("By …", "Von …"), or ``None`` for any other line."""
    names = _byline_names(line)
    return ", ".join(_capitalised(name) for name in names) or None if names is not None else None


def is_byline(line: str) -> bool:
    """Return whether a line is an explicit byline of a person, a desk or an agency."""
    return _byline_names(line) is not None


@lru_cache(_MEMORY)
def _byline_names(line: str) -> tuple[str, ...] | None:
    """Return the persons in a byline (none in that of a desk), or ``None`` if any other text follows the prefix."""
    text = tidy(line[: _MAX_BYLINE_LENGTH + 1])
    if len(text) > _MAX_BYLINE_LENGTH:
        return None
    rest = without_prefix(text)
    if rest == text:
        return None
    names = []
    for part in _SEPARATOR.split(_PARENTHESES.sub(" ", rest))[:_MAX_AUTHORS]:
        if looks_like_name(part):
            names.append(part)
        elif not _is_attribution(part):
            return None
    return tuple(dict.fromkeys(names))


def is_agency(text: str) -> bool:
    """Return whether a text is the name of a news agency and nothing else, with or without brackets."""
    return bare(text).strip("()[] ") in vocabulary().words["agencies"]


def _is_single_name(name: str) -> bool:
    """Return whether a single word can be the signature of a person: "Regan", but not "kw17" or "Politics"."""
    cased = name.lower() != name.upper()
    return len(name) > 2 and bare(name) not in vocabulary().words["sections"] and (not cased or name.istitle())  # noqa: PLR2004


def _is_outlet(name: str, outlet: str) -> bool:
    """Return whether a name is that of an outlet: in another spelling, in part, or followed by the name of a desk."""
    words, own = {bare(word) for word in name.split()}, {bare(word) for word in outlet.split()}
    return letters(name) == letters(outlet) or words <= own or (own <= words and (len(own) > 1 or outlet.isupper()))


def _is_attribution(part: str) -> bool:
    """Return whether a part of a byline other than a name is a role, a desk, an agency, an outlet or a date."""
    words = [bare(word) for word in part.split()]
    return (
        not words
        or is_agency(part)
        or vocabulary().patterns["role"].fullmatch(bare(part)) is not None
        or any(word in vocabulary().words["desk"] | vocabulary().words["outlet"] for word in words)
        or any(char.isdigit() for char in part)
        or all(is_date_word(word) for word in words)
    )


def without_prefix(text: str) -> str:
    """Return a byline without a prefix such as "By", "Written by" or "Autor:"."""
    prefix = vocabulary().patterns["byline_prefix"].match(comparable(text))
    # The comparison form has the same words as the text, so the length of the prefix is counted in words.
    if prefix is None or not (skipped := len(prefix[0].split())) or prefix.end() >= len(comparable(text)):
        return text
    pieces = text.split()
    if prefix[0].rstrip().endswith(":") and not pieces[skipped - 1].endswith(":"):
        return text.partition(":")[2].strip() or text
    return " ".join(pieces[skipped:]) or text


def _capitalised(name: str) -> str:
    """Return a name in the usual case if it is written in capitals only or in small letters only."""
    if name.isupper() or name.islower():
        return " ".join(
            word if word.lower() in vocabulary().words["name_particles"] and number else word.title()
            for number, word in enumerate(name.split())
        )
    return name
