"""Ids that alerts had before such ids were kept with them (``Alert.former_ids``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.alerts.decide import alert_id
from pipelines.lineage.history import moved
from schemas.records import Grouping

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store


def alert_known_as(given: str, store: Store) -> str | None:
    """Return the id of the alert that has taken the place of one of which no record is left; ``None`` where none has.

    The id of an alert is a hash of its rule and its story. So the stories that have ceased to be are tried with each
    rule that has alerts: it reads all alerts and changes, and only people ask.
    """
    rules = {alert.rule_id for alert in store.iter_alerts()}
    tried: set[str] = set()
    for change in store.iter_changes():
        if change.grouping is not Grouping.STORIES:
            continue
        for story in sorted({*change.before} - tried):
            tried.add(story)
            rule = next((rule for rule in rules if alert_id(rule, story) == given), None)
            if rule:
                gone = moved(story, store)
                there = [
                    alert.id for alert in store.alerts_of_stories(gone.now if gone else ()) if alert.rule_id == rule
                ]
                return min(there, default=None)
    return None
