"""Selection of the queries that may match a text: by a signature first, then by all required words.

Each query has a signature: a set of signs of which every matching text has at least one, and which are as rare as
possible (``signatures``). An Aho–Corasick automaton searches the folded bytes of a text (``word_set``) for the signs of
all queries at once; signs that are numbers are looked up in the set of numbers. If a sign is present, the words of the
text are checked against the requirement of the query, with its ANDs and ORs (``required_words``). Nothing is tokenised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from pipelines.rules.prefilter.required_words import (
    NO_REQUIREMENT,
    Adjacent,
    AllOf,
    AnyOf,
    Begins,
    Capital,
    requirement_of,
)
from pipelines.rules.prefilter.signatures import lightest, likelihood, requirement_signatures, signatures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.rules.language.query import Query
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.prefilter.required_words import Requirement, Sign
    from pipelines.rules.prefilter.signatures import Signature
    from pipelines.rules.prefilter.word_set import WordSet


class CandidateIndex:
    """An index of queries by their signatures."""

    def __init__(self, queries: Sequence[Query], gazetteer: Gazetteer) -> None:
        """Build the index. A query is identified by its index in the sequence."""
        self._queries = queries
        self._gazetteer = gazetteer
        signatures = [signatures_of(query.root, gazetteer) for query in queries]
        uses = Counter(chain.from_iterable(chain.from_iterable(signatures)))
        self._chosen = [_choose(choices, uses) for choices in signatures]
        self._requirements: dict[int, Requirement] = {}
        """The requirements computed so far; ``NO_REQUIREMENT`` for a query whose signature is its whole requirement."""
        by_sign: defaultdict[Sign, list[int]] = defaultdict(list)
        for index, signature in enumerate(self._chosen):
            for sign in signature or ():
                by_sign[sign].append(index)
        self._always = [index for index, signature in enumerate(self._chosen) if signature is None]
        self._by_sign = dict(by_sign)
        self._numbers = frozenset(sign for sign in by_sign if sign[-1:].isdigit() and sign[:1] != b" ")
        numbers_after: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for sign in self._numbers:
            word, _, number = sign.rpartition(b" ")
            numbers_after[word].add(number)
        numbers_after.pop(b"", None)
        self._numbers_after = dict(numbers_after)
        self._after_words = frozenset().union(*numbers_after.values())
        self._sign_finder = _SignFinder(sign for sign in by_sign if sign not in self._numbers)

    def find(self, text: WordSet) -> list[int]:
        """Return the indices of the queries that may match an article with these words, in order."""
        met = self._sign_finder.met(text)
        if self._numbers:
            met.update(
                self._numbers.intersection(self._pairs(text)),
                self._numbers.intersection(text.numbers),
                self._numbers & text.composed,
            )
        indices = set(self._always).union(*map(self._by_sign.__getitem__, met))
        if not indices:
            return []
        check = _RequirementCheck(text, met)
        return sorted(index for index in indices if check.is_met(self._requirement(index)))

    def _pairs(self, text: WordSet) -> list[bytes]:
        """Return words with their numbers, as in ``b"f 16"``."""
        pairs = text.pairs(self._after_words)
        if text.before_numbers:
            # The position of a composed token is unknown, so it may precede any number.
            numbers = text.composed.union(text.numbers)
            for word in self._numbers_after.keys() & text.composed:
                pairs += [b"%b %b" % (word, number) for number in self._numbers_after[word] & numbers]
        return pairs

    def _requirement(self, index: int) -> Requirement:
        """Return the requirement of a query, computed on first use, since most queries are never checked."""
        requirement = self._requirements.get(index)
        if requirement is None:
            requirement = requirement_of(self._queries[index], self._gazetteer)
            if requirement == self._chosen[index]:
                requirement = NO_REQUIREMENT
            self._requirements[index] = requirement
        return requirement


class _SignsOfWord:
    """The signs that contain a word."""

    __slots__ = ("after", "always", "before", "capital")

    def __init__(self) -> None:
        self.always: list[Sign] = []
        """Signs that the word itself proves."""
        self.capital: list[Sign] = []
        """Signs that the word with a capital proves."""
        self.after: dict[bytes, Sign] = {}
        """Signs by the word that must follow."""
        self.before: dict[bytes, Sign] = {}
        """Signs by the word that must precede."""


class _SignFinder:
    """A search for signs that are words, prefixes and pairs of adjacent words."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        signs_of_word: defaultdict[bytes, _SignsOfWord] = defaultdict(_SignsOfWord)
        for sign in sorted(signs):
            first, space, second = sign.partition(b" ")
            if not first:
                signs_of_word[sign].always.append(sign)
            elif not space:
                word = sign.removeprefix(b"^")
                of_word = signs_of_word[b" %b " % word]
                (of_word.always if word == sign else of_word.capital).append(sign)
            elif likelihood(first) <= likelihood(second):
                signs_of_word[b" %b " % first].after[second] = sign
            else:
                signs_of_word[b" %b " % second].before[first] = sign
        self._signs_of_word = list(signs_of_word.values())
        self._digits = any(sign[1:2].isdigit() for sign in signs_of_word)
        self._automaton = BytesAhoCorasick(
            list(signs_of_word), implementation=Implementation.ContiguousNFA, matchkind=MatchKind.Standard
        )

    def met(self, text: WordSet) -> set[Sign]:
        """Return the signs that a text has."""
        met: set[Sign] = set()
        if not self._signs_of_word:
            return met
        for index, start, end in self._automaton.find_matches_as_indexes(text.letters, overlapping=True):
            signs_of_word = self._signs_of_word[index]
            met.update(signs_of_word.always)
            if signs_of_word.capital and text.capital_at(start + 1):
                met.update(signs_of_word.capital)
            if signs_of_word.after:
                met.update(_beside(signs_of_word.after, text.words_after(end), text))
            if signs_of_word.before:
                met.update(_beside(signs_of_word.before, text.words_before(start), text))
        if self._digits:
            matches = self._automaton.find_matches_as_indexes(text.digits, overlapping=True)
            met.update(sign for index, _, _ in matches for sign in self._signs_of_word[index].always)
        return met


