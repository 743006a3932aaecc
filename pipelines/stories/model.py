"""How likely two articles tell the same event: a logistic model over the cosines of their vectors.

``python -m benchmarks.stories FILE`` fits the coefficients on labelled events and prints them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from pipelines.stories.features import VIEWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
_LEAD = VIEWS.index("lead")


@dataclass(frozen=True, slots=True)
class StoryView:
    """The vectors of an article made ready for comparing."""

    terms: NDArray[np.uint64]
    weights: NDArray[np.float64]
    title: NDArray[np.uint64]
    """Terms of the title, as they would stand in a lead."""
    title_weights: NDArray[np.float64]
    lead_total: float
    """Sum of the weights of the lead."""

    @classmethod
    def of(cls, features: StoryFeatures) -> Self:
        """View of an article's features."""
        weights = features.weights.astype(np.float64)
        title, lead = features.span("title"), features.span("lead")
        return cls(
            terms=features.terms,
            weights=weights,
            title=features.terms[title] + (np.uint64(_LEAD - VIEWS.index("title")) << np.uint64(32)),
            title_weights=weights[title],
            lead_total=float(weights[lead].sum()) or 1.0,
        )


def inputs(a: StoryView, b: StoryView, seconds: float | None) -> NDArray[np.float64]:
    """What the model looks at, shape ``(len(INPUTS),)``; ``seconds`` lie between the articles, if that is known."""
    apart = UNKNOWN_SECONDS if seconds is None else seconds
    told = np.zeros(len(INPUTS))
    told[-1] = math.log1p(max(apart, NEAR_SECONDS) / _DAY)
    if not len(a.terms) or not len(b.terms):
        return told
    shared, at = _shared(a.terms, b)
    ours, theirs = a.weights[shared], b.weights[at]
    views = (a.terms[shared] >> np.uint64(32)).astype(np.intp)
    told[: len(VIEWS)] = np.bincount(views, ours * theirs, len(VIEWS))
    lead = views == _LEAD
    told[-3] = max(float(ours[lead].sum()) / a.lead_total, float(theirs[lead].sum()) / b.lead_total)
    told[-2] = max(_title_in_lead(a, b), _title_in_lead(b, a))
    return told


def _shared(terms: NDArray[np.uint64], other: StoryView) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which of the terms another article has too, and where."""
    at = np.minimum(np.searchsorted(other.terms, terms), len(other.terms) - 1)
    shared = other.terms[at] == terms
    return shared, at[shared]


def _title_in_lead(a: StoryView, b: StoryView) -> float:
    shared, at = _shared(a.title, b)
    return float(a.title_weights[shared] @ b.weights[at])


def same_event(a: StoryView, b: StoryView, seconds: float | None) -> float:
    """Likelihood that two articles tell the same event, 0 to 1. Symmetric."""
    return 1 / (1 + math.exp(-(INTERCEPT + float(inputs(a, b, seconds) @ _WEIGHTS))))
