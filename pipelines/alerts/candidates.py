"""Which of many queries may match a text: words first, then the shape of the query over words.

Of every query one clause is chosen: words of which a matching text has at least one, and which are likely to be met
least. They are looked up among the words of the text (``rough``); prefixes are found by an Aho–Corasick automaton.
A query whose clause is met is checked on all its words, with its ANDs and ORs, before anything is tokenised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from pipelines.alerts.normalise import ABBREVIATIONS, MAX_TOKEN
from pipelines.alerts.patterns import Kind, leaf_of
from pipelines.alerts.query import And, AtLeast, InTitle, Near, Node, Or, Phrase, Query, Term
from pipelines.alerts.rough import rough
from pipelines.alerts.wordlists import FREQUENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.alerts.gazetteer import Gazetteer
    from pipelines.alerts.patterns import Element, Pattern
    from pipelines.alerts.rough import Rough

Clause: TypeAlias = frozenset[bytes]
"""Words of which a matching text has one. ``b" deliver"`` with a space in front stands for a prefix, ``b"f 16"`` for a
word and its number."""


class _All(NamedTuple):
    """Every part is met."""

    parts: tuple[_Shape, ...]


class _Any(NamedTuple):
    """A part is met."""

    parts: tuple[_Shape, ...]


class _Capital(NamedTuple):
    """One of these words stands with a capital."""

    words: tuple[str, ...]


class _Row(NamedTuple):
    """A word of the first stands right before one of the second."""

    first: Clause
    second: Clause


_Shape: TypeAlias = Clause | _All | _Any | _Row | _Capital

# How likely a token of so many characters is met in an article: a rough guess, which only the speed depends on.
_PREFIX_LIKELY = (1.0, 1.0, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05)
_NUMBER_LIKELY = (1.0, 0.5, 0.4, 0.1, 0.2, 0.01)
_PAIR_LIKELY = 0.001
_FREQUENT = frozenset(word.encode() for word in FREQUENT)
_FREQUENT_LIKELY = 0.6
_WORDS = 500
"""Words of an article."""
_RARE = 4e-6
"""The part of a word that is in no list of the 29,000 most frequent: it may be rife in this press all the same."""

_SMALL_AUTOMATON = 20_000
"""Bytes of prefixes up to which the faster automaton, which has a kilobyte for each, is affordable."""

_SHORT_FORMS: defaultdict[str, list[bytes]] = defaultdict(list)
for _short, _word in ABBREVIATIONS.items():
    _SHORT_FORMS[_word].append(_short.encode())


class CandidateIndex:
    """Finds the queries which may match a text."""

    def __init__(self, queries: Sequence[Query], gazetteer: Gazetteer) -> None:
        """Build the index. Queries are known by their place in the sequence."""
        self._shapes = [_shape(query.root, gazetteer) for query in queries]
        clauses = [_clauses(shape) for shape in self._shapes]
        uses = Counter(word for of_one in clauses for clause in of_one for word in clause)
        cost = {word: _likely(word) * count for word, count in uses.items()}
        by_word: defaultdict[bytes, list[int]] = defaultdict(list)
        self._always: list[int] = []
        for index, of_one in enumerate(clauses):
            sought = _least(of_one, cost)
            if sought is None:
                self._always.append(index)
            for word in sought or ():
                by_word[word].append(index)
        self._by_word = {word: tuple(indices) for word, indices in by_word.items()}
        words = frozenset(word for shape in self._shapes for word in _words_of(shape))
        self._words = words
        self._prefixes = _Prefixes(word for word in words if _is_prefix(word))
        numbers_after: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for pair in words:
            word, space, number = pair.partition(b" ")
            if word and space:
                numbers_after[word].add(number)
        self._numbers_after = {word: frozenset(numbers) for word, numbers in numbers_after.items()}

    def find(self, *texts: str | None) -> list[int]:
        """The queries which may match an article with these fields, in order."""
        text = rough(*texts)
        words = set(self._words.intersection(text.words))
        words |= self._words.intersection(text.pairs)
        words |= self._prefixes.met(text)
        words.update(self._composed_pairs(text))
        indices = set(self._always).union(*(self._by_word[word] for word in self._by_word.keys() & words))
        if not indices:
            return []
        known: dict[int, bool] = {}
        return sorted(index for index in indices if _fits(self._shapes[index], text, words, known))

    def _composed_pairs(self, text: Rough) -> list[bytes]:
        if not text.before_numbers:
            return []
        return [
            b"%b %b" % (word, number)
            for word in self._numbers_after.keys() & text.composed
            for number in self._numbers_after[word].intersection(text.numbers)
        ]


class _Prefixes:
    """Finds prefixes among the words of a text."""

    def __init__(self, prefixes: Iterable[bytes]) -> None:
        self._prefixes = sorted(prefixes)
        self._numbers = any(prefix[1:2].isdigit() for prefix in self._prefixes)
        small = sum(map(len, self._prefixes)) < _SMALL_AUTOMATON
        self._automaton = BytesAhoCorasick(
            self._prefixes,
            implementation=Implementation.DFA if small else Implementation.ContiguousNFA,
            matchkind=MatchKind.Standard,
        )

    def met(self, text: Rough) -> frozenset[bytes]:
        if not self._prefixes:
            return frozenset()
        found = self._automaton.find_matches_as_indexes(text.letters, overlapping=True)
        if self._numbers:
            found += self._automaton.find_matches_as_indexes(text.digits, overlapping=True)
        return frozenset(self._prefixes[index] for index in {index for index, _, _ in found})


def _is_prefix(word: bytes) -> bool:
    return word[:1] == b" "


def _fits(shape: _Shape, text: Rough, words: set[bytes], known: dict[int, bool]) -> bool:
    """Whether a text may have a shape; ``known`` keeps the answers for the one text, since rules share terms."""
    if isinstance(shape, frozenset):
        return not words.isdisjoint(shape)
    key = id(shape)
    answer = known.get(key)
    if answer is None:
        if isinstance(shape, _Row):
            answer = text.has_row(shape.first, shape.second)
        elif isinstance(shape, _Capital):
            answer = any(map(text.has_capital, shape.words))
        else:
            # A loop and no generator: this is where time goes.
            every = isinstance(shape, _All)
            answer = every
            for part in shape.parts:
                if _fits(part, text, words, known) is not every:
                    answer = not every
                    break
        known[key] = answer
    return answer


_EVERY: _Shape = _All(())
"""What words do not narrow."""


def _shape(node: Node, gazetteer: Gazetteer) -> _Shape:
    match node:
        case Term() | Phrase():
            return _leaf_shape(node, gazetteer)
        case And(parts):
            return _all([_shape(part, gazetteer) for part in parts])
        case Or(parts):
            return _any([_shape(part, gazetteer) for part in parts])
        case Near(left, right):
            return _all([_shape(left, gazetteer), _shape(right, gazetteer)])
        case InTitle(part) | AtLeast(_, part):
            return _shape(part, gazetteer)
        case _:
            return _EVERY


def _all(parts: list[_Shape]) -> _Shape:
    # What is asked of the words comes before what is asked of the text.
    return parts[0] if len(parts) == 1 else _All(tuple(sorted(parts, key=_effort)))


def _effort(shape: _Shape) -> int:
    return 0 if isinstance(shape, frozenset) else 2 if isinstance(shape, _Row | _Capital) else 1


def _any(parts: list[_Shape]) -> _Shape:
    words: Clause = frozenset().union(*(part for part in parts if isinstance(part, frozenset)))
    others = [part for part in parts if not isinstance(part, frozenset)]
    if _EVERY in others:
        return _EVERY
    if not others:
        return words
    return others[0] if len(others) == 1 and not words else _Any((words, *others) if words else tuple(others))


@lru_cache(maxsize=1 << 16)
def _leaf_shape(node: Term | Phrase, gazetteer: Gazetteer) -> _Shape:
    patterns = [_pattern_shape(pattern) for pattern in leaf_of(node, gazetteer).patterns]
    return patterns[0] if len(patterns) == 1 else _any(list(dict.fromkeys(patterns)))


def _pattern_shape(pattern: Pattern) -> _Shape:
    """The words which a text with this pattern has; a word and the number that belongs to it as a pair."""
    parts: list[_Shape] = []
    elements = pattern.elements
    for index, element in enumerate(elements):
        following = elements[index + 1] if index + 1 < len(elements) else None
        if following and _paired(element, following) and index + 1 != pattern.gap_at:
            continue
        before = elements[index - 1] if index else None
        if before and _paired(before, element) and index != pattern.gap_at:
            forms = _forms(before.words)
            parts.append(frozenset(b"%b %b" % (word, number) for word in forms for number in _forms(element.words)))
        elif element.kind is Kind.PREFIX:
            parts.append(frozenset(b" " + word for word in _forms(element.words)))
        else:
            parts.append(_clause(element.words))
    rows = zip(elements, elements[1:], range(1, len(elements)), strict=False)
    parts.extend(
        _Row(frozenset(_forms(first.words)), frozenset(_forms(second.words)))
        for first, second, index in rows
        if index != pattern.gap_at and all(_is_whole_word(element) for element in (first, second))
    )
    if pattern.capital and all(word.isascii() and len(word) < MAX_TOKEN for word in elements[0].words):
        parts.append(_Capital(tuple(word.decode() for word in sorted(_forms(elements[0].words)))))
    if pattern.context:
        parts.append(_context_clause(pattern.context))
    return _all(parts)


def _is_whole_word(element: Element) -> bool:
    return element.kind is Kind.WORD and all(len(word) < MAX_TOKEN for word in element.words)


def _paired(word: Element, number: Element) -> bool:
    """Whether a number follows its word directly, but for other numbers of a list."""
    return (
        word.kind is Kind.WORD
        and number.kind is Kind.NUMBER
        and all(len(one) < MAX_TOKEN for one in (*word.words, *number.words))
    )


@lru_cache(maxsize=1 << 12)
def _context_clause(context: tuple[Pattern, ...]) -> Clause:
    return frozenset(word for pattern in context for word in _clause(max(pattern.elements, key=_telling).words))


def _telling(element: Element) -> int:
    return len(min(element.words, key=len))


def _forms(words: frozenset[str]) -> set[bytes]:
    return {form for word in words for form in (word.encode(), *_SHORT_FORMS.get(word, ()))}


def _clause(words: frozenset[str]) -> Clause:
    # The words of a rough text are not cut: a long one begins with what it would be cut to.
    return frozenset(_forms(words)) | {f" {word}".encode() for word in words if len(word) >= MAX_TOKEN}


def _clauses(shape: _Shape) -> list[Clause]:
    """Clauses that follow from a shape; none when words do not narrow it."""
    if isinstance(shape, _Row | _Capital):
        return []
    if isinstance(shape, _All):
        return [clause for part in shape.parts for clause in _clauses(part)]
    if isinstance(shape, _Any):
        # One clause that takes the least likely clause of each choice.
        choices = [_least(_clauses(part), None) for part in shape.parts]
        known = [choice for choice in choices if choice is not None]
        return [frozenset().union(*known)] if len(known) == len(choices) else []
    return [shape]


def _words_of(shape: _Shape) -> Iterable[bytes]:
    if isinstance(shape, frozenset):
        return shape
    if isinstance(shape, _Row | _Capital):
        return ()
    return (word for part in shape.parts for word in _words_of(part))


def _least(clauses: list[Clause], cost: Mapping[bytes, float] | None) -> Clause | None:
    """The clause which is likely to be met least."""
    if len(clauses) < 2:  # noqa: PLR2004 - no choice
        return clauses[0] if clauses else None
    if cost is None:
        return min(clauses, key=lambda clause: (sum(map(_likely, clause)), sorted(clause)))
    return min(clauses, key=lambda clause: (sum(cost[word] for word in clause), sorted(clause)))


@lru_cache(maxsize=1 << 17)
def _likely(word: bytes) -> float:
    if b" " in word[1:]:
        return _PAIR_LIKELY
    if word in _FREQUENT:
        return _FREQUENT_LIKELY
    if word.isdigit():
        return _NUMBER_LIKELY[min(len(word), len(_NUMBER_LIKELY) - 1)]
    if _is_prefix(word):
        return _PREFIX_LIKELY[min(len(word), len(_PREFIX_LIKELY) - 1)]
    return min(1.0, _WORDS * _frequencies().get(word.decode(), _RARE))


@cache
def _frequencies() -> Mapping[str, float]:
    """How large a part of running text a word of English is: most of what is read, and of a weapon's name, is."""
    import wordfreq  # noqa: PLC0415 - 0.2 s which reading rules alone need not wait

    frequencies: dict[str, float] = wordfreq.get_frequency_dict("en", wordlist="small")
    return frequencies
