"""Saved objects for the description, for import into Kibana 8.9 and later. Pure.

The format is that of Kibana's own exports: a dashboard contains its Lens panels by value, as JSON within JSON, and
lists their data views under ``references``. The version identifies the format; Kibana migrates older ones by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.kibana.description import Chart
from schemas.serial import JsonObject, dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.kibana.description import Dashboard, Description, Measure, Panel, Search, Values

MIGRATION_VERSION = "8.9.0"
"""The first version of the format with ``formBased`` data sources and by-value panels, which every Kibana 8.9 and 9.x
migrates."""
LAYER = "layer"
_TIME, _BY, _SPLIT = "time", "by", "split"
_SEARCH_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
RECORDS = "___records___"
"""The field name that Lens uses to count documents."""


def saved_objects(description: Description, prefix: str) -> list[JsonObject]:
    """Return all saved objects: data views, saved searches, dashboards."""
    return [
        *data_views_and_searches(description, prefix),
        *(_dashboard(name, board, prefix) for name, board in description.dashboards.items()),
    ]


def data_views_and_searches(description: Description, prefix: str) -> list[JsonObject]:
    """Return the data views and saved searches, which the Dashboards API does not cover."""
    views = [
        _saved_object(
            "index-pattern",
            view_id(prefix, name),
            {"title": f"{prefix}-{name}", "name": view.title} | ({"timeFieldName": view.time} if view.time else {}),
            [],
        )
        for name, view in description.data_views.items()
    ]
    return [*views, *(_search(name, search, prefix) for name, search in description.searches.items())]


def ndjson(objects: list[JsonObject]) -> bytes:
    """Return saved objects in the import format: one per line."""
    return b"".join(dump(saved_object) + b"\n" for saved_object in objects)


def view_id(prefix: str, name: str) -> str:
    """Return the id of a data view."""
    return f"{prefix}-{name}"


def dashboard_id(prefix: str, name: str) -> str:
    """Return the id of a dashboard."""
    return f"{prefix}-dashboard-{name}"


def _saved_object(kind: str, object_id: str, attributes: JsonObject, references: list[JsonObject]) -> JsonObject:
    return {
        "type": kind,
        "id": object_id,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": {"dashboard": MIGRATION_VERSION}.get(kind, "8.0.0"),
        "managed": False,
    }


def _search(name: str, search: Search, prefix: str) -> JsonObject:
    source = {"query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": _SEARCH_INDEX}
    return _saved_object(
        "search",
        f"{prefix}-search-{name}",
        {
            "title": search.title,
            "description": "",
            "columns": list(search.columns),
            "sort": [[search.sort, "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json_text(source)},
        },
        [{"type": "index-pattern", "id": view_id(prefix, search.data), "name": _SEARCH_INDEX}],
    )


def _dashboard(name: str, board: Dashboard, prefix: str) -> JsonObject:
    return _saved_object(
        "dashboard",
        dashboard_id(prefix, name),
        {
            "title": board.title,
            "description": board.description,
            "timeRestore": True,
            "timeFrom": board.since,
            "timeTo": "now",
            "panelsJSON": _json_text([_panel(panel, prefix) for panel in board.panels]),
            "optionsJSON": _json_text({"useMargins": True, "syncColors": True, "hidePanelTitles": False}),
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": _json_text({"query": {"query": "", "language": "kuery"}, "filter": []})
            },
        },
        [
            {
                "type": "index-pattern",
                "id": view_id(prefix, panel.data),
                "name": f"{panel.id}:indexpattern-datasource-layer-{LAYER}",
            }
            for panel in board.panels
        ],
    )


def _panel(panel: Panel, prefix: str) -> JsonObject:
    left, top, width, height = panel.grid
    columns = dict(_columns(panel))
    return {
        "type": "lens",
        "version": MIGRATION_VERSION,
        "panelIndex": panel.id,
        "title": panel.title,
        "gridData": {"x": left, "y": top, "w": width, "h": height, "i": panel.id},
        "embeddableConfig": {
            "enhancements": {},
            "attributes": {
                "title": panel.title,
                "type": "lens",
                "visualizationType": _visualization_type(panel.chart),
                "references": [
                    {
                        "type": "index-pattern",
                        "id": view_id(prefix, panel.data),
                        "name": f"indexpattern-datasource-layer-{LAYER}",
                    }
                ],
                "state": {
                    "visualization": _visualization(panel),
                    "query": {"query": panel.query, "language": "kuery"},
                    "filters": [],
                    "datasourceStates": {
                        "formBased": {
                            "layers": {
                                LAYER: {
                                    "columns": columns,
                                    "columnOrder": list(columns),
                                    "incompleteColumns": {},
                                    "sampling": 1,
                                }
                            }
                        }
                    },
                    "internalReferences": [],
                    "adHocDataViews": {},
                },
            },
        },
    }


def _columns(panel: Panel) -> Iterator[tuple[str, JsonObject]]:
    """Yield the columns of a layer in Lens's order: outer buckets, inner buckets, measures."""
    if panel.by:
        yield _BY, _values(panel.by)
    if panel.split:
        yield _SPLIT, _values(panel.split)
    if panel.over:
        yield (
            _TIME,
            {
                "label": panel.over,
                "dataType": "date",
                "operationType": "date_histogram",
                "sourceField": panel.over,
                "isBucketed": True,
                "scale": "interval",
                "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
            },
        )
    for number, measure in enumerate(panel.measures):
        yield _measure_id(number), _measure(measure)


def _values(values: Values) -> JsonObject:
    return {
        "label": f"Top {values.limit} of {values.field}",
        "dataType": "string",
        "operationType": "terms",
        "scale": "ordinal",
        "sourceField": values.field,
        "isBucketed": True,
        "params": {
            "size": values.limit,
            "orderBy": {"type": "column", "columnId": _measure_id(0)},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _measure(measure: Measure) -> JsonObject:
    return {
        "label": measure.label,
        "customLabel": True,
        "dataType": "number",
        "operationType": measure.operation,
        "sourceField": measure.field or RECORDS,
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": True},
    }


def _measure_id(number: int) -> str:
    return f"measure-{number}"


def _visualization_type(chart: Chart) -> str:
    return {Chart.METRIC: "lnsMetric", Chart.TABLE: "lnsDatatable"}.get(chart, "lnsXY")


def _visualization(panel: Panel) -> JsonObject:
    common: dict[str, Any] = {"layerId": LAYER, "layerType": "data"}
    measures = [_measure_id(number) for number in range(len(panel.measures))]
    match panel.chart:
        case Chart.METRIC:
            return common | {"metricAccessor": measures[0]}
        case Chart.TABLE:
            return common | {"columns": [{"columnId": column} for column in (_BY, *measures)]}
    layer = common | {
        "seriesType": panel.chart.value,
        "accessors": measures,
        "xAccessor": _TIME if panel.over else _BY,
    }
    if split := (panel.by and _BY) if panel.over else (panel.split and _SPLIT):
        layer["splitAccessor"] = split
    return {
        "preferredSeriesType": panel.chart.value,
        "legend": {"isVisible": True, "position": "right"},
        "valueLabels": "hide",
        "layers": [layer],
    }


def _json_text(value: object) -> str:
    return dump(value).decode()
