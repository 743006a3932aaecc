"""What was learned of sources, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stores.elastic.documents import DRIFT, LINES
from pipelines.stores.elastic.parts import ElasticPart
from pipelines.stores.merging import with_samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.records import ExtractionDay, LearnedLine


class SourceDocuments(ElasticPart):
    """The indices ``drift`` and ``lines``."""

    def add_extraction_days(self, days: Sequence[ExtractionDay]) -> None:
        added: dict[str, ExtractionDay] = {}
        for day in days:
            one = DRIFT.id_of(day)
            added[one] = with_samples(added.get(one), day)

        def merge(existing: Mapping[str, ExtractionDay]) -> Sequence[ExtractionDay]:
            return [with_samples(existing.get(one), day) for one, day in added.items()]

        self._documents(DRIFT).merge(added, merge)

    def extraction_days(self, since: str) -> list[ExtractionDay]:
        found = self._documents(DRIFT).search({"range": {"day": {"gte": since}}})
        return sorted(found, key=lambda day: (day.source, day.day))

    def learned_lines(self) -> list[LearnedLine]:
        found = self._documents(LINES).search({"match_all": {}})
        return sorted(found, key=lambda line: (line.source, line.line))

    def put_learned_lines(self, lines: Sequence[LearnedLine]) -> None:
        self._documents(LINES).put(lines)
