"""Generator of the page ``docs/data-dictionary.md`` from the docstrings of the records and export forms.

``python -m schemas.data_dictionary`` rewrites it; a test fails when it is stale.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

from schemas import records
from schemas.describe import (
    export_types,
    field_descriptions,
    parts,
    record_types,
    summary,
    value_descriptions,
)
from schemas.serial import is_open_tuple, is_tuple, without_none

PAGE = Path(__file__).parent.parent / "docs" / "data-dictionary.md"
_NAMES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    bytes: "bytes",
    datetime: "time",
}
_HEAD = """# Data dictionary

Generated from `schemas/` by `python -m schemas.data_dictionary`; change the docstrings there, not this page.

Times are UTC, cut to whole seconds; in JSON they are ISO 8601 with `Z`. Bytes are base64 in JSON. "or null" means
that the value may be unknown: it is never guessed. The JSON Schema of each form is in `schemas/json/`.
"""


def page() -> str:
    """Return the whole page, in Markdown."""
    sections = [
        _HEAD,
        "## Exported forms\n\nThe output of `wirepicket export`: one JSON object per line, fields in this order.\n",
        *(_section(form, form.__name__.removeprefix("Exported").lower()) for form in export_types()),
        "## Records\n\nThe records that pass through the pipeline and are kept in the store.\n",
        *(_section(record, f"`{record.__name__}`") for record in record_types()),
        "## Fixed values\n",
        *(_values(enum) for enum in _enums()),
    ]
    return "\n".join(sections)


def _section(record_type: type, title: str) -> str:
    rows = [
        f"| `{field.name}` | {_type_name(field.hint)} | {_cell(field.text)} |"
        for field in field_descriptions(record_type)
    ]
    head = f"### {title}\n\n{_cell(summary(record_type))}\n\n| field | type | meaning |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _enums() -> list[type[StrEnum]]:
    return [
        member
        for member in vars(records).values()
        if isinstance(member, type) and issubclass(member, StrEnum) and member is not StrEnum
    ]


def _values(enum: type[StrEnum]) -> str:
    rows = [f"| `{value}` | {_cell(text)} |" for value, text in value_descriptions(enum).items()]
    return (
        f"### `{enum.__name__}`\n\n{_cell(summary(enum))}\n\n| value | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


def _type_name(hint: object) -> str:
    plain: Any
    plain, optional = without_none(hint)
    if is_tuple(plain):
        names = [_type_name(argument) for argument in get_args(plain) if argument is not Ellipsis]
        name = f"list of {names[0]}" if is_open_tuple(plain) else f"({', '.join(names)})"
    elif parts(plain):
        name = f"`{plain.__name__}`"
    else:
        name = _NAMES[plain]
    return f"{name} or null" if optional else name


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
