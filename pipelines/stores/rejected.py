"""Records that a store cannot hold. The store quarantines them under the stage ``store``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from schemas.records import Article, ArticleContent, Quarantined

if TYPE_CHECKING:
    from collections.abc import Callable

STAGE = "store"
REJECTED = "rejected"
_DETAIL_CHARACTERS = 1_000
_NEVER = datetime.min.replace(tzinfo=UTC)


def rejection(record: object, key: str, detail: str) -> Quarantined:
    """Return the quarantined item for a record that was refused.

    ``key`` identifies records without an address.
    """
    content = record.content if isinstance(record, Article) else record
    latest = record.observations[-1] if isinstance(record, Article) else None
    archived = latest.archive_record if latest else None
    url = content.url if isinstance(content, ArticleContent) else f"store:{type(record).__name__}/{key}"
    return Quarantined(
        url=storable(url),
        stage=STAGE,
        reason=REJECTED,
        detail=storable(detail[:_DETAIL_CHARACTERS]),
        archive_record=storable(archived) if archived else None,
        captured_at=latest.fetched_at if latest else None,
    )


def storable(text: str) -> str:
    """Return the text with halves of surrogate pairs, which UTF-8 cannot express, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def storable_item(item: Quarantined, now: datetime) -> Quarantined:
    """Return the item with every text storable: the description of a bad input may itself be bad.

    An item without ``last_seen`` is dated ``now``.
    """
    last = item.last_seen or now
    return replace(
        item,
        url=storable(item.url),
        stage=storable(item.stage),
        reason=storable(item.reason),
        detail=storable(item.detail),
        archive_record=None if item.archive_record is None else storable(item.archive_record),
        first_seen=item.first_seen or last,
        last_seen=last,
    )


def merged(old: Quarantined | None, new: Quarantined) -> Quarantined:
    """Merge two items with the same key; their order does not matter.

    The merged item describes the latest capture, and its times span both items.
    """
    if old is None:
        return new
    return replace(
        max(old, new, key=_recency),
        first_seen=_choose_time(min, old.first_seen, new.first_seen),
        last_seen=_choose_time(max, old.last_seen, new.last_seen),
        closed_at=_choose_time(max, old.closed_at, new.closed_at),
        mended_at=_choose_time(max, old.mended_at, new.mended_at),
    )


def _recency(item: Quarantined) -> tuple[bool, datetime, str, str]:
    at = item.captured_at or (None if item.archive_record else item.last_seen)
    # A refused revision does not name its capture; the article, refused with it, does.
    has_capture = item.stage != STAGE or item.archive_record is not None
    return (has_capture, at or _NEVER, item.archive_record or "", item.detail)


def _choose_time(choose: Callable[[datetime, datetime], datetime], *times: datetime | None) -> datetime | None:
    """Return the chosen time of the known ones, or ``None`` if none is known."""
    known = [time for time in times if time]
    return reduce(choose, known) if known else None
