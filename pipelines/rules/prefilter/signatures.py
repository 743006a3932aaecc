"""What to look for first to find the texts that a query may match.

A clause is a set of signs of which every matching text shows at least one. A query has several, as its shape has
several parts that are all asked for; ``candidates`` takes the one that is likely to be met least.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from pipelines.rules.language.query import And, AtLeast, InTitle, Near, Node, Or, Phrase, Term
from pipelines.rules.patterns.patterns import MARKERS, word_forms
from pipelines.rules.patterns.wordlists import FREQUENT
from pipelines.rules.prefilter.required_words import AllOf, AnyOf, Begins, Capital, Row, Sign, forms_of, leaf_shape
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.prefilter.required_words import Shape

Clause: TypeAlias = frozenset[Sign]
"""A text shows one of these."""

_PLAIN = re.compile(r"[A-Za-z]+(?:[ -]?[0-9]+)?(?:[ -][A-Za-z]+(?:[ -]?[0-9]+)?)*")
_PLAIN_WORD = re.compile(r"([A-Za-z]+)(?:[ -]?([0-9]+))?")


def clauses(node: Node, gazetteer: Gazetteer) -> tuple[Clause, ...]:
    """The clauses of a query; none when words do not narrow it."""
    match node:
        case Term() | Phrase():
            return _leaf_clauses(node, gazetteer)
        case And(parts):
            return tuple([clause for part in parts for clause in clauses(part, gazetteer)])
        case Near(left, right):
            return clauses(left, gazetteer) + clauses(right, gazetteer)
        case Or(parts):
            return tuple(_one_of_each([clauses(part, gazetteer) for part in parts]))
        case InTitle(part) | AtLeast(_, part):
            return clauses(part, gazetteer)
        case _:
            return ()


@lru_cache(maxsize=1 << 16)
def _leaf_clauses(node: Term | Phrase, gazetteer: Gazetteer) -> tuple[Clause, ...]:
    text = node.text
    if isinstance(node, Term) and not (node.exact or node.prefix) and gazetteer.knows(name_key(text)):
        # Less than the leaf's shape says, which asks for a context too, but known in a third of the time.
        others = [
            _name_clauses(Phrase(other.text), gazetteer, capital=bool(other.context))
            for other in gazetteer.expand(text)
        ]
        return tuple(_one_of_each([_name_clauses(Phrase(text), gazetteer), *others]))
    return _name_clauses(node, gazetteer)


@lru_cache(maxsize=1 << 16)
def _name_clauses(node: Term | Phrase, gazetteer: Gazetteer, *, capital: bool = False) -> tuple[Clause, ...]:
    plain = plain_clauses(node, capital=capital)
    return tuple(shape_clauses(leaf_shape(node, gazetteer)) if plain is None else plain)


def plain_clauses(node: Term | Phrase, *, capital: bool = False) -> list[Clause] | None:
    """``shape_clauses`` of a leaf of plain words and designators, worked out without its patterns; ``None``: it is not.

    Most leaves of most rules are such, and their patterns are never needed. Other names of what a term names are left
    out. ``capital``: the first word has one. A property test holds the two to the same.
    """
    text = node.text
    if not _PLAIN.fullmatch(text) or len(text) >= MAX_TOKEN:
        return None
    if isinstance(node, Term) and node.prefix:
        beginnings = forms_of((_token(text),))
        return [frozenset([b" %b" % one for one in beginnings])] if text.isalpha() else None
    found: list[Clause] = []
    narrower: list[Row | Capital] = []
    before: Clause | None = None
    version: bool | None = None
    for raw, number in _PLAIN_WORD.findall(text):
        word = _token(raw)
        forms = forms_of(word_forms(word, raw))
        if number:
            pairs = frozenset([b"%b %b" % (form, number.encode()) for form in forms])
            if version is None and found and word.rstrip("s") in MARKERS:
                version = found != [pairs]  # Block 70 Block 70 is the same turned
            found.append(pairs)
        else:
            found.append(forms)
        if before:
            narrower.append(Row(before, forms))
        if capital and len(found) == 1:
            narrower.append(Capital(tuple(sorted(forms))))
        before = None if number else forms
    # The version may stand in front as well as behind: two patterns, of the same words.
    return _one_of_each([found]) if version and not node.exact else _with_rows(found, narrower)


def _token(word: str) -> str:
    return ABBREVIATIONS.get(word.lower(), word.lower())


def shape_clauses(shape: Shape) -> list[Clause]:
    """The clauses that follow from a shape; none when words do not narrow it."""
    match shape:
        case AllOf(parts):
            found = [clause for part in parts if not isinstance(part, Row | Capital) for clause in shape_clauses(part)]
            return _with_rows(found, [part for part in parts if isinstance(part, Row | Capital)])
        case AnyOf(parts):
            return _one_of_each(map(shape_clauses, parts))
        case Begins(beginnings):
            return [frozenset(beginnings)]
        case Row(first, second):
            return [frozenset([b"%b %b" % pair for pair in product(first, second)])]
        case Capital(words):
            return [frozenset([b"^" + word for word in words])]
        case _:
            return [shape]


def _with_rows(found: list[Clause], others: Sequence[Row | Capital]) -> list[Clause]:
    """Clauses and, unless one of them is met seldom enough, those that narrow words further."""
    if others and not any(_likely(clause) <= _SELDOM for clause in found):
        found += [clause for part in others for clause in shape_clauses(part)]
    return found


def _one_of_each(choices: Iterable[Sequence[Clause]]) -> list[Clause]:
    """One clause that takes the least likely clause of each choice; none when a choice has none."""
    out: set[Sign] = set()
    for choice in choices:
        if not choice:
            return []
        out.update(_rarest(choice))
    return [frozenset(out)]


# How likely a word of so many characters is met in an article: a rough guess, which only the speed depends on.
_PREFIX_LIKELY = (1.0, 1.0, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05)
_NUMBER_LIKELY = (1.0, 0.5, 0.4, 0.1, 0.2, 0.01)
_PAIR_LIKELY = 0.001
_FREQUENT = frozenset(word.encode() for word in FREQUENT)
_FREQUENT_LIKELY = 0.6
_WORDS = 500
"""Words of an article."""
_RARE = 4e-6
"""The part of a word that is in no list of the 29,000 most frequent: it may be rife in this press all the same."""
_WITH_CAPITAL = 0.1
"""How often a common word has a capital."""
_SELDOM = 0.005
"""What is met no more often needs no narrower clause."""


def _rarest(choice: Sequence[Clause]) -> Clause:
    return choice[0] if len(choice) == 1 else least(choice, list(map(_likely, choice)))


def least(choice: Sequence[Clause], weights: Sequence[float]) -> Clause:
    """The clause that weighs least; among several, the first in the order of their signs."""
    lowest = min(weights)
    lightest = [clause for clause, weight in zip(choice, weights, strict=True) if weight == lowest]
    return lightest[0] if len(lightest) == 1 else min(lightest, key=sorted)


def _likely(clause: Clause) -> float:
    return sum(map(likelihood, clause))


@lru_cache(maxsize=1 << 17)
def likelihood(sign: Sign) -> float:
    """How likely a sign is met in an article, 0 to 1: a rough guess."""
    if sign[:1] == b"^":
        return _WITH_CAPITAL * likelihood(sign[1:])
    if sign[:1] == b" ":
        return _PREFIX_LIKELY[min(len(sign), len(_PREFIX_LIKELY) - 1)]
    if b" " in sign:
        return _PAIR_LIKELY
    if sign in _FREQUENT:
        return _FREQUENT_LIKELY
    if sign.isdigit():
        return _NUMBER_LIKELY[min(len(sign), len(_NUMBER_LIKELY) - 1)]
    return min(1.0, _WORDS * _frequencies().get(sign.decode(), _RARE))


@cache
def _frequencies() -> Mapping[str, float]:
    """How large a part of running text a word of English is: most of what is read, and of a weapon's name, is."""
    import wordfreq  # noqa: PLC0415 - 0.2 s which reading rules alone need not wait

    frequencies: dict[str, float] = wordfreq.get_frequency_dict("en", wordlist="small")
    return frequencies
