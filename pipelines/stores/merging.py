"""Rules of merging that both stores share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.records import Article, ExtractionDay, ExtractionSample


MAX_SAMPLES = 64
"""Samples kept for each source and day: enough for shares exact to a few per cent. A source rarely publishes more
articles a day."""


def check_merged(merged: Sequence[Article], ids: Collection[str]) -> Sequence[Article]:
    """Return the merged articles after a check: each was requested, and each occurs once.

    Raises:
        ValueError: an article was not requested, so it was not read, and writing it could undo another writer's
            change; or an article occurs twice.
    """
    merged_ids = [article.id for article in merged]
    strangers = set(merged_ids) - set(ids)
    if strangers or len(set(merged_ids)) != len(merged_ids):
        raise ValueError(f"merge returned articles twice or not requested: {sorted(strangers) or merged_ids}")
    return merged


def with_samples(stored: ExtractionDay | None, added: ExtractionDay) -> ExtractionDay:
    """Return a day with further samples. An added sample replaces that of the same capture; the smallest keys stay."""
    known = {sample.key: sample for sample in stored.samples} if stored else {}
    known |= {sample.key: sample for sample in added.samples}
    return replace(added, samples=tuple(known[key] for key in sorted(known)[:MAX_SAMPLES]))


@dataclass(frozen=True, slots=True)
class ExtractionHealth:
    """Quality of the extraction from some captures of a source."""

    captures: int
    empty: float
    """Share of captures without a text."""
    words: float
    """Median number of words of the texts that are not empty."""
    title_echo: float
    """Share of the texts that contain the headline."""
    dropped: float
    """Share of the words that cleaning dropped."""


def health_of(samples: Sequence[ExtractionSample]) -> ExtractionHealth:
    """Return the health of at least one sample."""
    read = [sample for sample in samples if sample.words]
    total = sum(sample.words + sample.dropped_words for sample in read)
    return ExtractionHealth(
        captures=len(samples),
        empty=1 - len(read) / len(samples),
        words=median(sample.words for sample in read) if read else 0,
        title_echo=fmean(sample.title_echoes > 0 for sample in read) if read else 0,
        dropped=sum(sample.dropped_words for sample in read) / total if total else 0,
    )
