"""Selection of the sentences to quote, with the spans of all matches in them. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.records import AlertMatch, Match

MOST_TERMS = 6
"""Sentences quoted at most to show terms that no other quote has: a rule ``A AND B AND C`` may need three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence of an article with its matches."""

    article_id: str | None
    """Id of the article; ``None`` if the matches do not name it."""
    field: str
    sentence: str
    spans: tuple[tuple[int, int], ...]
    """Spans of the matched forms in the sentence: start and end in code points, in order, without overlaps."""
    matches: tuple[AlertMatch | Match, ...]
    """The matches with this sentence, in order."""

    @property
    def form(self) -> str:
        """The first form that matched."""
        return self.matches[0].form

    @property
    def term(self) -> str:
        """The term of the first match."""
        return self.matches[0].term

    @property
    def forms(self) -> str:
        """The matched forms, for people: ``M142 (for HIMARS), launchers (for launcher)``."""
        shown = (
            match.form if match.form == match.term else f"{match.form} (for {match.term})" for match in self.matches
        )
        return ", ".join(dict.fromkeys(" ".join(form.split()) for form in shown))

    @property
    def stands_for(self) -> str:
        """The terms of the forms that differ from their term: ``HIMARS, launcher``."""
        return ", ".join(dict.fromkeys(match.term for match in self.matches if match.form != match.term))

    @property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The sentence in parts, each with True if it matched."""
        cuts = [0, *(edge for span in self.spans for edge in span), len(self.sentence)]
        parts = [(self.sentence[start:end], bool(number % 2)) for number, (start, end) in enumerate(pairwise(cuts))]
        return tuple((text, marked) for text, marked in parts if text)


def quotes(matches: Iterable[AlertMatch | Match], limit: int) -> tuple[Quote, ...]:
    """Return the sentences that show every term, up to ``MOST_TERMS``, and further ones up to ``limit``, in order."""
    groups: dict[tuple[str | None, str, str], list[AlertMatch | Match]] = {}
    listed = list(matches)
    for match in listed:
        groups.setdefault(_key(match), []).append(match)
    needed: list[int] = []
    shown: set[str] = set()
    for number, group in enumerate(groups.values()):
        terms = {match.term for match in group}
        if not terms <= shown and len(needed) < MOST_TERMS:
            needed.append(number)
            shown |= terms
    others = [number for number in range(len(groups)) if number not in needed]
    chosen = sorted([*needed, *others[: max(0, limit - len(needed))]])
    entries = list(groups.items())
    return tuple(_quote(*entries[number], listed) for number in chosen)


def _key(match: AlertMatch | Match) -> tuple[str | None, str, str]:
    return (_article(match), match.field, match.sentence)


def _article(match: AlertMatch | Match) -> str | None:
    return getattr(match, "article_id", None)


def _quote(
    key: tuple[str | None, str, str], group: Sequence[AlertMatch | Match], listed: Iterable[AlertMatch | Match]
) -> Quote:
    article_id, field, sentence = key
    start = _start(sentence, group)
    # A long sentence is cut around each match; the cut may contain other matches.
    inside = [
        (match.start - start, match.end - start)
        for match in listed
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
    """Return the offset of a quoted sentence in its text: the offset that agrees with the most matches.

    A sentence that occurs twice in a text is quoted once, at the occurrence with more matches.
    """
    fitting = Counter(match.start - at for match in group for at in _occurrences(sentence, match.form))
    return min(fitting, key=lambda start: (-fitting[start], start), default=group[0].start)


def _occurrences(text: str, form: str) -> Iterator[int]:
    at = text.find(form) if form else -1
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield sorted spans, with overlapping ones merged."""
    low, high = 0, 0
    for start, stop in spans:
        if start >= high:
            if high > low:
                yield low, high
            low, high = start, stop
        else:
            high = max(high, stop)
    if high > low:
        yield low, high
