"""Detection of layout changes, from the daily extraction health of each source. Pure.

Publishers do not announce layout changes of their sites. Their signs are texts that are empty, much shorter or longer
than before, or contain the headline, and more lines that are dropped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pipelines.errors import InputError
from pipelines.identify.article import source_of
from pipelines.stores.merging import ExtractionHealth, health_of
from schemas.records import ExtractionDay, ExtractionSample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.ingest.refine import Refined
    from schemas.records import Capture, CaptureRef

DAYS_BEFORE = 14
"""Number of earlier days with which a day is compared."""
MIN_SAMPLES = 5
"""Captures of a day from which on it is significant."""
MIN_BEFORE = 15
"""Captures of the earlier days from which on they are significant: three days of a small source."""
_EMPTY, _ECHO, _DROPPED = 0.3, 0.5, 0.25
"""Changes of a share (0 to 1) that are not chance: of five samples, one article is a fifth."""
_LENGTH = 2.5
"""Factor between median lengths that shows a change: the stories of an outlet vary by less from day to day."""


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """A day on which the extraction from a source's pages changed."""

    source: str
    day: str
    description: str
    """Description of the changes, for users."""


def extraction_days(
    captures: Sequence[tuple[CaptureRef, Capture]], results: Sequence[Refined | InputError]
) -> list[ExtractionDay]:
    """Return the samples of a batch, by source and day of capture."""
    gathered: defaultdict[tuple[str, str], list[ExtractionSample]] = defaultdict(list)
    for (ref, capture), result in zip(captures, results, strict=True):
        if isinstance(result, InputError):
            source, sample = source_of(capture), _sample(ref, 0, 0, 0)
        else:
            content, failed = result.content, result.failure is not None
            dropped = sum(len(line.line.split()) for line in content.dropped)
            echoes = sum(line.reason == "title_echo" for line in content.dropped)
            source = content.source
            sample = _sample(ref, 0 if failed else content.word_count, 0 if failed else dropped, echoes)
        if source:
            gathered[source, capture.fetched_at.strftime("%Y-%m-%d")].append(sample)
    return [
        ExtractionDay(source=source, day=day, samples=tuple(samples)) for (source, day), samples in gathered.items()
    ]


def _sample(ref: CaptureRef, words: int, dropped: int, echoes: int) -> ExtractionSample:
    key = sha256(str(ref).encode()).hexdigest()[:16]
    return ExtractionSample(key=key, words=words, dropped_words=dropped, title_echoes=echoes)


def layout_changes(days: Iterable[ExtractionDay]) -> list[LayoutChange]:
    """Return the latest change of each source. ``days`` are the days of the last weeks, by source and day."""
    by_source: defaultdict[str, list[ExtractionDay]] = defaultdict(list)
    for day in days:
        by_source[day.source].append(day)
    changes = (_latest_change(source, of_source) for source, of_source in by_source.items())
    return [change for change in changes if change]


def _latest_change(source: str, days: Sequence[ExtractionDay]) -> LayoutChange | None:
    for number in range(len(days) - 1, 0, -1):
        before = [sample for day in days[max(0, number - DAYS_BEFORE) : number] for sample in day.samples]
        now = days[number].samples
        if len(now) >= MIN_SAMPLES and len(before) >= MIN_BEFORE:
            description = _difference(health_of(before), health_of(now))
            if description:
                return LayoutChange(source, days[number].day, description)
    return None


def _difference(before: ExtractionHealth, now: ExtractionHealth) -> str:
    changes = []
    if abs(now.empty - before.empty) >= _EMPTY:
        changes.append(f"without a text {before.empty:.0%}, now {now.empty:.0%}")
    if before.words and now.words and not 1 / _LENGTH < now.words / before.words < _LENGTH:
        changes.append(f"median length {before.words:.0f} words, now {now.words:.0f}")
    if abs(now.title_echo - before.title_echo) >= _ECHO:
        changes.append(f"headline in the text {before.title_echo:.0%}, now {now.title_echo:.0%}")
    if abs(now.dropped - before.dropped) >= _DROPPED:
        changes.append(f"words dropped {before.dropped:.0%}, now {now.dropped:.0%}")
    return "; ".join(changes)
