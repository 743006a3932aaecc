"""Which of many queries may match a text: an automaton over the normalised tokens, then set checks.

Of every query ``clauses`` are worked out: sets of words, of each of which a matching text has at least one. The
Aho–Corasick automaton looks for one clause of each query, the one that is likely to be met least; a query whose
clause is met is checked on its other clauses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeAlias

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipelines.alerts.patterns import leaf_of
from pipelines.alerts.query import And, AtLeast, InTitle, Near, Node, Or, Phrase, Query, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.alerts.gazetteer import Gazetteer
    from pipelines.alerts.patterns import Need

Clause: TypeAlias = frozenset[str]
"""Needles: ``" word "``, or ``" beginning"`` for a prefix."""

# How likely a token of so many characters is met in an article: a rough guess, which only the speed depends on.
_WORD_LIKELY = (1.0, 0.3, 0.6, 0.5, 0.3, 0.2, 0.1, 0.06, 0.03)
_NUMBER_LIKELY = (1.0, 0.5, 0.4, 0.1, 0.2, 0.01)


class CandidateIndex:
    """Finds the queries which may match a text."""

    def __init__(self, queries: Sequence[Query], gazetteer: Gazetteer) -> None:
        """Build the automaton. Queries are known by their place in the sequence."""
        clauses = [_clauses(query.root, gazetteer) for query in queries]
        uses = Counter(needle for of_one in clauses for clause in of_one for needle in clause)
        by_needle: defaultdict[str, list[int]] = defaultdict(list)
        self._always: list[int] = []
        self._checks: list[tuple[frozenset[str], ...]] = []
        for index, of_one in enumerate(clauses):
            sought = min(
                of_one,
                key=lambda clause: (sum(_likely(needle) * uses[needle] for needle in clause), sorted(clause)),
                default=None,
            )
            if sought is None:
                self._always.append(index)
            for needle in sorted(sought or ()):
                by_needle[needle].append(index)
            words_only = (clause for clause in of_one if all(needle.endswith(" ") for needle in clause))
            self._checks.append(tuple(frozenset(needle.strip() for needle in clause) for clause in words_only))
        self._by_needle = tuple(tuple(indices) for indices in by_needle.values())
        self._automaton = AhoCorasick(
            list(by_needle), implementation=Implementation.ContiguousNFA, matchkind=MatchKind.Standard
        )

    def find(self, *index_texts: str) -> list[int]:
        """The queries which may match an article with these ``index_text`` fields, in order."""
        # A space before and behind every token, so that a needle can ask for its edges.
        haystack = f" {'  '.join(index_texts)} "
        met = {needle for needle, _, _ in self._automaton.find_matches_as_indexes(haystack, overlapping=True)}
        indices = set(self._always).union(*(self._by_needle[needle] for needle in met))
        if not indices:
            return []
        words = set(haystack.split())
        return sorted(index for index in indices if not any(words.isdisjoint(clause) for clause in self._checks[index]))


def _clauses(node: Node, gazetteer: Gazetteer) -> list[Clause]:
    """Clauses of a query; none when words do not narrow it."""
    match node:
        case Term() | Phrase():
            needs = dict.fromkeys(pattern.needs for pattern in leaf_of(node, gazetteer).patterns)
            return _either([[_clause(need) for need in of_one] for of_one in needs])
        case And(parts):
            return [clause for part in parts for clause in _clauses(part, gazetteer)]
        case Or(parts):
            return _either([_clauses(part, gazetteer) for part in parts])
        case Near(left, right):
            return _clauses(left, gazetteer) + _clauses(right, gazetteer)
        case InTitle(part) | AtLeast(_, part):
            return _clauses(part, gazetteer)
        case _:
            return []


def _clause(need: Need) -> Clause:
    return frozenset({f" {need.prefix}"} if need.prefix is not None else {f" {word} " for word in need.words})


def _either(choices: list[list[Clause]]) -> list[Clause]:
    """Clauses of a choice: one that takes the least likely clause of each."""
    if len(choices) == 1:
        return choices[0]
    if not all(choices):
        return []
    return [frozenset().union(*(min(one, key=_cost) for one in choices))]


def _cost(clause: Clause) -> tuple[float, list[str]]:
    return (sum(map(_likely, clause)), sorted(clause))


def _likely(needle: str) -> float:
    word = needle.strip()
    table = _NUMBER_LIKELY if word.isdecimal() else _WORD_LIKELY
    return table[min(len(word), len(table) - 1)]
