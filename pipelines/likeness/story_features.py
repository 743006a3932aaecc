"""Features of the subject of an article: a few small sparse vectors.

Terms are weighted by the rarity of a word in its language (the word lists of the library wordfreq), not by its rarity
in the store. So the vectors of an article do not depend on other articles, and stories do not depend on the order of
arrival.
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

from pipelines.likeness.fingerprint import hash_text, run_starts, words
from pipelines.likeness.ragged import Ragged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

# wordfreq warns when it uses the nearest list for a language without one (Serbo-Croatian for Croatian), as intended.
logging.getLogger("wordfreq").setLevel(logging.ERROR)

Term = TypeVar("Term")

VIEWS = ("title", "lead", "body", "bigrams", "entities", "numbers")
"""Names of the vectors of an article, in packing order."""
LEAD_WORDS = 120
"""Words of the lead: the first paragraphs, which with the title state who, what, where and when. 60 and fewer measured
worse."""
VIEW_TERMS = 96
"""Terms of a vector at most: the heaviest ones."""
STEM = 6
"""Letters of a word that count: "launch", "launched" and "launches" are equal. This is crude but right in most
languages with an alphabet; it measured better than five, seven or whole words."""
KEY_RANKS, KEY_TITLE_RANKS = 12, 7
"""Largest sum of the ranks of two terms of an article, or of its title, whose pair is a lookup key; the heaviest term
has rank 0. An article has 58 keys at most; 14 in 15 pairs of articles on one event share a key (benchmarks/stories.py).
All pairs of the first 12 and 6 terms were 81 keys and gave no better stories."""
_COMMONEST_ZIPF = 6.0
"""Zipf frequency (log10 of occurrences in 10**9 words) from which a word has rarity 0: "people", "after"."""
_RARE_ZIPF = 4.2
"""Zipf frequency below which a word has rarity 1: about the 5,000th word. With a lower bound, a rare name of a country
shared by two unrelated stories weighed more than the events in them (measured)."""
_BODY_WORDS = 600
_BIGRAM_WORDS = 400
"""Words read for the vectors: news comes first in a text, and background later."""
_PROMINENCE_FACTOR = 1.5
"""Factor for a term in title or lead, and once more for a name."""
TERM, TERM_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)
"""Mask and length of the hash in a term; the bits above are the number of the view."""
_VIEW_STARTS = np.arange(len(VIEWS), dtype=np.uint64) << TERM_BITS
"""The lowest term of each view."""
# The look-behinds follow the first character, so that they are tried only where it matches: a third of the time. A
# capital after the end of a sentence or an opening quote marks no name.
_CAPITALISED = re.compile(
    r"[^\W\d_a-zа-яёß-öø-ÿ](?<!\w.)(?<!^.)(?<!\n.)(?<![.!?:\n\"“”‘’'(] .)[\w'’-]*"  # noqa: RUF001
)
_NUMBER = re.compile(r"\d(?<!\w.)[\d.,]*\d\b")
_COMMON_NUMBER = re.compile(r"\d\d?|(?:19|20)\d\d")
"""Small numbers and years, which occur in any text. They are distinctive only in a phrase ("Block 70")."""


@lru_cache(maxsize=64)
def _rarities(language: str) -> Mapping[str, float]:
    """Return the rarity of each word in a language's list; words with rarity 1 are left out."""
    import wordfreq  # noqa: PLC0415 - takes a quarter of a second, needed only to make features

    try:
        frequencies = wordfreq.get_frequency_dict(language, wordlist="small")
    except LookupError:
        frequencies = wordfreq.get_frequency_dict("en", wordlist="small")
    spread = _COMMONEST_ZIPF - _RARE_ZIPF
    rarities = {word: (_COMMONEST_ZIPF - math.log10(frequency) - 9) / spread for word, frequency in frequencies.items()}
    return {word: max(0.0, rarity) for word, rarity in rarities.items() if rarity < 1}


