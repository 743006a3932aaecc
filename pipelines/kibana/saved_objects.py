"""The description as saved objects, for import into any Kibana since 8.9. Pure.

The form is that of Kibana's own exports: a dashboard holds its Lens panels by value, as JSON within JSON, and names the
data views that they read under ``references``. The version names the form; Kibana migrates older ones by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.kibana.description import Chart
from schemas.serial import JsonObject, dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.kibana.description import Dashboard, Description, Measure, Panel, Search, Values

FORM = "8.9.0"
"""The first form with ``formBased`` data sources and by-value panels that every 8.9 and 9.x migrates."""
LAYER = "layer"
_TIME, _BY, _SPLIT = "time", "by", "split"
_SEARCH_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
RECORDS = "___records___"
"""What Lens counts when it counts documents."""


def saved_objects(description: Description, prefix: str) -> list[JsonObject]:
    """All saved objects: data views, saved searches, dashboards."""
    return [
        *data_views_and_searches(description, prefix),
        *(_dashboard(name, board, prefix) for name, board in description.dashboards.items()),
    ]


def data_views_and_searches(description: Description, prefix: str) -> list[JsonObject]:
    """What the dashboards stand on, and the Dashboards API has no form for."""
    views = [
        _saved(
            "index-pattern",
            view_id(prefix, name),
            {"title": f"{prefix}-{name}", "name": view.title} | ({"timeFieldName": view.time} if view.time else {}),
            [],
        )
        for name, view in description.data_views.items()
    ]
    return [*views, *(_search(name, search, prefix) for name, search in description.searches.items())]


def ndjson(objects: list[JsonObject]) -> bytes:
    """Saved objects in the form that is imported: one a line."""
    return b"".join(dump(one) + b"\n" for one in objects)


def view_id(prefix: str, name: str) -> str:
    """Id of a data view."""
    return f"{prefix}-{name}"


def dashboard_id(prefix: str, name: str) -> str:
    """Id of a dashboard."""
    return f"{prefix}-dashboard-{name}"


def _saved(kind: str, one: str, attributes: JsonObject, references: list[JsonObject]) -> JsonObject:
    return {
        "type": kind,
        "id": one,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": {"dashboard": FORM}.get(kind, "8.0.0"),
        "managed": False,
    }


def _search(name: str, search: Search, prefix: str) -> JsonObject:
    source = {"query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": _SEARCH_INDEX}
    return _saved(
        "search",
        f"{prefix}-search-{name}",
        {
            "title": search.title,
            "description": "",
            "columns": list(search.columns),
            "sort": [[search.sort, "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _inner(source)},
        },
        [{"type": "index-pattern", "id": view_id(prefix, search.data), "name": _SEARCH_INDEX}],
    )


def _dashboard(name: str, board: Dashboard, prefix: str) -> JsonObject:
    return _saved(
        "dashboard",
        dashboard_id(prefix, name),
        {
            "title": board.title,
            "description": board.description,
            "timeRestore": True,
            "timeFrom": board.since,
            "timeTo": "now",
            "panelsJSON": _inner([_panel(panel, prefix) for panel in board.panels]),
            "optionsJSON": _inner({"useMargins": True, "syncColors": True, "hidePanelTitles": False}),
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": _inner({"query": {"query": "", "language": "kuery"}, "filter": []})
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
        "version": FORM,
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
    """Buckets first and measures last, as Lens orders the columns of a layer: outer buckets before inner ones."""
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


def _inner(value: object) -> str:
    return dump(value).decode()
