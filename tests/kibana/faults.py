"""What is wrong with generated dashboards, judged from the index templates alone.

Kibana says little of a saved object that does not fit: it imports, and the panel stays empty.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = {"long", "integer", "double", "float"}
AGGREGATABLE = NUMBERS | {"keyword", "date", "boolean"}
FIELD_TYPES = {
    "date_histogram": {"date"},
    "terms": NUMBERS | {"keyword", "boolean"},
    "sum": NUMBERS,
    "average": NUMBERS,
    "median": NUMBERS,
    "max": NUMBERS | {"date"},
    "min": NUMBERS | {"date"},
    "unique_count": AGGREGATABLE,
}
BUCKETS = {"date_histogram", "terms"}
SERIES = {"line", "bar_stacked", "bar_horizontal", "bar_horizontal_stacked"}
RECORDS = "___records___"
MEASURES = (FIELD_TYPES.keys() - BUCKETS) | {"count"}

Json = Any


def field_types(mappings: Json) -> dict[str, str]:
    """Type of each field of an index template's mappings, by its dotted name."""

    def walk(properties: Json, path: str) -> Iterator[tuple[str, str]]:
        for name, told in properties.items():
            if "properties" in told:
                yield from walk(told["properties"], f"{path}{name}.")
            elif told.get("enabled", True):
                yield f"{path}{name}", told["type"]

    return dict(walk(mappings["properties"], ""))


def faults(objects: list[Json], indices: dict[str, dict[str, str]]) -> list[str]:
    """Faults of saved objects; ``indices`` has the field types by index name."""
    found = [
        f"two objects are {one}" for one, count in Counter((o["type"], o["id"]) for o in objects).items() if count > 1
    ]
    views: dict[str, dict[str, str]] = {}
    for view in (one for one in objects if one["type"] == "index-pattern"):
        title, time = view["attributes"]["title"], view["attributes"].get("timeFieldName")
        if title not in indices:
            found.append(f"no index {title}")
        elif time and indices[title].get(time) != "date":
            found.append(f"{title} has no date {time}")
        views[view["id"]] = indices.get(title, {})
    for one in objects:
        if not re.fullmatch(r"8\.\d+\.\d+", one["typeMigrationVersion"]):
            found.append(f"{one['id']}: form {one['typeMigrationVersion']}")
        if one["type"] == "search":
            found += [f"{one['id']}: {fault}" for fault in _search(one, views)]
        elif one["type"] == "dashboard":
            found += [f"{one['id']}: {fault}" for fault in _dashboard(one, views)]
        elif one["type"] != "index-pattern":
            found.append(f"unknown type {one['type']}")
    return found


def _search(search: Json, views: dict[str, dict[str, str]]) -> Iterator[str]:
    source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    named = {reference["name"]: reference["id"] for reference in search["references"]}
    fields = views.get(named.get(source["indexRefName"], ""))
    if fields is None:
        yield "its data view is missing"
        return
    for column in search["attributes"]["columns"]:
        if column not in fields:
            yield f"no field {column}"
    for field, direction in search["attributes"]["sort"]:
        if fields.get(field) not in AGGREGATABLE or direction not in {"asc", "desc"}:
            yield f"cannot sort by {field} {direction}"


def _dashboard(board: Json, views: dict[str, dict[str, str]]) -> Iterator[str]:
    attributes = board["attributes"]
    if not attributes["title"] or not (attributes["timeRestore"] and attributes["timeFrom"] and attributes["timeTo"]):
        yield "no title or time range"
    json.loads(attributes["optionsJSON"])
    json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    panels = json.loads(attributes["panelsJSON"])
    yield from grid_faults([(panel["panelIndex"], panel["gridData"]) for panel in panels])
    wanted = {
        f"{panel['panelIndex']}:{reference['name']}": reference["id"]
        for panel in panels
        for reference in panel["embeddableConfig"]["attributes"]["references"]
    }
    if {reference["name"]: reference["id"] for reference in board["references"]} != wanted:
        yield "its references are not those of its panels"
    for panel in panels:
        if panel["type"] != "lens" or panel["gridData"]["i"] != panel["panelIndex"] or not panel["title"]:
            yield f"{panel['panelIndex']}: not a titled Lens panel of its own place"
        yield from (
            f"{panel['panelIndex']}: {fault}" for fault in _lens(panel["embeddableConfig"]["attributes"], views)
        )


