"""The description of the dashboards, and its validation."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = 48
"""Columns of Kibana's grid."""
OPERATIONS = ("sum", "max", "min", "average", "median", "unique_count")
"""Metrics of a field by their names in Lens, which are also the keys in a panel's measures."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Chart(StrEnum):
    """The chart type of a panel. The names are those of Lens's series, except ``metric`` and ``table``."""

    METRIC = "metric"
    TABLE = "table"
    LINE = "line"
    BAR_STACKED = "bar_stacked"
    BAR_HORIZONTAL = "bar_horizontal"
    BAR_HORIZONTAL_STACKED = "bar_horizontal_stacked"


class DataView(_Model):
    """A data view: the documents of one kind."""

    title: str
    time: str | None = None
    """The field that Kibana's time picker filters by; ``None`` for all documents regardless of time."""


class Values(_Model):
    """Buckets of the most frequent values of a field."""

    field: str
    limit: Annotated[int, Field(ge=1, le=1000)] = 10


class Measure(_Model):
    """A metric of each bucket."""

    operation: str
    """``count``, or one of ``OPERATIONS``."""
    field: str | None
    """The measured field; ``None`` for ``count``."""
    label: str

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        """Expand the short forms ``{count: LABEL}`` and ``{OPERATION: FIELD, label: LABEL}``."""
        if not isinstance(value, dict) or "operation" in value:
            return value
        remaining = dict(value)
        if "count" in remaining:
            return {"operation": "count", "field": None, "label": remaining.pop("count"), **remaining}
        for operation in OPERATIONS:
            if operation in remaining:
                return {"operation": operation, "field": remaining.pop(operation), **remaining}
        raise ValueError(f"a measure is `count: LABEL` or one of {', '.join(OPERATIONS)} with its field and a label")


class Panel(_Model):
    """A chart on a dashboard."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: str
    chart: Chart
    data: str
    """Name of its data view."""
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    over: str | None = None
    """Date field of time buckets."""
    by: Values | None = None
    """Buckets of values: rows of a table, bars, or the series of a chart over time."""
    split: Values | None = None
    """Buckets that divide the bars."""
    where: dict[str, str] = {}
    """Filters: required values by field."""
    grid: tuple[int, int, int, int]
    """Left, top, width, height."""

    @model_validator(mode="after")
    def _check_buckets(self) -> Self:
        left, _, width, height = self.grid
        if left < 0 or width < 1 or height < 1 or left + width > COLUMNS:
            raise ValueError(f"panel {self.id} does not fit a board of {COLUMNS} columns")
        match self.chart:
            case Chart.METRIC:
                valid = not (self.over or self.by or self.split) and len(self.measures) == 1
            case Chart.TABLE:
                valid = self.by is not None and not (self.over or self.split)
            case Chart.LINE | Chart.BAR_STACKED:
                valid = self.over is not None and self.split is None
            case _:
                valid = self.by is not None and self.over is None
        if not valid:
            raise ValueError(f"panel {self.id}: a {self.chart} cannot have these buckets and measures")
        return self

    @property
    def query(self) -> str:
        """The filters ``where`` in KQL."""
        return " and ".join(f'{field}: "{value}"' for field, value in self.where.items())


class Dashboard(_Model):
    """A board of panels."""

    title: str
    description: str
    since: str
    """Start of the time range, in Elasticsearch's date mathematics; the range ends now."""
    panels: Annotated[tuple[Panel, ...], Field(min_length=1)]


class Search(_Model):
    """A saved search of Discover."""

    title: str
    data: str
    columns: tuple[str, ...]
    sort: str
    """Date field to sort by, the latest first."""


class AlertingRule(_Model):
    """A Kibana rule that fires when new documents appear."""

    name: str
    data: str
    time: str
    every: Annotated[str, Field(pattern=r"^[1-9][0-9]*[mhd]$")]
    enabled: Literal[True] = True


class Description(_Model):
    """The whole file."""

    data_views: dict[str, DataView]
    dashboards: dict[str, Dashboard]
    searches: dict[str, Search] = {}
    alerting: dict[str, AlertingRule] = {}

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        panels = [panel for board in self.dashboards.values() for panel in board.panels]
        used = {panel.data for panel in panels}
        used |= {search.data for search in self.searches.values()} | {rule.data for rule in self.alerting.values()}
        if unknown := used - self.data_views.keys():
            raise ValueError(f"there is no data view {', '.join(sorted(unknown))}")
        for board in self.dashboards.values():
            ids = [panel.id for panel in board.panels]
            if len(set(ids)) < len(ids):
                raise ValueError(f"two panels of {board.title} have one id")
        return self


def load_description(path: Path) -> Description:
    """Read a description.

    Raises:
        ConfigurationError: the file cannot be read or is invalid; the message names the location.
    """
    try:
        return Description.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = ".".join(str(step) for step in first["loc"])
        raise ConfigurationError(f"{path}: {location}: {first['msg']}") from error
