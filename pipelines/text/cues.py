"""The vocabulary of boilerplate, read once from ``cues.toml``.

A class of boilerplate (the reason word of a dropped line) has cues of three kinds, each a list of small regular
expressions by language, matched on the comparison form of a line (see ``pipelines.text.lines``):

``whole``
    the line, without marks around it, is nothing but the cue;
``start``
    the line begins with the cue and has at most ``start_words`` words;
``anywhere``
    the cue stands somewhere in the line, which has at most ``anywhere_words`` words.
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
# A cue ends where its word ends. ``\b`` will not do: vowel signs of Indic scripts are no ``\w`` in Python.
_WORD_END = r"(?:(?<![\w\u0900-\u097f])|(?![\w\u0900-\u097f]))"
_WORD_START = r"(?<![\w\u0900-\u097f])"


@dataclass(frozen=True, slots=True)
class CueClass:
    """One class of boilerplate: its reason word and how to see it."""

    reason: str
    whole: re.Pattern[str]
    start: re.Pattern[str]
    anywhere: re.Pattern[str]
    start_words: int
    anywhere_words: int
    one_sentence: bool
    """The class's lines are a single sentence or heading: a line in which a new sentence begins is not one."""

    def matches(self, line: str, core: str, form: str, words: int) -> bool:
        """Whether a line belongs to the class; with it its forms ``bare`` and ``comparable``, and its words."""
        if self.whole.fullmatch(core):
            return True
        found = (words <= self.start_words and self.start.match(core)) or (
            words <= self.anywhere_words and self.anywhere.search(form)
        )
        # Two sentences are no label, whatever the first begins with.
        return bool(found) and not (self.one_sentence and has_sentences(line))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All cue classes in the order in which they are tried, and the plain word lists."""

    classes: tuple[CueClass, ...]
    words: Mapping[str, frozenset[str]]
    """Lists by name: ``navigation``, ``agencies``, ``not_a_person`` and so on, in comparison form."""
    patterns: Mapping[str, re.Pattern[str]]
    """Single expressions by name: ``byline_prefix``, ``update_label`` and so on."""

    def reason(self, line: str) -> str | None:
        """The first class which a line belongs to."""
        if len(line) > MAX_CUE_LENGTH:
            return None
        core, form, words = bare(line), comparable(line), word_count(line)
        # A loop and no generator: every line goes through it.
        for cue in self.classes:
            if cue.matches(line, core, form, words):
                return cue.reason
        return None


def _flat(by_language: Mapping[str, Iterable[str]] | None) -> list[str]:
    """All cues of a kind, whatever the language, in normal form NFKC, as lines are compared."""
    return [unicodedata.normalize("NFKC", cue) for language in (by_language or {}).values() for cue in language]


def _pattern(cues: list[str], *, before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(cues)}){after}") if cues else _NEVER


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary shipped with the package."""
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
