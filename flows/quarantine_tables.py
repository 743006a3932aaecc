"""View of quarantined items for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from flows.console import Words, plain
from flows.story_tables import minute

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from schemas.records import Quarantined

_INDENT = 4
_DETAIL_LINES = 3


def item_block(item: Quarantined) -> Group:
    """Return the block of an item: time, step, reason, address, detail, and its record in the archive."""
    last = minute(item.last_seen) if item.last_seen else "at an unknown time"
    closed = f"  closed {minute(item.closed_at)}" if item.closed_at and not item.is_open else ""
    head = Text.assemble(f"{last}  ", (plain(f"{item.stage}: {item.reason}"), "bold"), (closed, "green"))
    first = [f"first seen {minute(item.first_seen)}"] if item.first_seen and item.first_seen != item.last_seen else []
    archived = [f"archive {item.archive_record}"] if item.archive_record else []
    tail = [plain("; ".join((*first, *archived)))] if first or archived else []
    return Group(
        head,
        Padding.indent(Text(plain(item.url), overflow="fold"), _INDENT),
        Padding.indent(Words(item.detail, _DETAIL_LINES), _INDENT),
        *(Padding.indent(Text(line, style="dim", overflow="fold"), _INDENT) for line in (*tail, f"entry {item.id}")),
    )


def quarantined_item(store: Store, item_id: str) -> Quarantined | None:
    """Return the item with an id, open or closed. It reads all items: use it for single commands only."""
    return next((item for item in store.iter_quarantine(closed=True) if item.id == item_id), None)