def _beside(signs: Mapping[bytes, Sign], neighbours: Sequence[bytes] | None, text: WordSet) -> Iterable[Sign]:
    if neighbours is None:
        return signs.values()
    # The position of a composed token is unknown, so it may be adjacent.
    return [signs[word] for word in (*neighbours, *text.composed.intersection(signs)) if word in signs]


class _RequirementCheck:
    """A check of requirements against one text. Results are cached, since rules share terms."""

    def __init__(self, text: WordSet, met: set[Sign]) -> None:
        self._text = text
        self._met = met
        self._decided: dict[int, bool] = {}

    def is_met(self, requirement: Requirement) -> bool:
        """Return whether the text meets a requirement; sometimes true if it does not."""
        if requirement is NO_REQUIREMENT:
            return True
        if isinstance(requirement, frozenset):
            text = self._text
            return not self._met.isdisjoint(requirement) or text.has_any(requirement) or text.has_pair(requirement)
        key = id(requirement)
        known = self._decided.get(key)
        if known is None:
            known = self._decided[key] = self._decide(requirement)
        return known

    def _decide(self, requirement: AllOf | AnyOf | Begins | Capital | Adjacent) -> bool:
        if isinstance(requirement, Adjacent):
            (signs,) = requirement_signatures(requirement)
            return not self._met.isdisjoint(signs) or self._text.has_adjacent(requirement.first, requirement.second)
        if isinstance(requirement, Capital):
            return any(map(self._text.has_capital, requirement.words))
        if isinstance(requirement, Begins):
            letters, digits = self._text.letters, self._text.digits
            return any(beginning in letters or beginning in digits for beginning in requirement.beginnings)
        # A loop is faster than a generator in this hot path.
        every = isinstance(requirement, AllOf)
        for part in requirement.parts:
            if self.is_met(part) is not every:
                return not every
        return every


def _choose(choices: Sequence[Signature], uses: Mapping[Sign, int]) -> Signature | None:
    """Return the signature that is expected to select the fewest queries."""
    if len(choices) < 2:  # noqa: PLR2004 - at most one
        return choices[0] if choices else None
    return lightest(choices, [sum([likelihood(sign) * uses[sign] for sign in signature]) for signature in choices])
