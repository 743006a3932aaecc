"""Rules of merging that both stores keep to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.records import Article, ExtractionDay, ExtractionSample


MAX_SAMPLES = 64
"""Samples kept of a source and day. Shares are known to a few per cent; a source rarely has more articles a day."""


def check_merged(merged: Sequence[Article], ids: Collection[str]) -> Sequence[Article]:
    """The merged articles themselves, when each is one of those asked for, and none comes twice.

    Raises:
        ValueError: one is not: it was not read, so writing it could undo what another writer did.
    """
    found = [article.id for article in merged]
    strangers = set(found) - set(ids)
    if strangers or len(set(found)) != len(found):
        raise ValueError(f"merge returned articles twice or not asked for: {sorted(strangers) or found}")
    return merged


def with_samples(there: ExtractionDay | None, added: ExtractionDay) -> ExtractionDay:
    """A day with further samples; of one capture the one added counts. Those with the smallest keys stay."""
    known = {sample.key: sample for sample in there.samples} if there else {}
    known |= {sample.key: sample for sample in added.samples}
    return replace(added, samples=tuple(known[key] for key in sorted(known)[:MAX_SAMPLES]))


@dataclass(frozen=True, slots=True)
class ExtractionHealth:
    """How some captures of a source read."""

    captures: int
    empty: float
    """Share of captures without a text."""
    words: float
    """Median length of the texts there were."""
    title_echo: float
    """Share of the texts with the headline in them."""
    dropped: float
    """Share of the words which cleaning took out."""


def health_of(samples: Sequence[ExtractionSample]) -> ExtractionHealth:
    """What samples say together. There is at least one."""
    read = [sample for sample in samples if sample.words]
    total = sum(sample.words + sample.dropped_words for sample in read)
    return ExtractionHealth(
        captures=len(samples),
        empty=1 - len(read) / len(samples),
        words=median(sample.words for sample in read) if read else 0,
        title_echo=fmean(sample.title_echoes > 0 for sample in read) if read else 0,
        dropped=sum(sample.dropped_words for sample in read) / total if total else 0,
    )
