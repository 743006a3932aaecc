"""Damage in the archive, for the quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.records import Quarantined

if TYPE_CHECKING:
    from pipelines.archive.record import Damage


def as_quarantined(file: str, damage: Damage) -> Quarantined:
    """Return the quarantine record for damage in a file of the archive."""
    return Quarantined(
        url=f"{file}@{damage.place}",
        stage="archive",
        reason=damage.reason,
        detail=f"{file}: {damage}",
        archive_record=f"{file}@{damage.place.offset}",
    )
