"""Conversion of archive damage to quarantine records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.records import Quarantined

if TYPE_CHECKING:
    from pipelines.archive.record import Damage


def as_quarantined(file: str, damage: Damage) -> Quarantined:
    """Return the quarantine record for damage in a file of the archive."""
    return Quarantined(
        url=f"{file}@{damage.position}",
        stage="archive",
        reason=damage.reason,
        detail=f"{file}: {damage}",
        archive_record=f"{file}@{damage.position.offset}",
    )
