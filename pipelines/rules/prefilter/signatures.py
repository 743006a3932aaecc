"""Signatures of queries: sets of signs of which every matching text has at least one.

A query has several signatures, one for each required part; ``candidates`` uses the least likely one.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from pipelines.rules.language.query import And, AtLeast, InTitle, Near, Node, Or, Phrase, Term
from pipelines.rules.patterns.patterns import MARKERS, word_forms
from pipelines.rules.patterns.wordlists import FREQUENT
from pipelines.rules.prefilter.required_words import (
    Adjacent,
    AllOf,
    AnyOf,
    Begins,
    Capital,
    Sign,
    forms_of,
    leaf_requirement,
)
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.prefilter.required_words import Requirement

Signature: TypeAlias = frozenset[Sign]
"""Signs of which every matching text has at least one."""

_PLAIN = re.compile(r"[A-Za-z]+(?:[ -]?[0-9]+)?(?:[ -][A-Za-z]+(?:[ -]?[0-9]+)?)*")
_PLAIN_WORD = re.compile(r"([A-Za-z]+)(?:[ -]?([0-9]+))?")


def signatures_of(node: Node, gazetteer: Gazetteer) -> tuple[Signature, ...]:
    """Return the signatures of a query; empty if it requires no words."""
    match node:
        case Term() | Phrase():
            return _leaf_signatures(node, gazetteer)
        case And(parts):
            return tuple([signature for part in parts for signature in signatures_of(part, gazetteer)])
        case Near(left, right):
            return signatures_of(left, gazetteer) + signatures_of(right, gazetteer)
        case Or(parts):
            return tuple(_union_of_rarest([signatures_of(part, gazetteer) for part in parts]))
        case InTitle(part) | AtLeast(_, part):
            return signatures_of(part, gazetteer)
        case _:
            return ()


@lru_cache(maxsize=1 << 16)
def _leaf_signatures(node: Term | Phrase, gazetteer: Gazetteer) -> tuple[Signature, ...]:
    text = node.text
    if isinstance(node, Term) and not (node.exact or node.prefix) and gazetteer.knows(name_key(text)):
        # Weaker than the leaf's requirement, which includes a context, but computed in a third of the time.
        others = [
            _name_signatures(Phrase(other.text), gazetteer, capital=bool(other.context))
            for other in gazetteer.expand(text)
        ]
        return tuple(_union_of_rarest([_name_signatures(Phrase(text), gazetteer), *others]))
    return _name_signatures(node, gazetteer)


@lru_cache(maxsize=1 << 16)
def _name_signatures(node: Term | Phrase, gazetteer: Gazetteer, *, capital: bool = False) -> tuple[Signature, ...]:
    plain = plain_signatures(node, capital=capital)
    return tuple(requirement_signatures(leaf_requirement(node, gazetteer)) if plain is None else plain)


def plain_signatures(node: Term | Phrase, *, capital: bool = False) -> list[Signature] | None:
    """Compute ``requirement_signatures`` of a leaf of plain words and designators without building its patterns.

    Most leaves of most rules are plain, and their patterns are never needed. Other names of a term's system are left
    out. ``capital``: the first word has a capital. Returns ``None`` if the leaf is not plain. A property test checks
    that both functions agree.
    """
    text = node.text
    if not _PLAIN.fullmatch(text) or len(text) >= MAX_TOKEN:
        return None
    if isinstance(node, Term) and node.prefix:
        beginnings = forms_of((_token(text),))
        return [frozenset([b" %b" % form for form in beginnings])] if text.isalpha() else None
    signatures: list[Signature] = []
    narrower: list[Adjacent | Capital] = []
    before: Signature | None = None
    version: bool | None = None
    for raw, number in _PLAIN_WORD.findall(text):
        word = _token(raw)
        forms = forms_of(word_forms(word, raw))
        if number:
            pairs = frozenset([b"%b %b" % (form, number.encode()) for form in forms])
            if version is None and signatures and word.rstrip("s") in MARKERS:
                version = signatures != [pairs]  # Block 70 Block 70 is the same in either order
            signatures.append(pairs)
        else:
            signatures.append(forms)
        if before:
            narrower.append(Adjacent(before, forms))
        if capital and len(signatures) == 1:
            narrower.append(Capital(tuple(sorted(forms))))
        before = None if number else forms
    # The version may come first or last, which makes two patterns of the same words.
    return _union_of_rarest([signatures]) if version and not node.exact else _with_narrower(signatures, narrower)


def _token(word: str) -> str:
    return ABBREVIATIONS.get(word.lower(), word.lower())


def requirement_signatures(requirement: Requirement) -> list[Signature]:
    """Return the signatures that follow from a requirement; empty if it requires no words."""
    match requirement:
        case AllOf(parts):
            signatures = [
                signature
                for part in parts
                if not isinstance(part, Adjacent | Capital)
                for signature in requirement_signatures(part)
            ]
            return _with_narrower(signatures, [part for part in parts if isinstance(part, Adjacent | Capital)])
        case AnyOf(parts):
            return _union_of_rarest(map(requirement_signatures, parts))
        case Begins(beginnings):
            return [frozenset(beginnings)]
        case Adjacent(first, second):
            return [frozenset([b"%b %b" % pair for pair in product(first, second)])]
        case Capital(words):
            return [frozenset([b"^" + word for word in words])]
        case _:
            return [requirement]


def _with_narrower(signatures: list[Signature], narrower: Sequence[Adjacent | Capital]) -> list[Signature]:
    """Return signatures and, unless one of them is rare enough, those of narrower requirements too."""
    if narrower and not any(_total_likelihood(signature) <= _RARE_ENOUGH for signature in signatures):
        signatures += [signature for part in narrower for signature in requirement_signatures(part)]
    return signatures


def _union_of_rarest(choices: Iterable[Sequence[Signature]]) -> list[Signature]:
    """Return the union of the least likely signatures of each choice; empty if a choice has no signature."""
    out: set[Sign] = set()
    for choice in choices:
        if not choice:
            return []
        out.update(_rarest(choice))
    return [frozenset(out)]


# Likelihood that an article has a word, by its number of characters: a rough estimate that affects only speed.
_PREFIX_LIKELIHOOD = (1.0, 1.0, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05)
_NUMBER_LIKELIHOOD = (1.0, 0.5, 0.4, 0.1, 0.2, 0.01)
_PAIR_LIKELIHOOD = 0.001
_FREQUENT = frozenset(word.encode() for word in FREQUENT)
_FREQUENT_LIKELIHOOD = 0.6
_ARTICLE_WORDS = 500
"""Words of a typical article."""
_RARE_FREQUENCY = 4e-6
"""Assumed share in running text of a word outside the 29,000 most frequent; it may be common in this field."""
_CAPITAL_SHARE = 0.1
"""Share of the occurrences of a common word that have a capital."""
_RARE_ENOUGH = 0.005
"""Likelihood of a signature up to which no narrower one is needed."""


def _rarest(choice: Sequence[Signature]) -> Signature:
    return choice[0] if len(choice) == 1 else lightest(choice, list(map(_total_likelihood, choice)))


def lightest(choice: Sequence[Signature], weights: Sequence[float]) -> Signature:
    """Return the signature with the lowest weight; of several, the first in the order of their sorted signs."""
    lowest = min(weights)
    minimal = [signature for signature, weight in zip(choice, weights, strict=True) if weight == lowest]
    return minimal[0] if len(minimal) == 1 else min(minimal, key=sorted)


def _total_likelihood(signature: Signature) -> float:
    return sum(map(likelihood, signature))


@lru_cache(maxsize=1 << 17)
def likelihood(sign: Sign) -> float:
    """Estimate roughly the likelihood, 0 to 1, that an article has a sign."""
    if sign[:1] == b"^":
        return _CAPITAL_SHARE * likelihood(sign[1:])
    if sign[:1] == b" ":
        return _PREFIX_LIKELIHOOD[min(len(sign), len(_PREFIX_LIKELIHOOD) - 1)]
    if b" " in sign:
        return _PAIR_LIKELIHOOD
    if sign in _FREQUENT:
        return _FREQUENT_LIKELIHOOD
    if sign.isdigit():
        return _NUMBER_LIKELIHOOD[min(len(sign), len(_NUMBER_LIKELIHOOD) - 1)]
    return min(1.0, _ARTICLE_WORDS * _frequencies().get(sign.decode(), _RARE_FREQUENCY))


@cache
def _frequencies() -> Mapping[str, float]:
    """Return the share of each English word in running text: most articles and weapons' names are in English."""
    import wordfreq  # noqa: PLC0415 - takes 0.2 s, which reading rules alone does not need

    frequencies: dict[str, float] = wordfreq.get_frequency_dict("en", wordlist="small")
    return frequencies
