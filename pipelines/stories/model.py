"""How likely two articles tell the same event: a logistic model over the cosines of their vectors.

``benchmarks/stories.py`` fits and measures the coefficients.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipelines.stories.features import VIEWS, StoryFeatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

COEFFICIENTS = (9.5, 5.0, 10.5, 3.5, 3.5, 0.0)
"""Weight of each view's cosine: the fit over labelled events, rounded by hand. Numbers told nothing more."""
INTERCEPT = -6.4
THRESHOLD = 0.35
"""Average likelihood within a story. Low, since few of all pairs tell the same event and the model knows it."""
WINDOW = timedelta(days=30)
"""Longest time between two reports of one event, where both say when they were published."""


def cosines(a: StoryFeatures, b: StoryFeatures) -> NDArray[np.float64]:
    """Cosine of each view, 0 to 1, shape ``(len(VIEWS),)``; 0 where one of them is empty."""
    out = np.zeros(len(VIEWS))
    for index, ((hashes_a, weights_a), (hashes_b, weights_b)) in enumerate(zip(a.views, b.views, strict=True)):
        _, at_a, at_b = np.intersect1d(hashes_a, hashes_b, assume_unique=True, return_indices=True)
        if len(at_a):
            out[index] = weights_a[at_a].astype(np.float64) @ weights_b[at_b].astype(np.float64)
    return out


def same_event(a: StoryFeatures, b: StoryFeatures) -> float:
    """Likelihood that two articles tell the same event, 0 to 1. Symmetric."""
    return 1 / (1 + math.exp(-(INTERCEPT + float(cosines(a, b) @ np.array(COEFFICIENTS)))))
