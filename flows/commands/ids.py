"""Look-up of ids given by people: whole, abbreviated, or former."""

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
"""Smallest number of characters of an abbreviated id."""
CANDIDATES = 8
"""Largest number of ids named in the message on an ambiguous id."""
_WORDS = {IdKind.QUARANTINE: "quarantine entry"}


def find_id(store: Store, given: str, *kinds: IdKind) -> str:
    """Return the id of the record of one of these kinds that a whole, abbreviated or former id means.

    Raises:
        ConfigurationError: there is no such record, or the id is too short or ambiguous; the message names candidates.
    """
    matches = {
        name: (now, kind) for kind in kinds for name, now in store.ids_with_prefix(kind, given, CANDIDATES + 1).items()
    }
    if given in matches:
        return _now(given, *matches[given])
    kind_names = _either([_WORDS.get(kind, str(kind)) for kind in kinds])
    if matches and len(given) < SHORTEST:
        raise ConfigurationError(f"'{given}' is too short for an id; give at least {SHORTEST} characters of it")
    if len({now for now, _ in matches.values()}) > 1:
        lines = [f"  {name}  {kind}  {_title(store, now, kind)}".rstrip() for name, (now, kind) in matches.items()]
        more = ["  …"] if len(lines) > CANDIDATES else []
        raise ConfigurationError(
            "\n".join([f"'{given}' is ambiguous; ids that begin with it:", *lines[:CANDIDATES], *more])
        )
    for name, (now, kind) in matches.items():
        return _now(name, now, kind)
    known = current_alert_of(given, store) if IdKind.ALERT in kinds else None
    if known:
        return _now(given, known, IdKind.ALERT)
    raise ConfigurationError(f"{given}: no {kind_names} has this id in {store.url}")


def find_alerts(store: Store, given: Iterable[str]) -> list[Alert]:
    """Return the alerts of whole, abbreviated or former ids, each once.

    Raises:
        ConfigurationError: as ``find_id``.
    """
    ids = [find_id(store, alert_id, IdKind.ALERT) for alert_id in given]
    alerts = store.alerts(ids)
    return [alerts[alert_id] for alert_id in dict.fromkeys(ids) if alert_id in alerts]


def find_stories(store: Store, given: str) -> tuple[str, ...]:
    """Return the id of the story that an id means, or the ids of the stories that it was merged or split into.

    Raises:
        ConfigurationError: as ``find_id``.
    """
    try:
        return (find_id(store, given, IdKind.STORY),)
    except ConfigurationError:
        # A story has the id of an article, and the article outlives the story.
        articles = store.ids_with_prefix(IdKind.ARTICLE, given, 2)
        gone = successors_of(next(iter(articles)) if len(articles) == 1 else given, store)
        if gone is None:
            raise
        print(f"wirepicket: story {given} continues as {', '.join(gone.now)}", file=sys.stderr)
        return gone.now


def only_match(given: str, names: Iterable[str]) -> str | None:
    """Return the name that is given whole or abbreviated; ``None`` if there is none.

    Raises:
        ConfigurationError: several names begin with it.
    """
    known = sorted(names)
    if given in known:
        return given
    matching = [name for name in known if name.startswith(given)] if len(given) >= SHORTEST else []
    if len(matching) > 1:
        raise ConfigurationError(f"'{given}' is ambiguous; names that begin with it: {', '.join(matching)}")
    return matching[0] if matching else None


def _now(name: str, now: str, kind: IdKind) -> str:
    if name != now:
        print(f"wirepicket: {kind} {name} continues as {now}", file=sys.stderr)
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
    """Join alternatives: ``a``, ``a or b``, ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
