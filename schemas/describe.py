"""What the records say of themselves: their docstrings and those of their fields, for the generated forms."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

from schemas import export, records
from schemas.serial import hints, is_tuple, without_none

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field of a record."""

    name: str
    hint: object
    """Its type, resolved."""
    text: str
    """Its docstring; empty where it has none."""


def record_types() -> tuple[type, ...]:
    """Every dataclass of ``schemas.records``, as they stand there."""
    return _dataclasses(records)


def export_types() -> tuple[type, ...]:
    """Every dataclass of ``schemas.export``, as they stand there."""
    return _dataclasses(export)


def summary(described: type) -> str:
    """The docstring of a record, on one line."""
    return _one_line(inspect.getdoc(described) or "")


def field_descriptions(record_type: type) -> tuple[FieldDescription, ...]:
    """The fields of a record, in order."""
    texts = _attribute_docstrings(inspect.getmodule(record_type)).get(record_type.__name__, {})
    return tuple(
        FieldDescription(name=name, hint=hint, text=texts.get(name, "")) for name, hint in hints(record_type).items()
    )


def value_descriptions(enum: type[StrEnum]) -> dict[str, str]:
    """The values of an enum with their docstrings."""
    texts = _attribute_docstrings(inspect.getmodule(enum)).get(enum.__name__, {})
    return {member.value: texts.get(member.name, "") for member in enum}


def parts(hint: object) -> set[type]:
    """The records and enums which a type mentions."""
    plain, _ = without_none(hint)
    if is_tuple(plain):
        return {found for argument in get_args(plain) for found in parts(argument)}
    if isinstance(plain, type) and (is_dataclass(plain) or issubclass(plain, StrEnum)):
        return {plain}
    return set()


def _dataclasses(module: ModuleType) -> tuple[type, ...]:
    return tuple(
        member
        for member in vars(module).values()
        if isinstance(member, type) and is_dataclass(member) and _stands_in(member, module)
    )


def _stands_in(member: type, module: ModuleType) -> bool:
    """Whether a class is a module's own, or of the modules of a package."""
    return f"{member.__module__}.".startswith(f"{module.__name__}.")


@cache
def _attribute_docstrings(module: ModuleType | None) -> Mapping[str, Mapping[str, str]]:
    """By class and attribute, the text literal that stands below the attribute. Python itself drops these."""
    assert module is not None
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = dict(_documented(node.body))
    return found


def _documented(body: list[ast.stmt]) -> list[tuple[str, str]]:
    documented = []
    for statement, below in pairwise(body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if not (isinstance(target, ast.Name) and isinstance(below, ast.Expr)):
            continue
        if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            documented.append((target.id, _one_line(below.value.value)))
    return documented


def _one_line(text: str) -> str:
    return " ".join(text.split())
