"""Requests of the Dashboards API of Kibana 9.5 (``PUT /api/dashboards/ID``) for the description. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.kibana.description import Chart
from pipelines.kibana.saved_objects import dashboard_id, view_id

if TYPE_CHECKING:
    from pipelines.kibana.description import Dashboard, Description, Measure, Panel, Values
    from schemas.serial import JsonObject


def dashboards(description: Description, prefix: str) -> dict[str, JsonObject]:
    """Return the request body of each dashboard by id. The data views must exist."""
    return {dashboard_id(prefix, name): _dashboard(board, prefix) for name, board in description.dashboards.items()}


def _dashboard(board: Dashboard, prefix: str) -> JsonObject:
    return {
        "title": board.title,
        "description": board.description,
        "time_range": {"from": board.since, "to": "now"},
        "panels": [_panel(panel, prefix) for panel in board.panels],
    }


def _panel(panel: Panel, prefix: str) -> JsonObject:
    left, top, width, height = panel.grid
    return {
        "type": "vis",
        "id": panel.id,
        "grid": {"x": left, "y": top, "w": width, "h": height},
        "config": {"title": panel.title} | _config(panel, view_id(prefix, panel.data)),
    }


def _config(panel: Panel, view: str) -> JsonObject:
    source: JsonObject = {"data_source": {"type": "data_view_reference", "ref_id": view}}
    query: JsonObject = {"query": {"expression": panel.query, "language": "kql"}} if panel.where else {}
    measures = [_measure(measure) for measure in panel.measures]
    match panel.chart:
        case Chart.METRIC:
            return {"type": "metric", "metrics": [{"type": "primary", **measures[0]}], **source, **query}
        case Chart.TABLE:
            assert panel.by
            return {"type": "data_table", "metrics": measures, "rows": [_values(panel.by)], **source, **query}
    layer: JsonObject = {"type": panel.chart.value, "y": measures, **source}
    series = panel.by if panel.over else panel.split
    if panel.over:
        layer["x"] = {"operation": "date_histogram", "field": panel.over}
    elif panel.by:
        layer["x"] = _values(panel.by)
    if series:
        layer["breakdown_by"] = _values(series)
    return {"type": "xy", "layers": [layer], **query}


def _measure(measure: Measure) -> JsonObject:
    field = {"field": measure.field} if measure.field else {}
    return {"operation": measure.operation, **field, "label": measure.label}


def _values(values: Values) -> JsonObject:
    return {
        "operation": "terms",
        "fields": [values.field],
        "limit": values.limit,
        "rank_by": {"type": "metric", "metric_index": 0, "direction": "desc"},
    }
