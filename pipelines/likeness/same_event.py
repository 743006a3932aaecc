"""How likely two articles tell the same event: a logistic model over the cosines of their vectors.

``python -m benchmarks.stories FILE`` fits the coefficients on labelled events and prints them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.likeness.ragged import Ragged
from pipelines.likeness.sparse_rows import Rows
from pipelines.likeness.story_features import TERM, TERM_BITS, VIEWS, FeatureRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.likeness.ragged import Places

INPUTS = (*VIEWS, "lead held", "title in lead", "log days", "names agree")
"""What the model looks at: the cosine of each view; of the lead that has less, the share which the other has too;
the cosine of one title and the other lead, whichever way is nearer; the logarithm of the days between; whether the
names of the leads are not at odds (1 or 0)."""
COEFFICIENTS = (6.38, 2.17, 2.40, 1.66, 0.10, 0.90, 5.00, 6.14, -0.74, 1.42)
"""As fitted, pairs of different events which resemble each other counted twice: in the labelled events most strange
pairs have nothing in common, in the defence press they share countries and weapons."""
INTERCEPT = -4.28
THRESHOLD = 0.2
"""Average likelihood at which a single article joins a story."""
GROWN_THRESHOLD = 0.6
"""Average likelihood which two stories need the more, the larger the smaller one is: see ``average_link``."""
NEAR_SECONDS = 7 * 86_400.0
"""Articles nearer than that are taken to be so far apart: in a stream everything is near, so nearness says nothing."""
UNKNOWN_SECONDS = 30 * 86_400.0
"""Time taken to lie between two articles of which one is undated: neither near nor far."""
OWN_NAMES, SHARED_NAMES = 2, 2
"""The names of two leads are at odds where each has that many or more which the other text lacks, and that many at most
are in both: a country and a place are soon shared, people, firms and ships are not. One and three measured worse."""
_DAY = 86_400.0
_WEIGHTS = np.array(COEFFICIENTS)
_WORD_VIEWS = [VIEWS.index(view) for view in ("lead", "body", "entities")]
_TITLE_TO_LEAD = np.uint64(VIEWS.index("lead") - VIEWS.index("title")) << TERM_BITS


@dataclass(frozen=True, slots=True)
class StoryViews:
    """The vectors of several articles, put together for comparing."""

    terms: Rows
    leads: Rows
    """The terms of the leads alone."""
    lead_terms: Rows
    """The same without weights."""
    titles: Rows
    """Terms of the titles, as they would stand in a lead."""
    lead_totals: NDArray[np.float64]
    """Sum of the weights of each lead."""
    names: Rows
    """The names in the leads."""
    told: Rows
    """The words of the articles, names among them."""

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Self:
        """Of articles by their packed features, in this order."""
        features = FeatureRows.unpack(packed)
        leads, titles = features.view("lead"), features.view("title")
        totals = np.bincount(leads.terms.owners, leads.weights, len(packed))
        return cls(
            terms=Rows.of(features.terms, features.weights),
            leads=Rows.of(leads.terms, leads.weights),
            lead_terms=Rows.of(leads.terms),
            titles=Rows.of(replace(titles.terms, values=titles.terms.values + _TITLE_TO_LEAD), titles.weights),
            lead_totals=np.where(totals == 0, 1.0, totals),
            names=Rows.of(_names(leads.terms, features.view("entities").terms)),
            told=Rows.of(_words(features.terms)),
        )

    def inputs(self, first: Places, second: Places, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the model looks at, shape ``(pairs, len(INPUTS))``.

        ``seconds`` lie between the articles of each pair; NaN where that is not known.
        """
        apart = np.where(np.isnan(seconds), UNKNOWN_SECONDS, np.maximum(seconds, NEAR_SECONDS))
        return np.column_stack(
            [
                self.terms.products_by_view(first, self.terms, second, len(VIEWS)),
                np.maximum(self._lead_held(first, second), self._lead_held(second, first)),
                np.maximum(
                    self.titles.products(first, self.leads, second), self.titles.products(second, self.leads, first)
                ),
                np.log1p(apart / _DAY),
                self._names_agree(first, second),
            ]
        )

    def _names_agree(self, first: Places, second: Places) -> NDArray[np.bool_]:
        """Whether both leads have names, and such that are not at odds (see ``OWN_NAMES``)."""
        one, other = self.names.counts(first, self.told, second), self.names.counts(second, self.told, first)
        ones, others = self.names.lengths[first], self.names.lengths[second]
        own, shared = np.minimum(ones - one, others - other), np.minimum(one, other)
        return np.asarray((np.minimum(ones, others) > 0) & ((own < OWN_NAMES) | (shared > SHARED_NAMES)))

    def _lead_held(self, of: Places, by: Places) -> NDArray[np.float64]:
        return self.leads.products(of, self.lead_terms, by) / self.lead_totals[of]

    def same_event(self, first: Places, second: Places, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Likelihood that two articles tell the same event, for each pair: 0 to 1. Symmetric."""
        told = self.inputs(first, second, seconds)
        return np.asarray(1 / (1 + np.exp(-(INTERCEPT + (told * _WEIGHTS).sum(axis=1)))))


def _names(leads: Ragged, entities: Ragged) -> Ragged:
    """The names that stand in the leads, sorted."""
    ours, theirs = (
        (terms.owners.astype(np.uint64) << TERM_BITS) | (terms.values & TERM) for terms in (leads, entities)
    )
    both = np.intersect1d(ours, theirs, assume_unique=True)
    rows = np.arange(len(leads.bounds), dtype=np.uint64)
    return Ragged(both & TERM, both.searchsorted(rows << TERM_BITS))


def _words(terms: Ragged) -> Ragged:
    """The words of leads, bodies and names, sorted and once each."""
    inside = np.isin(terms.values >> TERM_BITS, _WORD_VIEWS)
    return Ragged(terms.values & TERM, terms.bounds).where(inside).sorted_unique()
