"""Look-alikes: articles told in the words of others, but of another event.

In labelled events most strange pairs have nothing in common; the press of one trade is full of two tests of a missile,
two contracts of one ministry, two crashes. So of each labelled article a look-alike is made: the same text with other
names and numbers. Some names stay, as the country, the firm or the place of two such events may be the same.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.stories.features import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT = 0.4
"""Share of the names that stay."""
_WORD = re.compile(r"[^\W\d_][\w'’-]*|\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")


def look_alikes(documents: Sequence[Mapping[str, str]], events: Sequence[str]) -> list[dict[str, str]]:
    """Title and text of a look-alike of each document; the same whenever it is asked for the same documents.

    Names are the capitalised words of all documents of an event; other events' names take their place.
    """
    named: defaultdict[str, set[str]] = defaultdict(set)
    for document, event in zip(documents, events, strict=True):
        named[event] |= names(document["text"])
    pool = sorted(set().union(*named.values()))
    made = []
    for number, (document, event) in enumerate(zip(documents, events, strict=True)):
        other = _Retold(frozenset(named[event]), pool, random.Random(number))
        made.append({"title": other.text(document["title"]), "text": other.text(document["text"])})
    return made


@dataclass(slots=True)
class _Retold:
    """A document with other names and numbers, the same for the same throughout."""

    names: frozenset[str]
    pool: Sequence[str]
    chance: random.Random
    said: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        return _WORD.sub(lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        if word not in self.said:
            self.said[word] = self._other(word)
        return self.said[word]

    def _other(self, word: str) -> str:
        if word.isdecimal():
            return word if _YEAR.fullmatch(word) else self._number(len(word))
        if word not in self.names or self.chance.random() < KEPT:
            return word
        return self.chance.choice(self.pool)

    def _number(self, digits: int) -> str:
        return str(self.chance.randrange(10 ** (digits - 1), 10**digits))
