"""Resolution of alert ids from before former ids were stored with the alerts (``Alert.former_ids``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.alerts.decide import alert_id
from pipelines.lineage.history import successors_of
from schemas.records import Grouping

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store


def current_alert_of(former_id: str, store: Store) -> str | None:
    """Return the id of the alert that replaced one without a record; ``None`` if no alert did.

    The id of an alert is a hash of its rule and its story, so all former stories are tried with each rule that has
    alerts. This reads all alerts and changes; only a person's request needs it.
    """
    rules = {alert.rule_id for alert in store.iter_alerts()}
    tried: set[str] = set()
    for change in store.iter_changes():
        if change.grouping is not Grouping.STORIES:
            continue
        for story in sorted({*change.before} - tried):
            tried.add(story)
            rule = next((rule for rule in rules if alert_id(rule, story) == former_id), None)
            if rule:
                successors = successors_of(story, store)
                current = [
                    alert.id
                    for alert in store.alerts_of_stories(successors.now if successors else ())
                    if alert.rule_id == rule
                ]
                return min(current, default=None)
    return None
