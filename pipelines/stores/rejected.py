"""Records which a store cannot take. They are not lost: the store quarantines them under stage ``store``."""

from __future__ import annotations

from schemas.records import Article, ArticleContent, Quarantined

STAGE = "store"
REJECTED = "rejected"
_DETAIL_CHARACTERS = 1_000


def rejection(record: object, key: str, detail: str) -> Quarantined:
    """The quarantined item which stands for a record that was refused.

    ``key`` names records which have no address of their own.
    """
    content = record.content if isinstance(record, Article) else record
    archived = record.observations[-1].archive_record if isinstance(record, Article) else None
    url = content.url if isinstance(content, ArticleContent) else f"store:{type(record).__name__}/{key}"
    return Quarantined(
        url=storable(url),
        stage=STAGE,
        reason=REJECTED,
        detail=storable(detail[:_DETAIL_CHARACTERS]),
        archive_record=storable(archived) if archived else None,
    )


def storable(text: str) -> str:
    """The text with anything that UTF-8 cannot express (halves of surrogate pairs) written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def storable_item(item: Quarantined) -> Quarantined:
    """The item with every text storable: what describes a bad input may itself be bad."""
    return Quarantined(
        url=storable(item.url),
        stage=storable(item.stage),
        reason=storable(item.reason),
        detail=storable(item.detail),
        archive_record=None if item.archive_record is None else storable(item.archive_record),
    )


def earliest(old: Quarantined | None, new: Quarantined) -> Quarantined:
    """Which of two items with the same key is kept, whatever order they come in: the one archived first, if any."""
    if old is None:
        return new
    return min(old, new, key=lambda item: (item.archive_record is None, item.archive_record or "", item.detail))
