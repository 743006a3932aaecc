"""The search that Lens makes for a panel, so that panels can be tested on data without a Kibana. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.kibana.description import Measure, Panel, Values
    from schemas.serial import JsonObject

_METRICS = {
    "sum": "sum",
    "max": "max",
    "min": "min",
    "average": "avg",
    "median": "percentiles",
    "unique_count": "cardinality",
}
_INTERVAL = "1d"
"""Interval of time buckets. Lens chooses it by the time range; a day is its choice for a week."""


def search_body(panel: Panel) -> JsonObject:
    """Return the body of a ``_search`` over the panel's documents; the outermost aggregation is named ``panel``."""
    metrics = {f"measure-{number}": _metric(measure) for number, measure in enumerate(panel.measures) if measure.field}
    inner: JsonObject = metrics
    if panel.over:
        inner = {"panel": _with({"date_histogram": {"field": panel.over, "calendar_interval": _INTERVAL}}, inner)}
    for values in (panel.split, panel.by):
        if values:
            inner = {"panel": _with(_terms(values, panel.measures[0]), inner, metrics)}
    filters = [{"term": {field: value}} for field, value in panel.where.items()]
    return {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": filters}}, "aggs": inner}


def _with(bucket: JsonObject, *inner: JsonObject) -> JsonObject:
    nested = {name: aggregation for part in inner for name, aggregation in part.items()}
    return bucket | ({"aggs": nested} if nested else {})


def _terms(values: Values, measure: Measure) -> JsonObject:
    order = {"_count": "desc"} if measure.field is None else {_order_key(measure): "desc"}
    return {"terms": {"field": values.field, "size": values.limit, "order": order}}


def _order_key(measure: Measure) -> str:
    return "measure-0.50" if measure.operation == "median" else "measure-0"


def _metric(measure: Measure) -> JsonObject:
    options = {"percents": [50]} if measure.operation == "median" else {}
    return {_METRICS[measure.operation]: {"field": measure.field, **options}}
