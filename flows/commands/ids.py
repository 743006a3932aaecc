"""Ids as people give them: whole, or the beginning of one, or an id that an alert had once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flows.quarantine_tables import quarantined_item
from pipelines.alerts.former import current_alert_of
from pipelines.errors import ConfigurationError
from pipelines.lineage.history import successors_of
from pipelines.stores.protocol import IdKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import Alert

SHORTEST = 6
"""Characters of an id that are enough, where no other begins so."""
CANDIDATES = 8
"""Ids named where several begin as what was given."""
_WORDS = {IdKind.QUARANTINE: "quarantine entry"}


def find_id(store: Store, given: str, *kinds: IdKind) -> str:
    """Return the id that a text means, of a record of any of these kinds.

    Raises:
        ConfigurationError: there is none, it is too short, or several begin so; the message names them.
    """
    found = {
        name: (now, kind) for kind in kinds for name, now in store.ids_with_prefix(kind, given, CANDIDATES + 1).items()
    }
    if given in found:
        return _now(given, *found[given])
    what = _either([_WORDS.get(kind, str(kind)) for kind in kinds])
    if found and len(given) < SHORTEST:
        raise ConfigurationError(f"'{given}' is too short for an id; give at least {SHORTEST} characters of it")
    if len({now for now, _ in found.values()}) > 1:
        told = [f"  {name}  {kind}  {_title(store, now, kind)}".rstrip() for name, (now, kind) in found.items()]
        more = ["  …"] if len(told) > CANDIDATES else []
        raise ConfigurationError("\n".join([f"'{given}' begins several ids:", *told[:CANDIDATES], *more]))
    for name, (now, kind) in found.items():
        return _now(name, now, kind)
    known = current_alert_of(given, store) if IdKind.ALERT in kinds else None
    if known:
        return _now(given, known, IdKind.ALERT)
    raise ConfigurationError(f"{given}: no {what} has this id in {store.url}")


def find_alerts(store: Store, given: Iterable[str]) -> list[Alert]:
    """Return the alerts that ids mean, each once.

    Raises:
        ConfigurationError: as ``find_id``.
    """
    ids = [find_id(store, one, IdKind.ALERT) for one in given]
    found = store.alerts(ids)
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def find_stories(store: Store, given: str) -> tuple[str, ...]:
    """Return the story that an id means, or those that came of it where it has gone on under others.

    Raises:
        ConfigurationError: as ``find_id``.
    """
    try:
        return (find_id(store, given, IdKind.STORY),)
    except ConfigurationError:
        # A story has the id of an article, which outlives it.
        articles = store.ids_with_prefix(IdKind.ARTICLE, given, 2)
        gone = successors_of(next(iter(articles)) if len(articles) == 1 else given, store)
        if gone is None:
            raise
        print(f"wirepicket: story {given} goes on as {', '.join(gone.now)}", file=sys.stderr)
        return gone.now


def only_match(given: str, names: Iterable[str]) -> str | None:
    """Return the one name that is given or begins so; ``None`` where there is none.

    Raises:
        ConfigurationError: several begin so.
    """
    known = sorted(names)
    if given in known:
        return given
    matching = [name for name in known if name.startswith(given)] if len(given) >= SHORTEST else []
    if len(matching) > 1:
        raise ConfigurationError(f"'{given}' begins several names: {', '.join(matching)}")
    return matching[0] if matching else None


def _now(name: str, now: str, kind: IdKind) -> str:
    if name != now:
        print(f"wirepicket: {kind} {name} goes on as {now}", file=sys.stderr)
    return now


def _title(store: Store, record_id: str, kind: IdKind) -> str:
    match kind:
        case IdKind.ARTICLE:
            article = store.articles([record_id]).get(record_id)
            return (article and article.content.title) or ""
        case IdKind.STORY:
            story = store.stories([record_id]).get(record_id)
            return (story and story.title) or ""
        case IdKind.ALERT:
            alert = store.alerts([record_id]).get(record_id)
            return f"{alert.rule_id}: {_title(store, alert.story_id, IdKind.STORY)}" if alert else ""
        case IdKind.QUARANTINE:
            item = quarantined_item(store, record_id)
            return item.url if item else ""


def _either(names: Sequence[str]) -> str:
    """Alternatives in words: ``a``, ``a or b``, ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
