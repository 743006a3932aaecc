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

INPUTS = (*VIEWS, "lead held", "title in lead", "number shared", "log days")
"""What the model looks at: the cosine of each view; of the lead that has less, the share which the other has too;
the cosine of one title and the other lead, whichever way is nearer; whether any number stands in both; the logarithm of
the days between. Where a text has no names (its script may have no capitals) all words stand for them: the body's
cosine takes the place of the entities'."""
COEFFICIENTS = (5.00, 1.23, 1.71, 0.69, 3.80, 0.23, 3.67, 6.83, 0.89, -0.52)
"""As fitted, with look-alikes among the pairs: see ``benchmarks.stories``."""
INTERCEPT = -4.87
THRESHOLD = 0.12
"""Average likelihood at which a single article joins a story."""
GROWN_THRESHOLD = 0.65
"""Average likelihood which two stories need the more, the larger the smaller one is: see ``average_link``."""
NEAR_SECONDS = 86_400.0
"""Articles nearer than that are taken to be so far apart: outlets of one day write of many events."""
UNKNOWN_SECONDS = 30 * 86_400.0
"""Time taken to lie between two articles of which one is undated: neither near nor far."""
_DAY = 86_400.0
_WEIGHTS = np.array(COEFFICIENTS)
_TERM = np.uint64(2**32 - 1)
_BODY, _ENTITIES, _NUMBERS = (VIEWS.index(view) for view in ("body", "entities", "numbers"))
_ASKED = 2
"""What is asked of a pair both ways: how much of the lead is held, and of the title in the lead."""


@dataclass(frozen=True, slots=True)
class StoryViews:
    """The vectors of several articles, put together for comparing."""

    terms: Rows
    asking: Rows
    """The lead, its weights as shares of their sum, and the title."""
    answering: Rows
    """What these are looked for in: the lead without weights, and with them."""
    named: NDArray[np.bool_]
    """Whether there are any names."""

    @classmethod
    def of(cls, features: Sequence[StoryFeatures]) -> Self:
        """Put together, in this order."""
        weights = [one.weights.astype(np.float64) for one in features]
        asking, answering = [], []
        for one, weighed in zip(features, weights, strict=True):
            title, lead = one.span("title"), one.span("lead")
            leads = one.terms[lead] & _TERM
            asking.append(_joined((leads, _shares(weighed[lead])), (one.terms[title] & _TERM, weighed[title])))
            answering.append(_joined((leads, np.ones(len(leads))), (leads, weighed[lead])))
        return cls(
            terms=Rows.of([one.terms for one in features], weights),
            asking=Rows.of([terms for terms, _ in asking], [told for _, told in asking]),
            answering=Rows.of([terms for terms, _ in answering], [told for _, told in answering]),
            named=np.array([span.start < span.stop for span in (one.span("entities") for one in features)], np.bool_),
        )

    def inputs(self, first: Places, second: Places, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the model looks at, shape ``(pairs, len(INPUTS))``.

        ``seconds`` lie between the articles of each pair; NaN where that is not known.
        """
        apart = np.where(np.isnan(seconds), UNKNOWN_SECONDS, np.maximum(seconds, NEAR_SECONDS))
        cosines = self.terms.products_by_view(first, self.terms, second, len(VIEWS))
        one_way = self.asking.products_by_view(first, self.answering, second, _ASKED)
        other_way = self.asking.products_by_view(second, self.answering, first, _ASKED)
        lead_held, title_in_lead = np.maximum(one_way, other_way).T
        nameless = ~(self.named[first] & self.named[second])
        cosines[nameless, _ENTITIES] = cosines[nameless, _BODY]
        return np.column_stack([cosines, lead_held, title_in_lead, cosines[:, _NUMBERS] > 0, np.log1p(apart / _DAY)])

    def same_event(self, first: Places, second: Places, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Likelihood that two articles tell the same event, for each pair: 0 to 1. Symmetric."""
        told = self.inputs(first, second, seconds)
        return np.asarray(1 / (1 + np.exp(-(INTERCEPT + (told * _WEIGHTS).sum(axis=1)))))


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights as shares of their sum."""
    return weights / weights.sum() if len(weights) else weights


def _joined(
    *parts: tuple[NDArray[np.uint64], NDArray[np.float64]],
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Terms and weights of several views in one, the view's number in the upper 32 bits."""
    terms = [terms | np.uint64(number << 32) for number, (terms, _) in enumerate(parts)]
    return np.concatenate(terms), np.concatenate([weights for _, weights in parts])
