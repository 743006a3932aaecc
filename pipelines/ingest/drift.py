"""How the pages of each source read from day to day, and whether that has changed. Pure.

A publisher who changes the layout of a site tells nobody. What shows it is that texts come out empty, much shorter or
longer than they were, with the headline in them, or with more lines to be dropped.
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
"""Days with which a day is compared."""
MIN_SAMPLES = 5
"""Captures of a day from which it says something."""
MIN_BEFORE = 15
"""Captures of the days before from which they do: three days of a small source."""
_EMPTY, _ECHO, _DROPPED = 0.3, 0.5, 0.25
"""Growth of a share, in parts of one, that is no chance: with five samples a quarter is one article."""
_LENGTH = 2.5
"""Factor between the median lengths of two days. Stories of one outlet vary by less from day to day."""


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """A day from which the pages of a source read otherwise."""

    source: str
    day: str
    what: str
    """What has changed, for people."""


def extraction_days(
    captures: Sequence[tuple[CaptureRef, Capture]], results: Sequence[Refined | InputError]
) -> list[ExtractionDay]:
    """The samples that a batch gives, by source and day of capture."""
    gathered: defaultdict[tuple[str, str], list[ExtractionSample]] = defaultdict(list)
    for (ref, capture), result in zip(captures, results, strict=True):
        if isinstance(result, InputError):
            source, sample = source_of(capture), _sample(ref, 0, 0, 0)
        else:
            content, failed = result.content, result.failure is not None
            dropped = sum(len(one.line.split()) for one in content.dropped)
            echoes = sum(one.reason == "title_echo" for one in content.dropped)
            source = content.source
            sample = _sample(ref, 0 if failed else content.word_count, 0 if failed else dropped, echoes)
        if source:
            gathered[source, capture.fetched_at.strftime("%Y-%m-%d")].append(sample)
    return [ExtractionDay(source=source, day=day, samples=tuple(found)) for (source, day), found in gathered.items()]


def _sample(ref: CaptureRef, words: int, dropped: int, echoes: int) -> ExtractionSample:
    key = sha256(str(ref).encode()).hexdigest()[:16]
    return ExtractionSample(key=key, words=words, dropped_words=dropped, title_echoes=echoes)


def layout_changes(days: Iterable[ExtractionDay]) -> list[LayoutChange]:
    """The latest change of each source. ``days`` are those of the last weeks, sorted by source and day."""
    by_source: defaultdict[str, list[ExtractionDay]] = defaultdict(list)
    for day in days:
        by_source[day.source].append(day)
    found = (_latest_change(source, of_source) for source, of_source in by_source.items())
    return [change for change in found if change]


def _latest_change(source: str, days: Sequence[ExtractionDay]) -> LayoutChange | None:
    for number in range(len(days) - 1, 0, -1):
        before = [sample for day in days[max(0, number - DAYS_BEFORE) : number] for sample in day.samples]
        now = days[number].samples
        if len(now) >= MIN_SAMPLES and len(before) >= MIN_BEFORE:
            what = _difference(health_of(before), health_of(now))
            if what:
                return LayoutChange(source, days[number].day, what)
    return None


def _difference(before: ExtractionHealth, now: ExtractionHealth) -> str:
    told = []
    if abs(now.empty - before.empty) >= _EMPTY:
        told.append(f"without a text {before.empty:.0%}, now {now.empty:.0%}")
    if before.words and now.words and not 1 / _LENGTH < now.words / before.words < _LENGTH:
        told.append(f"median length {before.words:.0f} words, now {now.words:.0f}")
    if abs(now.title_echo - before.title_echo) >= _ECHO:
        told.append(f"headline in the text {before.title_echo:.0%}, now {now.title_echo:.0%}")
    if abs(now.dropped - before.dropped) >= _DROPPED:
        told.append(f"words dropped {before.dropped:.0%}, now {now.dropped:.0%}")
    return "; ".join(told)
