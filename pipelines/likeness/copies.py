"""How much of one text stands in another, for many pairs at once.

Containment, not resemblance: of the shorter text, the share that the longer has too. So a truncated or abridged
copy is as near as a whole one. Shingles under an outlet's boilerplate count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.likeness.boilerplate import boilerplate
from pipelines.likeness.fingerprint import DISTINCTIVE
from pipelines.likeness.ragged import Ragged
from pipelines.likeness.sparse_rows import Rows
from pipelines.likeness.story_features import FeatureRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from pipelines.likeness.ragged import Places
    from schemas.records import Fingerprint

THRESHOLD = 0.45
"""Average similarity within a group. This and what follows is measured by ``benchmarks.duplicates``."""
MIN_SHARED = 18
"""Shared shingles (20 words) below which two texts under different titles are never copies: a quotation."""
MIN_SHARED_SAME_TITLE = 12
"""The same under one title: a teaser."""
SAME_TITLE_BONUS = 0.25
"""Added to the containment of texts under one title, where the shorter has the longer's beginning: without it, desks
that write up one press release or quote one statement under the same headline would be taken for copies."""
SAME_TITLE = 0.75
"""Share of the telling words of the shorter title which the other has too."""
MIN_TITLE_WORDS = 3
"""Telling words which a title must have to be compared; a shorter one is only ever equal or not."""
EMBEDDED = 0.5
"""Share of the longer text under which it may be that it embeds the shorter one, as a roundup does."""
HEAD = 30
"""Shingles with which a text begins."""
HEAD_SHARED = 0.3
"""Share of the longer text's head that a truncated copy has: what is cut is the tail."""
SMALL_PART, SMALL_PART_HEAD = 1 / 3, 0.8
"""Share of the longer text below which a copy has nearly all of its head: else it is the first piece of a roundup,
behind a line that opens it."""
EMBEDDED_FACTOR = 0.4
"""What remains of the similarity of a text which seems embedded: too little for a copy (see ``lineage.excerpts``)."""
MIN_NUMBERS, MIN_DISTINCTIVE = 3, 2
"""Numbers (and long ones among them) which both texts must have before their numbers are compared."""
NUMBERS_SHARED = 0.5
"""Share of the numbers of the text with fewer of them which the other must have too. Copies keep the numbers;
templated notices differ in nothing else."""


@dataclass(frozen=True, slots=True)
class CopyViews:
    """The texts of several articles, made ready for comparing; boilerplate is taken out."""

    shingles: Rows
    heads: Rows
    """Those among the first ``HEAD`` of each text."""
    numbers: Rows
    distinctive: Rows
    """Those of the numbers that are long: amounts, contract numbers."""
    titles: Rows
    """Hashes of the telling words of the titles."""
    title_keys: NDArray[np.int64]
    """Of each article."""

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint], common: AbstractSet[int]) -> Self:
        """Of these articles, in this order, given the keys known as boilerplate."""
        texts = Ragged.unpack([one.shingles for one in fingerprints])
        texts = texts.where(~boilerplate(texts, fingerprints, common))
        numbers = Ragged.unpack([one.numbers for one in fingerprints])
        distinctive = (numbers.values & DISTINCTIVE) != 0
        numbers = replace(numbers, values=numbers.values >> np.uint64(1))  # the bit has done its work
        return cls(
            shingles=Rows.of(texts.sorted_unique()),
            heads=Rows.of(texts.first(HEAD).sorted_unique()),
            numbers=Rows.of(numbers),
            distinctive=Rows.of(numbers.where(distinctive)),
            titles=Rows.of(FeatureRows.unpack([one.story_features for one in fingerprints]).view("title").terms),
            title_keys=np.array([one.title_key for one in fingerprints], np.int64),
        )

    def similarities(self, first: Places, second: Places) -> NDArray[np.float64]:
        """How surely one of two texts is a copy of the other, for each pair of places: 0 to 1, shape as ``first``.

        The containment, weighed by title and place. Symmetric.
        """
        lengths = self.shingles.lengths
        swapped = lengths[first] > lengths[second]
        short, long = np.where(swapped, second, first), np.where(swapped, first, second)
        same_title = self._same_title(short, long)
        least = np.where(same_title, MIN_SHARED_SAME_TITLE, MIN_SHARED)
        shared = self.shingles.counts(short, self.shingles, long)
        found = np.zeros(len(first))
        alike = np.flatnonzero(shared >= least)
        alike = alike[~self._numbers_differ(short[alike], long[alike])]
        short, long, shared, same_title = short[alike], long[alike], shared[alike], same_title[alike]
        containment = shared / lengths[short]
        part, head = shared / lengths[long], self._head_held(short, long)
        headless = head < HEAD_SHARED
        bonus = np.where(same_title & ~headless, SAME_TITLE_BONUS, 0.0)
        embedded = ~same_title & np.where(part < SMALL_PART, head < SMALL_PART_HEAD, headless & (part < EMBEDDED))
        found[alike] = np.minimum(1.0, containment + bonus) * np.where(embedded, EMBEDDED_FACTOR, 1.0)
        return found

    def held(self, first: Places, second: Places) -> NDArray[np.float64]:
        """Share of the shorter text that the longer has too; 0 where that is no more than a quotation."""
        shared = self.shingles.counts(first, self.shingles, second)
        shorter = np.minimum(self.shingles.lengths[first], self.shingles.lengths[second])
        return np.where(shared >= MIN_SHARED, shared / np.maximum(1, shorter), 0.0)

    def filled_in_twice(self, first: Places, second: Places) -> NDArray[np.bool_]:
        """Whether two texts are one form with other facts: the words of copies, other numbers. Shape as ``first``."""
        return (self.held(first, second) >= THRESHOLD) & self._numbers_differ(first, second)

    def _head_held(self, short: Places, long: Places) -> NDArray[np.float64]:
        """Share of the longer text's head that the shorter has; of two of one length, what the better is held."""

        def held(within: Places, of: Places) -> NDArray[np.float64]:
            return self.heads.counts(of, self.shingles, within) / self.heads.lengths[of]

        equal = self.shingles.lengths[short] == self.shingles.lengths[long]
        return np.maximum(held(short, long), np.where(equal, held(long, short), 0.0))

    def _same_title(self, a: Places, b: Places) -> NDArray[np.bool_]:
        fewer = np.minimum(self.titles.lengths[a], self.titles.lengths[b])
        alike = (fewer >= MIN_TITLE_WORDS) & (self.titles.counts(a, self.titles, b) >= SAME_TITLE * fewer)
        return np.where(self.title_keys[a] == self.title_keys[b], self.titles.lengths[a] > 0, alike)

    def _numbers_differ(self, a: Places, b: Places) -> NDArray[np.bool_]:
        differ = np.zeros(len(a), np.bool_)
        for numbers, least in ((self.numbers, MIN_NUMBERS), (self.distinctive, MIN_DISTINCTIVE)):
            fewer = np.minimum(numbers.lengths[a], numbers.lengths[b])
            differ |= (fewer >= least) & (numbers.counts(a, numbers, b) < NUMBERS_SHARED * fewer)
        return differ
