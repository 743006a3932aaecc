"""The metric of scrapinghub/article-extraction-benchmark: precision and recall over 4-token shingles.

Source: ``evaluate.py`` there (MIT). Each page's counts are divided by their sum, so that long pages weigh no
more than short ones; precision and recall are means over pages; F1 is the harmonic mean of the two means.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN = re.compile(r"\w+")
_SHINGLE = 4


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shared, surplus and missing shingles of one page, as shares that sum to 1 (all 0 for two empty texts)."""

    true_positive: float
    false_positive: float
    false_negative: float

    @property
    def exact(self) -> bool:
        """Whether the extracted text has the gold's tokens, all of them and in order."""
        return self.false_positive == 0 and self.false_negative == 0


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over pages, each between 0 and 1."""

    f1: float
    precision: float
    recall: float
    exact: float


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The 4-token shingles of a text with their counts; one shorter shingle for a text of fewer tokens."""
    tokens = _TOKEN.findall(text)
    windows = (tuple(tokens[start : start + _SHINGLE]) for start in range(max(1, len(tokens) - _SHINGLE + 1)))
    return Counter(window for window in windows if window)


def overlap(gold: str, extracted: str) -> Overlap:
    """Compare one extracted text with its gold."""
    expected, found = shingles(gold), shingles(extracted)
    shared = (expected & found).total()
    surplus, missing = found.total() - shared, expected.total() - shared
    total = (shared + surplus + missing) or 1
    return Overlap(shared / total, surplus / total, missing / total)


def scores(pages: Sequence[Overlap]) -> Scores:
    """Sum up the pages of one extractor."""
    precisions = [
        page.true_positive / (page.true_positive + page.false_positive)
        for page in pages
        if page.true_positive + page.false_positive > 0
    ]
    recalls = [
        page.true_positive / (page.true_positive + page.false_negative)
        for page in pages
        if page.true_positive + page.false_negative > 0
    ]
    precision, recall = mean(precisions or [0.0]), mean(recalls or [0.0])
    both = precision + recall
    return Scores(
        f1=2 * precision * recall / both if both else 0.0,
        precision=precision,
        recall=recall,
        exact=mean(page.exact for page in pages) if pages else 0.0,
    )
