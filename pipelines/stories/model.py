"""How likely two articles tell the same event: a logistic model over the cosines of their vectors.

``python -m benchmarks.stories FILE`` fits the coefficients on labelled events and prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.dedup.rows import Rows
from pipelines.stories.features import VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.dedup.rows import Places
    from pipelines.stories.features import StoryFeatures

INPUTS = (*VIEWS, "lead held", "title in lead", "log days")
"""What the model looks at: the cosine of each view; of the lead that has less, the share which the other has too;
the cosine of one title and the other lead, whichever way is nearer; the logarithm of the days between."""
COEFFICIENTS = (6.61, 2.50, 2.76, 1.26, 1.75, 0.95, 5.59, 6.49, -0.72)
"""As fitted, pairs of different events which resemble each other counted twice: in the labelled events most strange
pairs have nothing in common, in the defence press they share countries and weapons."""
INTERCEPT = -4.16
THRESHOLD = 0.2
"""Average likelihood at which a single article joins a story."""
GROWN_THRESHOLD = 0.6
"""Average likelihood which two stories need the more, the larger the smaller one is: see ``average_link``."""
NEAR_SECONDS = 7 * 86_400.0
"""Articles nearer than that are taken to be so far apart: in a stream everything is near, so nearness says nothing."""
UNKNOWN_SECONDS = 30 * 86_400.0
"""Time taken to lie between two articles of which one is undated: neither near nor far."""
_DAY = 86_400.0
_WEIGHTS = np.array(COEFFICIENTS)
_TITLE_TO_LEAD = np.uint64(VIEWS.index("lead") - VIEWS.index("title")) << np.uint64(32)


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

    @classmethod
    def of(cls, features: Sequence[StoryFeatures]) -> Self:
        """Put together, in this order."""
        weights = [one.weights.astype(np.float64) for one in features]
        leads = [one.span("lead") for one in features]
        titles = [one.span("title") for one in features]
        lead_terms = [one.terms[span] for one, span in zip(features, leads, strict=True)]
        lead_weights = [one[span] for one, span in zip(weights, leads, strict=True)]
        return cls(
            terms=Rows.of([one.terms for one in features], weights),
            leads=Rows.of(lead_terms, lead_weights),
            lead_terms=Rows.of(lead_terms),
            titles=Rows.of(
                [one.terms[span] + _TITLE_TO_LEAD for one, span in zip(features, titles, strict=True)],
                [one[span] for one, span in zip(weights, titles, strict=True)],
            ),
            lead_totals=np.array([one.sum() or 1.0 for one in lead_weights]),
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
            ]
        )

    def _lead_held(self, of: Places, by: Places) -> NDArray[np.float64]:
        return self.leads.products(of, self.lead_terms, by) / self.lead_totals[of]

    def same_event(self, first: Places, second: Places, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Likelihood that two articles tell the same event, for each pair: 0 to 1. Symmetric."""
        told = self.inputs(first, second, seconds)
        return np.asarray(1 / (1 + np.exp(-(INTERCEPT + (told * _WEIGHTS).sum(axis=1)))))
