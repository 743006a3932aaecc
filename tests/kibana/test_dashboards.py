"""The dashboards fit the index templates, and whoever judges that would see it if they did not."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from flows.shipped import DASHBOARDS, shipped
from pipelines.errors import ConfigurationError
from pipelines.kibana.dashboards_api import dashboards
from pipelines.kibana.description import load_description
from pipelines.kibana.saved_objects import ndjson, saved_objects
from schemas.store_forms import elasticsearch_kinds, elasticsearch_template
from tests.kibana.faults import api_faults, faults, field_types

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Json = Any
PREFIX = "desk"
DESCRIPTION = load_description(shipped(DASHBOARDS))
INDICES = {
    f"{PREFIX}-{kind}": field_types(elasticsearch_template(kind)["template"]["mappings"])
    for kind in elasticsearch_kinds()
}


def opened(objects: list[Json]) -> list[Json]:
    """With the JSON in the dashboards read."""
    for one in (each for each in objects if each["type"] == "dashboard"):
        one["attributes"]["panelsJSON"] = json.loads(one["attributes"]["panelsJSON"])
    return objects


def closed(objects: list[Json]) -> list[Json]:
    for one in (each for each in objects if each["type"] == "dashboard"):
        one["attributes"]["panelsJSON"] = json.dumps(one["attributes"]["panelsJSON"])
    return objects


def test_the_saved_objects_fit_the_templates() -> None:
    assert faults(saved_objects(DESCRIPTION, PREFIX), INDICES) == []


def test_the_bodies_for_the_api_fit_the_templates() -> None:
    for body in dashboards(DESCRIPTION, PREFIX).values():
        assert list(api_faults(body, INDICES)) == []


def test_both_forms_show_the_same_panels() -> None:
    boards = {one["id"]: one for one in opened(saved_objects(DESCRIPTION, PREFIX)) if one["type"] == "dashboard"}
    bodies = dashboards(DESCRIPTION, PREFIX)
    assert boards.keys() == bodies.keys()
    for one, board in boards.items():
        places = {panel["panelIndex"]: panel["gridData"] for panel in board["attributes"]["panelsJSON"]}
        assert {panel["id"]: panel["grid"] | {"i": panel["id"]} for panel in bodies[one]["panels"]} == places


def test_ndjson_has_an_object_a_line() -> None:
    objects = saved_objects(DESCRIPTION, PREFIX)
    assert [json.loads(line) for line in ndjson(objects).splitlines()] == objects


# Planted faults ---------------------------------------------------------------------------------------------


def board(objects: list[Json]) -> Json:
    return next(one for one in objects if one["type"] == "dashboard")


def panel(objects: list[Json], name: str) -> Json:
    return next(one for one in board(objects)["attributes"]["panelsJSON"] if one["panelIndex"] == name)


def lens(objects: list[Json], name: str) -> Json:
    return panel(objects, name)["embeddableConfig"]["attributes"]


def layer(objects: list[Json], name: str) -> Json:
    return lens(objects, name)["state"]["datasourceStates"]["formBased"]["layers"]["layer"]


def column(objects: list[Json], name: str, which: str) -> Json:
    return layer(objects, name)["columns"][which]


def shown(objects: list[Json], name: str) -> Json:
    return lens(objects, name)["state"]["visualization"]


def kind(objects: list[Json], name: str) -> Json:
    return next(one for one in objects if one["type"] == name)


TIME, TABLE, METRIC, SPLIT = "articles-over-time", "widest-stories", "texts", "copies"
PLANTED: dict[str, Callable[[list[Json]], object]] = {
    "a field that is not there": lambda o: column(o, TIME, "by").update(sourceField="outlet"),
    "a text field as bucket": lambda o: column(o, TIME, "by").update(sourceField="title"),
    "buckets of time of a word": lambda o: column(o, TIME, "time").update(sourceField="source"),
    "the largest of a word": lambda o: column(o, TABLE, "measure-0").update(sourceField="headline"),
    "an operation that Lens lacks": lambda o: column(o, TABLE, "measure-0").update(operationType="mode"),
    "a count of a field": lambda o: column(o, TIME, "measure-0").update(sourceField="source"),
    "a bucket called measure": lambda o: column(o, TIME, "by").update(isBucketed=False),
    "a measure called bucket": lambda o: column(o, TIME, "measure-0").update(isBucketed=True),
    "a date called number": lambda o: column(o, TIME, "time").update(dataType="number"),
    "no label": lambda o: column(o, TIME, "measure-0").update(label=""),
    "ordered by a column that is not there": lambda o: column(o, TIME, "by")["params"]["orderBy"].update(columnId="m"),
    "ordered by a bucket": lambda o: column(o, TIME, "by")["params"]["orderBy"].update(columnId="time"),
    "no values at all": lambda o: column(o, TIME, "by")["params"].update(size=0),
    "ordered in no direction": lambda o: column(o, TIME, "by")["params"].update(orderDirection="down"),
    "a column not in the order": lambda o: layer(o, TIME)["columnOrder"].pop(),
    "a measure first": lambda o: layer(o, TIME)["columnOrder"].reverse(),
    "a column that nothing shows": lambda o: layer(o, TIME)["columns"].pop("by"),
    "a layer that is not there": lambda o: shown(o, TIME)["layers"][0].update(layerId="other"),
    "a layer of another type": lambda o: shown(o, TIME)["layers"][0].update(layerType="annotations"),
    "a series that Lens lacks": lambda o: shown(o, TIME)["layers"][0].update(seriesType="bars"),
    "a measure on the axis of buckets": lambda o: shown(o, TIME)["layers"][0].update(xAccessor="measure-0"),
    "no measure shown": lambda o: shown(o, TIME)["layers"][0].update(accessors=[]),
    "split by the axis itself": lambda o: shown(o, SPLIT)["layers"][0].update(splitAccessor="by"),
    "a metric of nothing": lambda o: shown(o, METRIC).update(metricAccessor="measure-1"),
    "a table without a column": lambda o: shown(o, TABLE)["columns"].pop(),
    "a table with a column twice": lambda o: shown(o, TABLE)["columns"].append({"columnId": "by"}),
    "a visualization that Lens lacks": lambda o: lens(o, TIME).update(visualizationType="lnsBars"),
    "a filter on a field that is not there": lambda o: lens(o, METRIC)["state"]["query"].update(query='part: "a"'),
    "a filter in another language": lambda o: lens(o, METRIC)["state"]["query"].update(language="sql"),
    "a panel's data view missing": lambda o: lens(o, TIME)["references"][0].update(id="elsewhere"),
    "a panel's reference of another layer": lambda o: lens(o, TIME)["references"][0].update(name="layer"),
    "a panel without reference": lambda o: lens(o, TIME)["references"].clear(),
    "a board's reference missing": lambda o: board(o)["references"].pop(),
    "a board's reference to another view": lambda o: board(o)["references"][0].update(id=f"{PREFIX}-runs"),
    "a panel off the board": lambda o: panel(o, TIME)["gridData"].update(x=40),
    "a panel over another": lambda o: panel(o, TIME)["gridData"].update(y=4),
    "a panel in another's place": lambda o: panel(o, TIME)["gridData"].update(i="texts"),
    "a panel of another type": lambda o: panel(o, TIME).update(type="visualization"),
    "a panel without title": lambda o: panel(o, TIME).update(title=""),
    "two panels of one name": lambda o: panel(o, "texts").update(panelIndex="articles"),
    "a board without time": lambda o: board(o)["attributes"].update(timeFrom=""),
    "a board twice": lambda o: o.append(copy.deepcopy(board(o))),
    "a form that Kibana does not migrate": lambda o: board(o).update(typeMigrationVersion="10"),
    "a data view of no index": lambda o: kind(o, "index-pattern")["attributes"].update(title="logs-*"),
    "a data view without its date": lambda o: kind(o, "index-pattern")["attributes"].update(timeFieldName="time"),
    "a data view missing": lambda o: o.remove(kind(o, "index-pattern")),
    "a saved search's column missing": lambda o: kind(o, "search")["attributes"]["columns"].append("outlet"),
    "a saved search sorted by text": lambda o: kind(o, "search")["attributes"].update(sort=[["title", "desc"]]),
    "a saved search of no view": lambda o: kind(o, "search")["references"].clear(),
    "an object of another type": lambda o: kind(o, "search").update(type="lens"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str) -> None:
    objects = opened(copy.deepcopy(saved_objects(DESCRIPTION, PREFIX)))
    PLANTED[name](objects)
    assert faults(closed(objects), INDICES)


def config(body: Json, name: str) -> Json:
    return next(one["config"] for one in body["panels"] if one["id"] == name)


PLANTED_FOR_API: dict[str, Callable[[Json], object]] = {
    "a field that is not there": lambda b: config(b, TIME)["layers"][0]["breakdown_by"].update(fields=["outlet"]),
    "buckets of time of a word": lambda b: config(b, TIME)["layers"][0]["x"].update(field="source"),
    "an operation that is none": lambda b: config(b, TABLE)["metrics"][0].update(operation="mode"),
    "a count of a field": lambda b: config(b, TIME)["layers"][0]["y"][0].update(field="source"),
    "ranked by a measure that is not there": lambda b: config(b, TABLE)["rows"][0]["rank_by"].update(metric_index=3),
    "no measure": lambda b: config(b, TIME)["layers"][0]["y"].clear(),
    "a series that is none": lambda b: config(b, TIME)["layers"][0].update(type="bars"),
    "a data view missing": lambda b: config(b, METRIC)["data_source"].update(ref_id="elsewhere"),
    "rows of a metric": lambda b: config(b, METRIC).update(rows=[]),
    "a filter on no field": lambda b: config(b, METRIC)["query"].update(expression='part: "a"'),
    "a panel of 9.4": lambda b: b["panels"][0].update(type="lens"),
    "a panel over another": lambda b: b["panels"][0]["grid"].update(w=20),
    "no time": lambda b: b["time_range"].pop("to"),
}


@pytest.mark.parametrize("name", PLANTED_FOR_API)
def test_a_fault_planted_in_a_body_is_found(name: str) -> None:
    body = copy.deepcopy(dashboards(DESCRIPTION, PREFIX)[f"{PREFIX}-dashboard-news"])
    PLANTED_FOR_API[name](body)
    assert list(api_faults(body, INDICES))


# The description --------------------------------------------------------------------------------------------

SMALL = """
data_views: {runs: {title: runs, time: "@timestamp"}}
dashboards:
  one:
    title: One
    description: ""
    since: now-1d
    panels:
      - {id: a, title: A, chart: CHART, data: DATA, over: "@timestamp", measures: [MEASURE], grid: [0, 0, WIDTH, 5]}
"""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"DATA": "walks"}, "no data view walks"),
        ({"CHART": "metric"}, "a metric cannot have these"),
        ({"CHART": "pie"}, "Input should be"),
        ({"MEASURE": "{most: new, label: New}"}, "count: LABEL"),
        ({"MEASURE": "{sum: new}"}, "label"),
        ({"WIDTH": "49"}, "does not fit a board"),
        ({"MEASURE": "}"}, "expected"),
    ],
)
def test_a_wrong_description_is_refused_with_its_place(
    changed: dict[str, str], said: str | None, tmp_path: Path
) -> None:
    text = SMALL
    for word, value in (
        {"CHART": "line", "DATA": "runs", "MEASURE": "{sum: new, label: New}", "WIDTH": "48"} | changed
    ).items():
        text = text.replace(word, value)
    file = tmp_path / "dashboards.yaml"
    file.write_text(text)
    if said is None:
        assert load_description(file).dashboards["one"].panels[0].measures[0].field == "new"
        return
    with pytest.raises(ConfigurationError, match=said) as raised:
        load_description(file)
    assert str(file) in str(raised.value)
