"""Extraction health and learned lines of sources, in Elasticsearch."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

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
            document_id = DRIFT.id_of(day)
            added[document_id] = with_samples(added.get(document_id), day)

        def merge(existing: Mapping[str, ExtractionDay]) -> Sequence[ExtractionDay]:
            return [with_samples(existing.get(document_id), day) for document_id, day in added.items()]

        self._documents(DRIFT).merge(added, merge)

    def extraction_days(self, since: str) -> list[ExtractionDay]:
        days = self._documents(DRIFT).search({"range": {"day": {"gte": since}}})
        return sorted(days, key=lambda day: (day.source, day.day))

    def learned_lines(self) -> list[LearnedLine]:
        lines = self._documents(LINES).search({"match_all": {}})
        return sorted(lines, key=lambda line: (line.source, line.line))

    def put_learned_lines(self, lines: Sequence[LearnedLine]) -> None:
        self._documents(LINES).put(lines)