def grid_faults(places: list[tuple[str, Json]]) -> Iterator[str]:
    """Panels off the board, over each other, or with one name."""
    if len({name for name, _ in places}) < len(places):
        yield "two panels have one name"
    for name, place in places:
        if place["x"] < 0 or place["y"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > 48:
            yield f"{name} is off the board"
    for (one, a), (other, b) in combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        if not beside and not (a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]):
            yield f"{one} lies over {other}"


def _lens(lens: Json, views: dict[str, dict[str, str]]) -> Iterator[str]:
    state = lens["state"]
    layers = state["datasourceStates"]["formBased"]["layers"]
    named = {reference["name"]: reference["id"] for reference in lens["references"]}
    if named.keys() != {f"indexpattern-datasource-layer-{layer}" for layer in layers}:
        yield "its references are not those of its layers"
    if state["query"]["language"] != "kuery":
        yield f"language {state['query']['language']}"
    for layer, told in layers.items():
        fields = views.get(named.get(f"indexpattern-datasource-layer-{layer}", ""))
        if fields is None:
            yield "its data view is missing"
            continue
        for field in re.findall(r'([\w.@]+): "', state["query"]["query"]):
            if fields.get(field) != "keyword":
                yield f"cannot filter by {field}"
        yield from _layer(told, fields)
    yield from _visualization(lens["visualizationType"], state["visualization"], layers)


def _layer(layer: Json, fields: dict[str, str]) -> Iterator[str]:
    columns, order = layer["columns"], layer["columnOrder"]
    if sorted(order) != sorted(columns):
        yield "the order of its columns is not of its columns"
        return
    bucketed = [columns[one]["isBucketed"] for one in order]
    if bucketed != sorted(bucketed, reverse=True):
        yield "a measure stands before a bucket"
    for name, column in columns.items():
        yield from (f"{name}: {fault}" for fault in _column(column, columns, fields))


def _column(column: Json, columns: Json, fields: dict[str, str]) -> Iterator[str]:
    operation, field = column["operationType"], column["sourceField"]
    if not column["label"]:
        yield "no label"
    if operation == "count":
        if field != RECORDS:
            yield f"counts {field}"
    elif operation not in FIELD_TYPES:
        yield f"unknown operation {operation}"
    elif fields.get(field) not in FIELD_TYPES[operation]:
        yield f"{operation} of {field}, which is {fields.get(field)}"
    if column["isBucketed"] != (operation in BUCKETS):
        yield "bucket or measure?"
    if column["dataType"] != {"date_histogram": "date", "terms": "string"}.get(operation, "number"):
        yield f"{operation} gives {column['dataType']}"
    if operation == "terms":
        yield from _terms(column["params"], columns)


def _terms(params: Json, columns: Json) -> Iterator[str]:
    ordering = columns.get(params["orderBy"].get("columnId"))
    if ordering is None or ordering["isBucketed"]:
        yield "ordered by what is no measure"
    if not 1 <= params["size"] <= 1000:
        yield "a wrong number of values"
    if params["orderDirection"] not in {"asc", "desc"}:
        yield "no direction"


