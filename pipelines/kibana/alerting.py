"""Rules for Kibana's own alerting, of the type ``.es-query``, which the basic licence includes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.serial import JsonObject, dump

if TYPE_CHECKING:
    from pipelines.kibana.description import Description

_MAX_HITS = 100


def alerting_rules(description: Description, prefix: str) -> dict[str, JsonObject]:
    """Return the body of each rule by id. The rules have no actions; connectors are chosen in Kibana."""
    return {
        f"{prefix}-rule-{name}": {
            "name": rule.name,
            "rule_type_id": ".es-query",
            "consumer": "stackAlerts",
            "enabled": rule.enabled,
            "schedule": {"interval": rule.every},
            "tags": ["wirepicket"],
            "actions": [],
            "params": {
                "searchType": "esQuery",
                "index": [f"{prefix}-{rule.data}"],
                "timeField": rule.time,
                "esQuery": dump({"query": {"match_all": {}}}).decode(),
                "size": _MAX_HITS,
                # Twice the interval, so that a late check misses no document; hits of the previous check are
                # excluded.
                "timeWindowSize": 2 * int(rule.every[:-1]),
                "timeWindowUnit": rule.every[-1],
                "excludeHitsFromPreviousRun": True,
                "threshold": [0],
                "thresholdComparator": ">",
                "aggType": "count",
                "groupBy": "all",
            },
        }
        for name, rule in description.alerting.items()
    }
