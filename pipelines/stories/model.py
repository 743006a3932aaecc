"""How likely two articles tell the same event: a logistic model over the cosines of their vectors.

``python -m benchmarks.stories FILE`` fits the coefficients on labelled events and prints them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pipelines.stories.features import VIEWS, StoryFeatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUTS = (*VIEWS, "log days")
"""What the model looks at: the cosine of each view, and the logarithm of the days between the articles."""
COEFFICIENTS = (9.22, 2.81, 7.39, 1.92, 1.79, 0.0, -0.64)
"""As fitted, pairs of different events which resemble each other counted four times: in the labelled events most
strange pairs have nothing in common, in the defence press they share countries and weapons. Numbers tell nothing
beside the rest, and are left out of the fit."""
INTERCEPT = -4.46
THRESHOLD = 0.3
"""Average likelihood within a story."""
UNKNOWN_SECONDS = 30 * 86_400.0
"""Time taken to lie between two articles of which one is undated: neither near nor far."""
_DAY = 86_400.0


def cosines(a: StoryFeatures, b: StoryFeatures) -> NDArray[np.float64]:
    """Cosine of each view, 0 to 1, shape ``(len(VIEWS),)``; 0 where one of them is empty."""
    if not len(a.terms) or not len(b.terms):
        return np.zeros(len(VIEWS))
    at = np.minimum(np.searchsorted(b.terms, a.terms), len(b.terms) - 1)
    shared = b.terms[at] == a.terms
    products = a.weights[shared].astype(np.float64) * b.weights[at[shared]]
    views = (a.terms[shared] >> np.uint64(32)).astype(np.intp)
    return np.bincount(views, products, len(VIEWS)).astype(np.float64)


def inputs(a: StoryFeatures, b: StoryFeatures, seconds: float | None) -> NDArray[np.float64]:
    """What the model looks at, shape ``(len(INPUTS),)``; ``seconds`` lie between the articles, if that is known."""
    apart = UNKNOWN_SECONDS if seconds is None else seconds
    return np.append(cosines(a, b), math.log1p(apart / _DAY))


def same_event(a: StoryFeatures, b: StoryFeatures, seconds: float | None) -> float:
    """Likelihood that two articles tell the same event, 0 to 1. Symmetric."""
    return 1 / (1 + math.exp(-(INTERCEPT + float(inputs(a, b, seconds) @ np.array(COEFFICIENTS)))))
