"""What an article is about, as a few small sparse vectors.

Terms are weighted by how rare a word is in its language at large (the word lists of the library wordfreq), not
by how rare it is in our store: so the vectors of an article never change with what else has been seen, and
stories do not depend on the order of arrival.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from pipelines.likeness.fingerprint import hash_text, turns, words
from pipelines.likeness.ragged import Ragged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

# It says on standard error that it takes the nearest list for a language without one (Serbo-Croatian's for Croatian),
# which is what is asked of it.
logging.getLogger("wordfreq").setLevel(logging.ERROR)

Term = TypeVar("Term")

VIEWS = ("title", "lead", "body", "bigrams", "entities", "numbers")
"""The vectors of an article, in the order in which they are packed."""
LEAD_WORDS = 120
"""The first paragraphs, which with the title say who, what, where, when; 60 and fewer measured worse."""
VIEW_TERMS = 96
"""Heaviest terms kept in a vector."""
STEM = 6
"""Letters of a word that count: "launch", "launched" and "launches" are one. Crude, and right in most languages that
have an alphabet; measured better than five, seven or whole words."""
KEY_RANKS, KEY_TITLE_RANKS = 12, 7
"""What the ranks of two terms of an article, or of its title, add up to at most where the pair is a look-up key; the
most telling term has rank 0. That is 58 keys an article at most; of the pairs of articles on one event 14 in 15 share
one (benchmarks/stories.py). All pairs of the first 12 and 6 were 81 keys, and found no better stories."""
_COMMONEST_ZIPF = 6.0
"""Zipf frequency (log10 of occurrences in 10**9 words) from which a word tells nothing: "people", "after"."""
_RARE_ZIPF = 4.2
"""Zipf frequency below which a word tells all it can: about the 5,000th word. Going on from there made a rare
name of a country, which two strange stories share, weigh more than what happened in them (measured)."""
_BODY_WORDS = 600
_BIGRAM_WORDS = 400
"""News is told at its beginning; what stands beyond is background."""
_PROMINENT = 1.5
"""Factor for a term that stands in title or lead, and again for one that is a name."""
TERM, TERM_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)
"""What of a term is its hash, in whatever view; the number of the view is above."""
_VIEW_STARTS = np.arange(len(VIEWS), dtype=np.uint64) << TERM_BITS
"""Where the terms of each view begin."""
# What stands before the first character is looked at only where that fits: it takes a third of the time. A capital
# behind a sentence's end or an opening quote says nothing.
_CAPITALISED = re.compile(
    r"[^\W\d_a-zа-яёß-öø-ÿ](?<!\w.)(?<!^.)(?<!\n.)(?<![.!?:\n\"“”‘’'(] .)[\w'’-]*"  # noqa: RUF001
)
_NUMBER = re.compile(r"\d(?<!\w.)[\d.,]*\d\b")
_COMMON_NUMBER = re.compile(r"\d\d?|(?:19|20)\d\d")
"""Small numbers and years stand in any text: alone they tell nothing, in a phrase they may ("Block 70")."""


@lru_cache(maxsize=64)
def _rarities(language: str) -> Mapping[str, float]:
    """How much each word of a language's list tells; words that tell all they can are left out."""
    import wordfreq  # noqa: PLC0415 - takes a quarter of a second, which only those who make features should wait for

    try:
        frequencies = wordfreq.get_frequency_dict(language, wordlist="small")
    except LookupError:
        frequencies = wordfreq.get_frequency_dict("en", wordlist="small")
    spread = _COMMONEST_ZIPF - _RARE_ZIPF
    told = {word: (_COMMONEST_ZIPF - math.log10(frequency) - 9) / spread for word, frequency in frequencies.items()}
    return {word: max(0.0, rarity) for word, rarity in told.items() if rarity < 1}


def rarity(word: str, language: str) -> float:
    """How much a word tells, from 0 (everyday) to 1 (rare, or in no word list)."""
    return _rarities(language).get(word, 1.0)


def _telling(terms: Iterable[str]) -> list[str]:
    return [term for term in terms if not (term.isdecimal() and _COMMON_NUMBER.fullmatch(term))]


def _weigh(counts: Mapping[str, int], rarities: Mapping[str, float]) -> dict[str, float]:
    """Weights of the stems of words: how often they stand there, times how much the rarest of their forms tells."""
    counted: dict[str, int] = {}
    told: dict[str, float] = {}
    for term, count in counts.items():
        stem = term[:STEM]
        counted[stem] = counted.get(stem, 0) + count
        tells = rarities.get(term, 1.0)
        if tells > told.get(stem, 0.0):
            told[stem] = tells
    return {stem: (1 + math.log(counted[stem])) * tells for stem, tells in told.items()}


def _bigrams(terms: list[str], rarities: Mapping[str, float]) -> dict[str, float]:
    told = [rarities.get(term, 1.0) for term in terms]
    # Most pairs have an everyday word in them, and tell nothing.
    pairs = Counter([pair for pair, (one, other) in zip(pairwise(terms), pairwise(told), strict=True) if one and other])
    return {
        f"{first} {second}": (1 + math.log(count)) * (rarities.get(first, 1.0) * rarities.get(second, 1.0))
        for (first, second), count in pairs.items()
    }


def capitalised(text: str) -> list[str]:
    """Words written with a capital in mid-sentence: names, as far as a script has capitals."""
    return words(" ".join(_CAPITALISED.findall(text)))


def plain_numbers(text: str) -> list[str]:
    """Numbers of two digits and more that are no part of a word, as they are written."""
    return _NUMBER.findall(text)


