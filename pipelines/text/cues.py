"""The vocabulary of boilerplate, read once from ``cues.toml``.

A class of boilerplate (named by the reason word of its dropped lines) has cues of three kinds. Each kind is a list of
small regular expressions by language, which are matched against the comparison form of a line (see
``pipelines.text.lines``):

``whole``
    the line, without the marks around it, equals the cue;
``start``
    the line begins with the cue and has at most ``start_words`` words;
``anywhere``
    the cue occurs anywhere in the line, which has at most ``anywhere_words`` words.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pipelines.text.lines import MAX_CUE_LENGTH, bare, comparable, has_sentences, word_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NEVER = re.compile(r"(?!)")
# A cue ends at the end of a word. ``\b`` does not find it: in Python, ``\w`` excludes vowel signs of Indic scripts.
_WORD_END = r"(?:(?<![\w\u0900-\u097f])|(?![\w\u0900-\u097f]))"
_WORD_START = r"(?<![\w\u0900-\u097f])"


@dataclass(frozen=True, slots=True)
class CueClass:
    """A class of boilerplate: its reason word and its cues."""

    reason: str
    whole: re.Pattern[str]
    start: re.Pattern[str]
    anywhere: re.Pattern[str]
    start_words: int
    anywhere_words: int
    one_sentence: bool
    """True if a line of the class is a single sentence or heading: a line in which a second sentence begins is not."""

    def matches(self, line: str, core: str, form: str, words: int) -> bool:
        """Return whether a line belongs to the class.

        ``core`` and ``form`` are its forms ``bare`` and ``comparable``, ``words`` is its number of words.
        """
        if self.whole.fullmatch(core):
            return True
        cue = (words <= self.start_words and self.start.match(core)) or (
            words <= self.anywhere_words and self.anywhere.search(form)
        )
        # A line of two sentences is no label, whatever its first words are.
        return bool(cue) and not (self.one_sentence and has_sentences(line))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The cue classes in the order in which they are tried, and the plain word lists."""

    classes: tuple[CueClass, ...]
    words: Mapping[str, frozenset[str]]
    """Lists by name: ``navigation``, ``agencies``, ``not_a_person`` and so on, in comparison form."""
    patterns: Mapping[str, re.Pattern[str]]
    """Single expressions by name: ``byline_prefix``, ``update_label`` and so on."""

    def reason(self, line: str) -> str | None:
        """Return the reason word of the first class that a line belongs to, or ``None``."""
        if len(line) > MAX_CUE_LENGTH:
            return None
        core, form, words = bare(line), comparable(line), word_count(line)
        # A loop is faster than a generator, and every line passes here.
        for cue in self.classes:
            if cue.matches(line, core, form, words):
                return cue.reason
        return None


def _flat(by_language: Mapping[str, Iterable[str]] | None) -> list[str]:
    """Return the cues of a kind in all languages, in NFKC like the lines that they are compared with."""
    return [unicodedata.normalize("NFKC", cue) for language in (by_language or {}).values() for cue in language]


def _pattern(cues: list[str], *, before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(cues)}){after}") if cues else _NEVER


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that is shipped with the package."""
    text = files("pipelines.text").joinpath("cues.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    classes = tuple(
        CueClass(
            reason=reason,
            whole=_pattern(_flat(entry.get("whole"))),
            start=_pattern(_flat(entry.get("start")), after=_WORD_END),
            anywhere=_pattern(_flat(entry.get("anywhere")), before=_WORD_START, after=_WORD_END),
            start_words=entry.get("start_words", 0),
            anywhere_words=entry.get("anywhere_words", 0),
            one_sentence=entry.get("one_sentence", True),
        )
        for reason, entry in data["class"].items()
    )
    words = {name: frozenset(bare(word) for word in _flat(by_language)) for name, by_language in data["words"].items()}
    patterns = {name: _pattern(_flat(by_language)) for name, by_language in data["patterns"].items()}
    return Vocabulary(classes, words, patterns)
