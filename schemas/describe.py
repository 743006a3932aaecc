"""Docstrings of the records and of their fields, for the generated schemas and documents."""

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
    """A field of a record."""

    name: str
    hint: object
    """Resolved type."""
    text: str
    """Docstring; empty where the field has none."""


def record_types() -> tuple[type, ...]:
    """Return every dataclass of ``schemas.records``, in the order of definition."""
    return _dataclasses(records)


def export_types() -> tuple[type, ...]:
    """Return every dataclass of ``schemas.export``, in the order of definition."""
    return _dataclasses(export)


def summary(described: type) -> str:
    """Return the docstring of a record, on one line."""
    return _one_line(inspect.getdoc(described) or "")


def field_descriptions(record_type: type) -> tuple[FieldDescription, ...]:
    """Return the fields of a record, in order."""
    texts = _attribute_docstrings(inspect.getmodule(record_type)).get(record_type.__name__, {})
    return tuple(
        FieldDescription(name=name, hint=hint, text=texts.get(name, "")) for name, hint in hints(record_type).items()
    )


def value_descriptions(enum: type[StrEnum]) -> dict[str, str]:
    """Return the values of an enum with their docstrings."""
    texts = _attribute_docstrings(inspect.getmodule(enum)).get(enum.__name__, {})
    return {member.value: texts.get(member.name, "") for member in enum}


def parts(hint: object) -> set[type]:
    """Return the records and enums that a type mentions."""
    plain, _ = without_none(hint)
    if is_tuple(plain):
        return {part for argument in get_args(plain) for part in parts(argument)}
    if isinstance(plain, type) and (is_dataclass(plain) or issubclass(plain, StrEnum)):
        return {plain}
    return set()


def _dataclasses(module: ModuleType) -> tuple[type, ...]:
    return tuple(
        member
        for member in vars(module).values()
        if isinstance(member, type) and is_dataclass(member) and _is_defined_in(member, module)
    )


def _is_defined_in(member: type, module: ModuleType) -> bool:
    """Return whether a class is defined in a module, or in a module of a package, not imported there."""
    return f"{member.__module__}.".startswith(f"{module.__name__}.")


@cache
def _attribute_docstrings(module: ModuleType | None) -> Mapping[str, Mapping[str, str]]:
    """Return, by class and attribute, the text literal below the attribute, which Python itself discards."""
    assert module is not None
    texts: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            texts[node.name] = dict(_documented(node.body))
    return texts


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