@dataclass(frozen=True, slots=True)
class StoryFeatures:
    """The vectors of an article in one: sorted terms of all views, and their weights; each view has length 1."""

    terms: NDArray[np.uint64]
    """Number of the view in the upper 32 bits, hash of the term in the lower."""
    weights: NDArray[np.float32]

    def pack(self) -> bytes:
        """The terms as little-endian uint64, then the weights as float32."""
        return self.terms.astype("<u8").tobytes() + self.weights.astype("<f4").tobytes()


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """The vectors of several articles, a row each."""

    terms: Ragged
    weights: NDArray[np.float64]
    """Of each of the terms."""

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Self:
        """The inverse of ``StoryFeatures.pack``, for many at once."""
        ends = [len(one) // 12 * 8 for one in packed]
        weights = b"".join(one[end:] for one, end in zip(packed, ends, strict=True))
        return cls(
            Ragged.unpack([one[:end] for one, end in zip(packed, ends, strict=True)]),
            np.frombuffer(weights, "<f4").astype(np.float64),
        )

    def view(self, name: str) -> Self:
        """The terms of one view, and their weights."""
        inside = self.terms.values >> TERM_BITS == VIEWS.index(name)
        return type(self)(self.terms.where(inside), self.weights[inside])


def heaviest(weighed: Mapping[str, float], most: int) -> list[str]:
    """The terms of highest weight, in no order; of those which weigh the same, the first of the alphabet.

    Sorting the weights alone takes a third of the time of sorting the terms by them.
    """
    if len(weighed) <= most:
        return list(weighed)
    least = sorted(weighed.values())[-most]
    above = [term for term, weight in weighed.items() if weight > least]
    level = sorted(term for term, weight in weighed.items() if weight == least)
    return above + level[: most - len(above)]


def _vectors(views: Sequence[Mapping[str, float]]) -> StoryFeatures:
    """The heaviest terms of each view; the weights of terms with one hash are added."""
    kept = [heaviest(weighed, VIEW_TERMS) for weighed in views]
    lengths = [*map(len, kept)]
    hashes = np.fromiter(map(hash_text, chain.from_iterable(kept)), np.uint64, sum(lengths))
    hashes &= TERM
    hashes |= np.repeat(_VIEW_STARTS, lengths)
    told = np.array([weighed[term] for weighed, terms in zip(views, kept, strict=True) for term in terms])
    order = hashes.argsort()
    hashes = hashes[order]
    firsts = turns(hashes).nonzero()[0]
    terms, weights = hashes[firsts], np.add.reduceat(told[order], firsts) if len(firsts) else told
    bounds = [*terms.searchsorted(_VIEW_STARTS).tolist(), len(terms)]
    for start, end in pairwise(bounds):
        view = weights[start:end]
        view /= math.sqrt(float(view @ view)) or 1.0
    return StoryFeatures(terms, weights.astype(np.float32))


def pair_key(first: int, second: int) -> int:
    """The look-up key, below 2**63, of two terms by their 64-bit hashes.

    The first term's hash leads, so that in a sorted index the keys of an article that share it lie side by side:
    its 50 keys are in some 20 places to be read or written, where hashes of the pairs would be in 50.
    """
    return (first >> 33) << 32 | second >> 32


def telling_pairs(ranked: Sequence[Term], most: int) -> Iterator[tuple[Term, Term]]:
    """The pairs of terms, the most telling first, whose ranks add up to ``most`` or less.

    The first with many, the middling with each other: what tells most stands in both of two articles on one event,
    and what tells little seldom makes them neighbours.
    """
    for rank, term in enumerate(ranked[: (most + 1) // 2]):
        yield from ((term, other) for other in ranked[rank + 1 : most - rank + 1])


def story_features(title: str | None, body: str, language: str | None) -> tuple[StoryFeatures, tuple[int, ...]]:
    """The vectors of an article and its look-up keys.

    Keys are pairs of its most telling terms, and of those of its title (see ``telling_pairs``): two articles are
    compared when two such terms stand in both. Sorted, each below 2**63.
    """
    rarities = _rarities((language or "en").split("-")[0].lower())
    title_words, body_words = words(title or ""), words(body)[:_BODY_WORDS]
    titled, lead, rest = map(_telling, (title_words, body_words[:LEAD_WORDS], body_words[LEAD_WORDS:]))
    names = Counter(_telling(capitalised(body)))
    in_opening = Counter(chain(titled, lead))
    views = {
        "title": _weigh(Counter(titled), rarities),
        "lead": _weigh(in_opening, rarities),
        "body": _weigh(Counter(chain(titled, lead, rest)), rarities),
        "bigrams": _bigrams(title_words, rarities) | _bigrams(body_words[:_BIGRAM_WORDS], rarities),
        "entities": _weigh(names, rarities),
        "numbers": dict.fromkeys(_telling(plain_numbers(body)), 1.0),
    }
    prominent = {word[:STEM] for word in in_opening}
    named = {word[:STEM] for word in names}
    telling = {
        term: weight * _PROMINENT ** ((term in prominent) + (term in named)) for term, weight in views["body"].items()
    }
    of_title = {term: telling[term] for term in views["title"]}
    keys = {*_keys(telling, KEY_RANKS), *_keys(of_title, KEY_TITLE_RANKS)}
    return _vectors([views[view] for view in VIEWS]), tuple(sorted(keys))


def _keys(telling: Mapping[str, float], most: int) -> Iterator[int]:
    """Look-up keys from how much terms tell: see ``telling_pairs``."""
    ranked = sorted(heaviest(telling, most + 1), key=lambda term: (-telling[term], term))
    hashes = {term: hash_text(term) for term in ranked}
    for pair in telling_pairs(ranked, most):
        yield pair_key(hashes[min(pair)], hashes[max(pair)])
