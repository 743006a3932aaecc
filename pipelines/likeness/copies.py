"""Similarity of copies: the containment of one text in another, for many pairs at once.

Containment, not resemblance, is the share of the shorter text that the longer one has too. So a truncated or abridged
copy is as similar as a complete one. Shingles in an outlet's boilerplate do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.likeness.boilerplate import boilerplate
from pipelines.likeness.fingerprint import DISTINCTIVE
from pipelines.likeness.ragged import Ragged
from pipelines.likeness.sparse_rows import SparseRows
from pipelines.likeness.story_features import FeatureRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from pipelines.likeness.ragged import Indices
    from schemas.records import Fingerprint

THRESHOLD = 0.45
"""Average similarity within a group. ``benchmarks.duplicates`` measures this and the following constants."""
MIN_SHARED = 18
"""Shared shingles (20 words) of copies under different titles at least; texts that share fewer share a quotation."""
MIN_SHARED_SAME_TITLE = 12
"""Shared shingles of copies under one title at least; texts that share fewer share a teaser."""
SAME_TITLE_BONUS = 0.25
"""Amount added to the containment of texts under one title if the shorter has the longer's head. Without that
condition, reports of one press release or statement under the same headline would count as copies."""
SAME_TITLE = 0.75
"""Share of the distinctive words of the shorter title that the other must have too."""
MIN_DISTINCTIVE_TITLE_WORDS = 3
"""Distinctive words that a title must have to be compared word by word; shorter titles are only compared as a whole."""
EMBEDDED = 0.5
"""Share of the longer text below which it may embed the shorter one, as a roundup does."""
HEAD = 30
"""Shingles in the head of a text."""
HEAD_SHARED = 0.3
"""Share of the longer text's head that a truncated copy must have, since a cut removes the tail."""
SMALL_SHARE, SMALL_SHARE_HEAD = 1 / 3, 0.8
"""Share of the longer text below which a copy must have nearly all of its head, and that share of the head; otherwise
the text is the first item of a roundup, after an opening line."""
EMBEDDED_FACTOR = 0.4
"""Factor for the similarity of a text that seems embedded: the result is too low for a copy (see
``lineage.excerpts``)."""
MIN_NUMBERS, MIN_DISTINCTIVE = 3, 2
"""Numbers, and long numbers, that both texts must have for their numbers to be compared."""
NUMBERS_SHARED = 0.5
"""Share of the numbers of the text with fewer numbers that the other must have too. Copies keep the numbers; templated
notices differ in nothing else."""


@dataclass(frozen=True, slots=True)
class CopyViews:
    """The texts of several articles, prepared for comparison, without boilerplate."""

    shingles: SparseRows
    heads: SparseRows
    """The shingles among the first ``HEAD`` of each text."""
    numbers: SparseRows
    distinctive: SparseRows
    """The long numbers: amounts, contract numbers."""
    titles: SparseRows
    """Hashes of the distinctive words of the titles."""
    title_keys: NDArray[np.int64]
    """The title key of each article."""

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint], common: AbstractSet[int]) -> Self:
        """Return the views of articles, in this order; ``common`` are the keys of boilerplate."""
        texts = Ragged.unpack([fingerprint.shingles for fingerprint in fingerprints])
        texts = texts.where(~boilerplate(texts, fingerprints, common))
        numbers = Ragged.unpack([fingerprint.numbers for fingerprint in fingerprints])
        distinctive = (numbers.values & DISTINCTIVE) != 0
        numbers = replace(numbers, values=numbers.values >> np.uint64(1))  # removes the bit DISTINCTIVE
        features = FeatureRows.unpack([fingerprint.story_features for fingerprint in fingerprints])
        return cls(
            shingles=SparseRows.of(texts.sorted_unique()),
            heads=SparseRows.of(texts.first(HEAD).sorted_unique()),
            numbers=SparseRows.of(numbers),
            distinctive=SparseRows.of(numbers.where(distinctive)),
            titles=SparseRows.of(features.view("title").terms),
            title_keys=np.array([fingerprint.title_key for fingerprint in fingerprints], np.int64),
        )

    def similarities(self, first: Indices, second: Indices) -> NDArray[np.float64]:
        """Return the similarity as copies, 0 to 1, of each pair of articles, given by index: shape as ``first``.

        It is the containment, weighted by titles and by the position of the shared text. It is symmetric.
        """
        lengths = self.shingles.lengths
        swapped = lengths[first] > lengths[second]
        short, long = np.where(swapped, second, first), np.where(swapped, first, second)
        same_title = self._same_title(short, long)
        minimum = np.where(same_title, MIN_SHARED_SAME_TITLE, MIN_SHARED)
        shared = self.shingles.counts(short, self.shingles, long)
        scores = np.zeros(len(first))
        candidates = np.flatnonzero(shared >= minimum)
        candidates = candidates[~self._numbers_differ(short[candidates], long[candidates])]
        short, long = short[candidates], long[candidates]
        shared, same_title = shared[candidates], same_title[candidates]
        containment = shared / lengths[short]
        part, head = shared / lengths[long], self._head_containment(short, long)
        headless = head < HEAD_SHARED
        bonus = np.where(same_title & ~headless, SAME_TITLE_BONUS, 0.0)
        embedded = ~same_title & np.where(part < SMALL_SHARE, head < SMALL_SHARE_HEAD, headless & (part < EMBEDDED))
        scores[candidates] = np.minimum(1.0, containment + bonus) * np.where(embedded, EMBEDDED_FACTOR, 1.0)
        return scores

    def containment(self, first: Indices, second: Indices) -> NDArray[np.float64]:
        """Return the share of the shorter text that the longer has too; 0 if it is no more than a quotation."""
        shared = self.shingles.counts(first, self.shingles, second)
        shorter = np.minimum(self.shingles.lengths[first], self.shingles.lengths[second])
        return np.where(shared >= MIN_SHARED, shared / np.maximum(1, shorter), 0.0)

    def same_template(self, first: Indices, second: Indices) -> NDArray[np.bool_]:
        """Return whether two texts fill one template: words as in copies, but different numbers. Shape as ``first``."""
        return (self.containment(first, second) >= THRESHOLD) & self._numbers_differ(first, second)

    def _head_containment(self, short: Indices, long: Indices) -> NDArray[np.float64]:
        """Return the share of the longer text's head that the shorter has; for equal lengths, the higher share."""

        def head_share(within: Indices, of: Indices) -> NDArray[np.float64]:
            return self.heads.counts(of, self.shingles, within) / self.heads.lengths[of]

        equal = self.shingles.lengths[short] == self.shingles.lengths[long]
        return np.maximum(head_share(short, long), np.where(equal, head_share(long, short), 0.0))

    def _same_title(self, a: Indices, b: Indices) -> NDArray[np.bool_]:
        fewer = np.minimum(self.titles.lengths[a], self.titles.lengths[b])
        alike = (fewer >= MIN_DISTINCTIVE_TITLE_WORDS) & (self.titles.counts(a, self.titles, b) >= SAME_TITLE * fewer)
        return np.where(self.title_keys[a] == self.title_keys[b], self.titles.lengths[a] > 0, alike)

    def _numbers_differ(self, a: Indices, b: Indices) -> NDArray[np.bool_]:
        differ = np.zeros(len(a), np.bool_)
        for numbers, minimum in ((self.numbers, MIN_NUMBERS), (self.distinctive, MIN_DISTINCTIVE)):
            fewer = np.minimum(numbers.lengths[a], numbers.lengths[b])
            differ |= (fewer >= minimum) & (numbers.counts(a, numbers, b) < NUMBERS_SHARED * fewer)
        return differ
