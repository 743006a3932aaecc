"""Sentences to quote of what matched, with every matched place in them. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.records import AlertMatch, Match

MOST_TERMS = 6
"""Sentences at most that are quoted for the sake of terms which no other has: a rule ``A AND B AND C`` needs three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence of an article, with what in it matched."""

    article_id: str | None
    """``None`` where the matches are of one article that is known."""
    field: str
    sentence: str
    spans: tuple[tuple[int, int], ...]
    """Where the matched forms stand in the sentence: start and end in code points, in order, none over another."""
    matches: tuple[AlertMatch | Match, ...]
    """The matches whose sentence it is, in order."""

    @property
    def form(self) -> str:
        """The first form that matched."""
        return self.matches[0].form

    @property
    def term(self) -> str:
        """The term it stands for."""
        return self.matches[0].term

    @property
    def forms(self) -> str:
        """Every form that matched, for people: ``M142 (for HIMARS), launchers (for launcher)``."""
        told = (one.form if one.form == one.term else f"{one.form} (for {one.term})" for one in self.matches)
        return ", ".join(dict.fromkeys(" ".join(one.split()) for one in told))

    @property
    def stands_for(self) -> str:
        """The terms that forms stand for which are no such terms themselves: ``HIMARS, launcher``."""
        return ", ".join(dict.fromkeys(one.term for one in self.matches if one.form != one.term))

    @property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The sentence in parts, each with whether it matched."""
        cuts = [0, *(place for span in self.spans for place in span), len(self.sentence)]
        parts = [(self.sentence[start:end], bool(number % 2)) for number, (start, end) in enumerate(pairwise(cuts))]
        return tuple((text, marked) for text, marked in parts if text)


def quotes(matches: Iterable[AlertMatch | Match], most: int) -> tuple[Quote, ...]:
    """Return the sentences that show every term, up to ``MOST_TERMS``, and further ones up to ``most``, in order."""
    groups: dict[tuple[str | None, str, str], list[AlertMatch | Match]] = {}
    every = list(matches)
    for match in every:
        groups.setdefault(_place(match), []).append(match)
    needed: list[int] = []
    shown: set[str] = set()
    for number, group in enumerate(groups.values()):
        terms = {match.term for match in group}
        if not terms <= shown and len(needed) < MOST_TERMS:
            needed.append(number)
            shown |= terms
    others = [number for number in range(len(groups)) if number not in needed]
    chosen = sorted([*needed, *others[: max(0, most - len(needed))]])
    found = list(groups.items())
    return tuple(_quote(*found[number], every) for number in chosen)


def _place(match: AlertMatch | Match) -> tuple[str | None, str, str]:
    return (_article(match), match.field, match.sentence)


def _article(match: AlertMatch | Match) -> str | None:
    return getattr(match, "article_id", None)


def _quote(
    place: tuple[str | None, str, str], group: Sequence[AlertMatch | Match], every: Iterable[AlertMatch | Match]
) -> Quote:
    article_id, field, sentence = place
    start = _start(sentence, group)
    # A long sentence is quoted around each match: others may stand in what is quoted.
    inside = [
        (match.start - start, match.end - start)
        for match in every
        if (_article(match), match.field) == (article_id, field)
        and match.start >= start
        and match.form
        and sentence[match.start - start : match.end - start] == match.form
    ]
    return Quote(
        article_id=article_id,
        field=field,
        sentence=sentence,
        spans=tuple(_joined(sorted(inside))),
        matches=tuple(sorted(group, key=lambda match: (match.start, match.end))),
    )


def _start(sentence: str, group: Sequence[AlertMatch | Match]) -> int:
    """Return where a quoted sentence begins in its text: the place at which most forms stand where they matched.

    A sentence that stands in a text twice is quoted once, where it has more of them.
    """
    fitting = Counter(match.start - at for match in group for at in _occurrences(sentence, match.form))
    return min(fitting, key=lambda start: (-fitting[start], start), default=group[0].start)


def _occurrences(text: str, form: str) -> Iterator[int]:
    at = text.find(form) if form else -1
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans with those that overlap made one."""
    begin, end = 0, 0
    for start, stop in spans:
        if start >= end:
            if end > begin:
                yield begin, end
            begin, end = start, stop
        else:
            end = max(end, stop)
    if end > begin:
        yield begin, end
