"""The likelihood that two articles report the same event: a logistic model over the cosines of their vectors.

``python -m benchmarks.stories FILE`` fits the coefficients on labelled events and prints them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.likeness.ragged import Ragged
from pipelines.likeness.sparse_rows import SparseRows
from pipelines.likeness.story_features import TERM, TERM_BITS, VIEWS, FeatureRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.likeness.ragged import Indices

INPUTS = (*VIEWS, "lead held", "title in lead", "log days", "names agree")
"""Inputs of the model: the cosine of each view; the larger of the two shares of a lead that the other text's lead has;
the larger of the two cosines of one title and the other lead; the logarithm of the days between; 1 if the names in the
leads are compatible, else 0."""
COEFFICIENTS = (6.38, 2.17, 2.40, 1.66, 0.10, 0.90, 5.00, 6.14, -0.74, 1.42)
"""Fitted coefficients. Similar pairs of different events were counted twice in the fit: in the labelled events most
unrelated pairs have nothing in common, but in the defence press they share countries and weapons."""
INTERCEPT = -4.28
THRESHOLD = 0.2
"""Average likelihood at which a single article joins a story."""
LARGE_STORY_THRESHOLD = 0.6
"""Average likelihood that the threshold approaches as the smaller of two stories grows: see ``average_link``."""
MIN_SECONDS = 7 * 86_400.0
"""Minimum time between two articles for the model: in a stream all articles are close, so a shorter time means
nothing."""
UNKNOWN_SECONDS = 30 * 86_400.0
"""Time between two articles assumed if one of them is undated."""
UNSHARED_NAMES, SHARED_NAMES = 2, 2
"""The names of two leads are incompatible if each lead has at least ``UNSHARED_NAMES`` that the other text lacks, and
at most ``SHARED_NAMES`` are in both. Unrelated reports often share a country and a town, but not people, firms and
ships. One and three measured worse."""
_DAY = 86_400.0
_WEIGHTS = np.array(COEFFICIENTS)
_WORD_VIEWS = [VIEWS.index(view) for view in ("lead", "body", "entities")]
_TITLE_TO_LEAD = np.uint64(VIEWS.index("lead") - VIEWS.index("title")) << TERM_BITS


@dataclass(frozen=True, slots=True)
class StoryViews:
    """The vectors of several articles, prepared for comparison."""

    terms: SparseRows
    leads: SparseRows
    """The terms of the leads."""
    lead_terms: SparseRows
    """The terms of the leads, without weights."""
    titles: SparseRows
    """The terms of the titles, with the term numbers of a lead."""
    lead_totals: NDArray[np.float64]
    """The sum of the weights of each lead."""
    names: SparseRows
    """The names in the leads."""
    words: SparseRows
    """The words of the articles, including names."""

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Self:
        """Return the views of articles by their packed features, in this order."""
        features = FeatureRows.unpack(packed)
        leads, titles = features.view("lead"), features.view("title")
        totals = np.bincount(leads.terms.owners, leads.weights, len(packed))
        return cls(
            terms=SparseRows.of(features.terms, features.weights),
            leads=SparseRows.of(leads.terms, leads.weights),
            lead_terms=SparseRows.of(leads.terms),
            titles=SparseRows.of(replace(titles.terms, values=titles.terms.values + _TITLE_TO_LEAD), titles.weights),
            lead_totals=np.where(totals == 0, 1.0, totals),
            names=SparseRows.of(_names(leads.terms, features.view("entities").terms)),
            words=SparseRows.of(_words(features.terms)),
        )

    def inputs(self, first: Indices, second: Indices, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inputs of the model for each pair: shape ``(pairs, len(INPUTS))``.

        ``seconds`` is the time between the articles of each pair, NaN if unknown.
        """
        apart = np.where(np.isnan(seconds), UNKNOWN_SECONDS, np.maximum(seconds, MIN_SECONDS))
        return np.column_stack(
            [
                self.terms.products_by_view(first, self.terms, second, len(VIEWS)),
                np.maximum(self._lead_share(first, second), self._lead_share(second, first)),
                np.maximum(
                    self.titles.products(first, self.leads, second), self.titles.products(second, self.leads, first)
                ),
                np.log1p(apart / _DAY),
                self._names_compatible(first, second),
            ]
        )

    def _names_compatible(self, first: Indices, second: Indices) -> NDArray[np.bool_]:
        """Return whether both leads have names, and these are compatible (see ``UNSHARED_NAMES``)."""
        in_second, in_first = self.names.counts(first, self.words, second), self.names.counts(second, self.words, first)
        of_first, of_second = self.names.lengths[first], self.names.lengths[second]
        unshared, shared = np.minimum(of_first - in_second, of_second - in_first), np.minimum(in_second, in_first)
        compatible = (unshared < UNSHARED_NAMES) | (shared > SHARED_NAMES)
        return np.asarray((np.minimum(of_first, of_second) > 0) & compatible)

    def _lead_share(self, of: Indices, by: Indices) -> NDArray[np.float64]:
        return self.leads.products(of, self.lead_terms, by) / self.lead_totals[of]

    def same_event(self, first: Indices, second: Indices, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the likelihood, 0 to 1, that the two articles of each pair report the same event. It is symmetric."""
        inputs = self.inputs(first, second, seconds)
        return np.asarray(1 / (1 + np.exp(-(INTERCEPT + (inputs * _WEIGHTS).sum(axis=1)))))


def _names(leads: Ragged, entities: Ragged) -> Ragged:
    """Return the names in the leads, sorted."""
    ours, theirs = (
        (terms.owners.astype(np.uint64) << TERM_BITS) | (terms.values & TERM) for terms in (leads, entities)
    )
    both = np.intersect1d(ours, theirs, assume_unique=True)
    rows = np.arange(len(leads.bounds), dtype=np.uint64)
    return Ragged(both & TERM, both.searchsorted(rows << TERM_BITS))


def _words(terms: Ragged) -> Ragged:
    """Return the words of leads, bodies and names, sorted, without repeats."""
    is_word = np.isin(terms.values >> TERM_BITS, _WORD_VIEWS)
    return Ragged(terms.values & TERM, terms.bounds).where(is_word).sorted_unique()