def rarity(word: str, language: str) -> float:
    """Return the rarity of a word, from 0 (very common) to 1 (rare, or in no word list)."""
    return _rarities(language).get(word, 1.0)


def _without_common_numbers(terms: Iterable[str]) -> list[str]:
    return [term for term in terms if not (term.isdecimal() and _COMMON_NUMBER.fullmatch(term))]


def _weigh(counts: Mapping[str, int], rarities: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of the stems of words: a logarithm of the count, times the rarity of the rarest form."""
    counted: dict[str, int] = {}
    rarity_of_stem: dict[str, float] = {}
    for term, count in counts.items():
        stem = term[:STEM]
        counted[stem] = counted.get(stem, 0) + count
        rarity = rarities.get(term, 1.0)
        if rarity > rarity_of_stem.get(stem, 0.0):
            rarity_of_stem[stem] = rarity
    return {stem: (1 + math.log(counted[stem])) * rarity for stem, rarity in rarity_of_stem.items()}


def _bigrams(terms: list[str], rarities: Mapping[str, float]) -> dict[str, float]:
    weights = [rarities.get(term, 1.0) for term in terms]
    # Most pairs contain a word of rarity 0, and have weight 0.
    weighted = zip(pairwise(terms), pairwise(weights), strict=True)
    pairs = Counter([pair for pair, (first, second) in weighted if first and second])
    return {
        f"{first} {second}": (1 + math.log(count)) * (rarities.get(first, 1.0) * rarities.get(second, 1.0))
        for (first, second), count in pairs.items()
    }


def capitalised(text: str) -> list[str]:
    """Return the words with a capital in mid-sentence, which are mostly names in scripts with capitals."""
    return words(" ".join(_CAPITALISED.findall(text)))


def plain_numbers(text: str) -> list[str]:
    """Return the numbers of two or more digits that are not part of a word, as written."""
    return _NUMBER.findall(text)


@dataclass(frozen=True, slots=True)
class StoryFeatures:
    """The vectors of an article: sorted terms of all views, and their weights. Each view has norm 1."""

    terms: NDArray[np.uint64]
    """The number of the view in the upper 32 bits, and the hash of the term in the lower."""
    weights: NDArray[np.float32]

    def pack(self) -> bytes:
        """Pack the terms as little-endian uint64, then the weights as float32."""
        return self.terms.astype("<u8").tobytes() + self.weights.astype("<f4").tobytes()


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """The vectors of several articles, one per row."""

    terms: Ragged
    weights: NDArray[np.float64]
    """The weight of each term."""

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Self:
        """Unpack the results of ``StoryFeatures.pack`` of several articles."""
        ends = [len(features) // 12 * 8 for features in packed]
        weights = b"".join(features[end:] for features, end in zip(packed, ends, strict=True))
        return cls(
            Ragged.unpack([features[:end] for features, end in zip(packed, ends, strict=True)]),
            np.frombuffer(weights, "<f4").astype(np.float64),
        )

    def view(self, name: str) -> Self:
        """Return the terms of one view, with their weights."""
        inside = self.terms.values >> TERM_BITS == VIEWS.index(name)
        return type(self)(self.terms.where(inside), self.weights[inside])


def heaviest(weighed: Mapping[str, float], count: int) -> list[str]:
    """Return the terms with the highest weights, in no particular order; ties go to the alphabetically first terms.

    Sorting only the weights takes a third of the time of sorting the terms by weight.
    """
    if len(weighed) <= count:
        return list(weighed)
    lowest = sorted(weighed.values())[-count]
    above = [term for term, weight in weighed.items() if weight > lowest]
    tied = sorted(term for term, weight in weighed.items() if weight == lowest)
    return above + tied[: count - len(above)]


def _vectors(views: Sequence[Mapping[str, float]]) -> StoryFeatures:
    """Return the heaviest terms of each view; the weights of terms with equal hashes are added."""
    kept = [heaviest(weighed, VIEW_TERMS) for weighed in views]
    lengths = [*map(len, kept)]
    hashes = np.fromiter(map(hash_text, chain.from_iterable(kept)), np.uint64, sum(lengths))
    hashes &= TERM
    hashes |= np.repeat(_VIEW_STARTS, lengths)
    kept_weights = np.array([weighed[term] for weighed, terms in zip(views, kept, strict=True) for term in terms])
    order = hashes.argsort()
    hashes = hashes[order]
    firsts = run_starts(hashes).nonzero()[0]
    terms, weights = hashes[firsts], np.add.reduceat(kept_weights[order], firsts) if len(firsts) else kept_weights
    bounds = [*terms.searchsorted(_VIEW_STARTS).tolist(), len(terms)]
    for start, end in pairwise(bounds):
        view = weights[start:end]
        view /= math.sqrt(float(view @ view)) or 1.0
    return StoryFeatures(terms, weights.astype(np.float32))


def pair_key(first: int, second: int) -> int:
    """Return the lookup key, below 2**63, of two terms by their 64-bit hashes.

    The upper bits are those of the first term's hash, so that the keys of an article with the same first term are
    adjacent in a sorted index: 50 keys take some 20 reads or writes instead of the 50 that hashes of pairs would take.
    """
    return (first >> 33) << 32 | second >> 32


def top_pairs(ranked: Sequence[Term], rank_sum: int) -> Iterator[tuple[Term, Term]]:
    """Yield the pairs of ranked terms whose ranks add up to ``rank_sum`` at most.

    The first terms are paired with many others, and middle terms with each other: two articles on one event share the
    heaviest terms, and light terms seldom relate articles.
    """
    for rank, term in enumerate(ranked[: (rank_sum + 1) // 2]):
        yield from ((term, other) for other in ranked[rank + 1 : rank_sum - rank + 1])


def story_features(title: str | None, body: str, language: str | None) -> tuple[StoryFeatures, tuple[int, ...]]:
    """Return the vectors of an article and its lookup keys.

    Keys are pairs of its heaviest terms, and of those of its title (see ``top_pairs``): two articles are compared if
    both have two such terms. The keys are sorted, each below 2**63.
    """
    rarities = _rarities((language or "en").split("-")[0].lower())
    title_words, body_words = words(title or ""), words(body)[:_BODY_WORDS]
    parts = title_words, body_words[:LEAD_WORDS], body_words[LEAD_WORDS:]
    title_terms, lead, rest = map(_without_common_numbers, parts)
    names = Counter(_without_common_numbers(capitalised(body)))
    in_opening = Counter(chain(title_terms, lead))
    views = {
        "title": _weigh(Counter(title_terms), rarities),
        "lead": _weigh(in_opening, rarities),
        "body": _weigh(Counter(chain(title_terms, lead, rest)), rarities),
        "bigrams": _bigrams(title_words, rarities) | _bigrams(body_words[:_BIGRAM_WORDS], rarities),
        "entities": _weigh(names, rarities),
        "numbers": dict.fromkeys(_without_common_numbers(plain_numbers(body)), 1.0),
    }
    prominent = {word[:STEM] for word in in_opening}
    named = {word[:STEM] for word in names}
    term_weights = {
        term: weight * _PROMINENCE_FACTOR ** ((term in prominent) + (term in named))
        for term, weight in views["body"].items()
    }
    title_weights = {term: term_weights[term] for term in views["title"]}
    keys = {*_keys(term_weights, KEY_RANKS), *_keys(title_weights, KEY_TITLE_RANKS)}
    return _vectors([views[view] for view in VIEWS]), tuple(sorted(keys))


def _keys(weights: Mapping[str, float], rank_sum: int) -> Iterator[int]:
    """Yield the lookup keys of weighted terms: see ``top_pairs``."""
    ranked = sorted(heaviest(weights, rank_sum + 1), key=lambda term: (-weights[term], term))
    hashes = {term: hash_text(term) for term in ranked}
    for pair in top_pairs(ranked, rank_sum):
        yield pair_key(hashes[min(pair)], hashes[max(pair)])