def _visualization(kind: str, shown: Json, layers: Json) -> Iterator[str]:
    if kind not in {"lnsXY", "lnsMetric", "lnsDatatable"}:
        yield f"unknown visualization {kind}"
        return
    parts = shown["layers"] if kind == "lnsXY" else [shown]
    if {part["layerId"] for part in parts} != layers.keys():
        yield "its layers are not those of its data"
        return
    for part in parts:
        columns = layers[part["layerId"]]["columns"]
        if part["layerType"] != "data":
            yield f"layer of type {part['layerType']}"
        if kind == "lnsXY":
            measures, buckets = (
                part["accessors"],
                [part["xAccessor"], *([part["splitAccessor"]] if "splitAccessor" in part else [])],
            )
            if part["seriesType"] not in SERIES or shown["preferredSeriesType"] not in SERIES:
                yield "unknown series"
        elif kind == "lnsMetric":
            measures, buckets = [part["metricAccessor"]], []
        else:
            every = [column["columnId"] for column in part["columns"]]
            buckets = [one for one in every if columns.get(one, {}).get("isBucketed")]
            measures = [one for one in every if one not in buckets]
        if sorted([*measures, *buckets]) != sorted(columns):
            yield "shows other columns than it has, or one twice"
        elif any(columns[one]["isBucketed"] for one in measures) or not all(
            columns[one]["isBucketed"] for one in buckets
        ):
            yield "a bucket where a measure belongs, or the other way round"


def api_faults(body: Json, views: dict[str, dict[str, str]]) -> Iterator[str]:
    """Faults of a body for the Dashboards API; ``views`` has the field types by id of the data view."""
    if not body["title"] or body["time_range"].keys() != {"from", "to"}:
        yield "no title or time range"
    yield from grid_faults([(panel["id"], panel["grid"]) for panel in body["panels"]])
    for panel in body["panels"]:
        if panel.keys() != {"type", "id", "grid", "config"} or panel["type"] != "vis":
            yield f"{panel.get('id')}: not a panel"
        yield from (f"{panel['id']}: {fault}" for fault in _config(panel["config"], views))


def _config(config: Json, views: dict[str, dict[str, str]]) -> Iterator[str]:
    kind = config["type"]
    allowed = {
        "metric": {"metrics", "data_source"},
        "data_table": {"metrics", "rows", "data_source"},
        "xy": {"layers"},
    }.get(kind)
    if allowed is None or config.keys() - {"title", "type", "query"} != allowed or not config["title"]:
        yield f"not a {kind}"
        return
    for layer in config["layers"] if kind == "xy" else [config]:
        source = layer["data_source"]
        fields = views.get(source.get("ref_id", ""))
        if source["type"] != "data_view_reference" or fields is None:
            yield "its data view is missing"
            continue
        for field in re.findall(r'([\w.@]+): "', config.get("query", {"expression": ""})["expression"]):
            if fields.get(field) != "keyword":
                yield f"cannot filter by {field}"
        if kind == "xy":
            split = [layer["breakdown_by"]] if "breakdown_by" in layer else []
            if layer["type"] not in SERIES:
                yield "unknown series"
            yield from _operations(layer["y"], [layer["x"], *split], fields)
        else:
            yield from _operations(layer["metrics"], layer.get("rows", []), fields)


def _operations(measures: list[Json], buckets: list[Json], fields: dict[str, str]) -> Iterator[str]:
    if not measures:
        yield "no measure"
    for measure in measures:
        yield from _api_operation(measure, measure.get("field"), MEASURES, fields)
    for bucket in buckets:
        for field in bucket["fields"] if bucket["operation"] == "terms" else [bucket["field"]]:
            yield from _api_operation(bucket, field, BUCKETS, fields)
        if bucket["operation"] == "terms" and not bucket["rank_by"]["metric_index"] < len(measures):
            yield "ranked by what is no measure"


def _api_operation(told: Json, field: str | None, known: set[str], fields: dict[str, str]) -> Iterator[str]:
    operation = told["operation"]
    if operation not in known:
        yield f"unknown operation {operation}"
    elif operation == "count":
        if field is not None:
            yield "counts a field"
    elif fields.get(field or "") not in FIELD_TYPES[operation]:
        yield f"{operation} of {field}, which is {fields.get(field or '')}"
