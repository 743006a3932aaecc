"""Which of many queries may match a text: a sign of the query first, then its shape over words.

Of every query one clause is chosen: signs of which a matching text shows at least one, and which are likely to be met
least (``clauses``). All of them are looked for at once, by an Aho–Corasick automaton over the folded bytes of a text
(``rough``) and among its few numbers. A query whose clause is met is checked on all its words, with its ANDs and ORs,
before anything is tokenised (``shapes``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from pipelines.rules.prefilter.required_words import EVERY, AllOf, AnyOf, Begins, Capital, Row, shape_of
from pipelines.rules.prefilter.signatures import clauses, least, likelihood, shape_clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.rules.language.query import Query
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.prefilter.required_words import Shape, Sign
    from pipelines.rules.prefilter.signatures import Clause
    from pipelines.rules.prefilter.word_set import WordSet


class CandidateIndex:
    """Finds the queries which may match a text."""

    def __init__(self, queries: Sequence[Query], gazetteer: Gazetteer) -> None:
        """Build the index. Queries are known by their place in the sequence."""
        self._queries = queries
        self._gazetteer = gazetteer
        choices = [clauses(query.root, gazetteer) for query in queries]
        uses = Counter(chain.from_iterable(chain.from_iterable(choices)))
        self._sought = [_least(of_one, uses) for of_one in choices]
        self._shapes: dict[int, Shape] = {}
        """Those asked for so far; ``EVERY`` where a sign of the query that is met says all that its shape says."""
        by_sign: defaultdict[Sign, list[int]] = defaultdict(list)
        for index, sought in enumerate(self._sought):
            for sign in sought or ():
                by_sign[sign].append(index)
        self._always = [index for index, sought in enumerate(self._sought) if sought is None]
        self._by_sign = dict(by_sign)
        self._numbers = frozenset(sign for sign in by_sign if sign[-1:].isdigit() and sign[:1] != b" ")
        numbers_after: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for sign in self._numbers:
            word, _, number = sign.rpartition(b" ")
            numbers_after[word].add(number)
        numbers_after.pop(b"", None)
        self._numbers_after = dict(numbers_after)
        self._after_words = frozenset().union(*numbers_after.values())
        self._words = _Words(sign for sign in by_sign if sign not in self._numbers)

    def find(self, text: WordSet) -> list[int]:
        """The queries which may match an article with these words, in order."""
        met = self._words.met(text)
        if self._numbers:
            met.update(
                self._numbers.intersection(self._pairs(text)),
                self._numbers.intersection(text.numbers),
                self._numbers & text.composed,
            )
        indices = set(self._always).union(*map(self._by_sign.__getitem__, met))
        if not indices:
            return []
        shown = _Shown(text, met)
        return sorted(index for index in indices if shown.fits(self._shape(index)))

    def _pairs(self, text: WordSet) -> list[bytes]:
        """Words with their numbers."""
        pairs = text.pairs(self._after_words)
        if text.before_numbers:
            # A composed token may stand before any number.
            numbers = text.composed.union(text.numbers)
            for word in self._numbers_after.keys() & text.composed:
                pairs += [b"%b %b" % (word, number) for number in self._numbers_after[word] & numbers]
        return pairs

    def _shape(self, index: int) -> Shape:
        """What a text must have to match; made when it is first asked for, since most queries never are."""
        shape = self._shapes.get(index)
        if shape is None:
            shape = shape_of(self._queries[index], self._gazetteer)
            self._shapes[index] = shape = EVERY if shape == self._sought[index] else shape
        return shape


class _Watched:
    """The signs of which a word is a part."""

    __slots__ = ("after", "always", "before", "capital")

    def __init__(self) -> None:
        self.always: list[Sign] = []
        """Shown by the word itself."""
        self.capital: list[Sign] = []
        """Shown by the word with a capital."""
        self.after: dict[bytes, Sign] = {}
        """By the next word."""
        self.before: dict[bytes, Sign] = {}
        """By the word before it."""


class _Words:
    """Finds the signs that are words, beginnings of words and words in a row."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        watched: defaultdict[bytes, _Watched] = defaultdict(_Watched)
        for sign in sorted(signs):
            first, space, second = sign.partition(b" ")
            if not first:
                watched[sign].always.append(sign)
            elif not space:
                word = sign.removeprefix(b"^")
                (watched[b" %b " % word].always if word == sign else watched[b" %b " % word].capital).append(sign)
            elif likelihood(first) <= likelihood(second):
                watched[b" %b " % first].after[second] = sign
            else:
                watched[b" %b " % second].before[first] = sign
        self._watched = list(watched.values())
        self._digits = any(sign[1:2].isdigit() for sign in watched)
        self._automaton = BytesAhoCorasick(
            list(watched), implementation=Implementation.ContiguousNFA, matchkind=MatchKind.Standard
        )

    def met(self, text: WordSet) -> set[Sign]:
        """The signs which a text shows."""
        met: set[Sign] = set()
        if not self._watched:
            return met
        for index, start, end in self._automaton.find_matches_as_indexes(text.letters, overlapping=True):
            watched = self._watched[index]
            met.update(watched.always)
            if watched.capital and text.capital_at(start + 1):
                met.update(watched.capital)
            if watched.after:
                met.update(_beside(watched.after, text.behind(end), text))
            if watched.before:
                met.update(_beside(watched.before, text.before(start), text))
        if self._digits:
            found = self._automaton.find_matches_as_indexes(text.digits, overlapping=True)
            met.update(sign for index, _, _ in found for sign in self._watched[index].always)
        return met


def _beside(signs: Mapping[bytes, Sign], neighbours: Sequence[bytes] | None, text: WordSet) -> Iterable[Sign]:
    if neighbours is None:
        return signs.values()
    # A composed token may stand anywhere.
    return [signs[word] for word in (*neighbours, *text.composed.intersection(signs)) if word in signs]


class _Shown:
    """What one text shows; answers are kept, since rules share terms."""

    def __init__(self, text: WordSet, met: set[Sign]) -> None:
        self._text = text
        self._met = met
        self._known: dict[int, bool] = {}

    def fits(self, shape: Shape) -> bool:
        """Whether the text may have a shape."""
        if shape is EVERY:
            return True
        if isinstance(shape, frozenset):
            return not self._met.isdisjoint(shape) or self._text.has_any(shape) or self._text.has_pair(shape)
        key = id(shape)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._has(shape)
        return known

    def _has(self, shape: AllOf | AnyOf | Begins | Capital | Row) -> bool:
        if isinstance(shape, Row):
            (signs,) = shape_clauses(shape)
            return not self._met.isdisjoint(signs) or self._text.has_row(shape.first, shape.second)
        if isinstance(shape, Capital):
            return any(map(self._text.has_capital, shape.words))
        if isinstance(shape, Begins):
            return any(one in self._text.letters or one in self._text.digits for one in shape.beginnings)
        # A loop and no generator: this is where time goes.
        every = isinstance(shape, AllOf)
        for part in shape.parts:
            if self.fits(part) is not every:
                return not every
        return every


def _least(choices: Sequence[Clause], uses: Mapping[Sign, int]) -> Clause | None:
    """The clause which is likely to be met least, and to be of use least often."""
    if len(choices) < 2:  # noqa: PLR2004 - no choice
        return choices[0] if choices else None
    return least(choices, [sum([likelihood(sign) * uses[sign] for sign in clause]) for clause in choices])
