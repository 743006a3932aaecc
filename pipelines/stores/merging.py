"""What both stores ask of the ``merge`` which ``update_articles`` is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.records import Article


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
