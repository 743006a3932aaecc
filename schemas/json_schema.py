"""JSON Schemas (2020-12) of all records and export forms, generated from the dataclasses.

``python -m schemas.json_schema`` rewrites ``schemas/json/``; a test fails when the files there are stale.
"""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from schemas.describe import export_types, field_descriptions, parts, record_types, summary
from schemas.serial import hints, is_open_tuple, is_tuple, without_none

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).with_name("json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time", "pattern": _TIME},
}


def schema_of(record_type: type) -> dict[str, Any]:
    """Return the schema of the JSON form that ``schemas.serial`` gives a record.

    Every field is required, since every field is written; additional fields are refused.
    """
    schema = {"$schema": DIALECT, "title": record_type.__name__, **_object(record_type)}
    inner = _reachable(record_type)
    if inner:
        schema["$defs"] = {part.__name__: _definition(part) for part in inner}
    return schema


def file_name(record_type: type) -> str:
    """Return the name of a record's schema file: ``article_content.schema.json`` for ``ArticleContent``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record_type.__name__).lower() + ".schema.json"


def files() -> dict[str, str]:
    """Return the text of every schema file of ``schemas/json``, by file name."""
    return {
        file_name(record_type): json.dumps(schema_of(record_type), indent=2, ensure_ascii=False) + "\n"
        for record_type in (*record_types(), *export_types())
    }


def write(folder: Path = FOLDER) -> None:
    """Write every schema and remove those whose record no longer exists."""
    folder.mkdir(exist_ok=True)
    wanted = files()
    for stale in folder.glob("*.schema.json"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _reachable(record_type: type) -> list[type]:
    """Return the records and enums inside a record, at any depth, sorted by name."""
    reached: set[type] = set()
    todo = [record_type]
    while todo:
        for part in _mentioned(hints(todo.pop()).values()) - reached:
            reached.add(part)
            if is_dataclass(part):
                todo.append(part)
    return sorted(reached, key=lambda part: part.__name__)


def _mentioned(types: Iterable[object]) -> set[type]:
    return {part for hint in types for part in parts(hint)}


def _definition(part: type) -> dict[str, Any]:
    if issubclass(part, StrEnum):
        return {"description": summary(part), "type": "string", "enum": [member.value for member in part]}
    return _object(part)


def _object(record_type: type) -> dict[str, Any]:
    described = field_descriptions(record_type)
    defaults = {field.name: field.default for field in fields(record_type)}
    properties = {}
    for field in described:
        entry = {"description": field.text} if field.text else {}
        properties[field.name] = entry | _form(field.hint) | _default(defaults[field.name])
    return {
        "description": summary(record_type),
        "type": "object",
        "properties": properties,
        "required": [field.name for field in described],
        "additionalProperties": False,
    }


def _default(value: object) -> dict[str, Any]:
    if value is None or value is MISSING or not isinstance(value, str | int):
        return {}
    return {"default": value}


def _form(hint: Any) -> dict[str, Any]:  # noqa: ANN401 - a type hint is any object
    plain: Any
    plain, optional = without_none(hint)
    if optional:
        form = _form(plain)
        return {"anyOf": [form, {"type": "null"}]} if "$ref" in form else form | {"type": [form["type"], "null"]}
    if plain in _PLAIN:
        return dict(_PLAIN[plain])
    if is_tuple(plain):
        arguments = get_args(plain)
        if is_open_tuple(plain):
            return {"type": "array", "items": _form(arguments[0])}
        items = [_form(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    return {"$ref": f"#/$defs/{plain.__name__}"}


if __name__ == "__main__":
    write()
