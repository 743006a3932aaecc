"""Conversion of records to rows and back. A table's columns follow from its record; nested records are flattened."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from schemas.serial import JsonObject, dump, from_dict, hints, is_tuple, load, to_row, without_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    path: tuple[str, ...]
    """The attributes that lead from the record to its value."""
    is_json: bool
    """True for a list, which is kept as JSON text."""


class Table(Generic[Record]):
    """The columns of a record's table, and the conversion between record and row."""

    def __init__(self, name: str, record_type: type[Record]) -> None:
        self.name = name
        self.columns = tuple(_columns(record_type, ()))
        self.names = tuple(column.name for column in self.columns)
        self.selected = ", ".join(f"{name}.{column}" for column in self.names)
        """The columns as a list for SELECT, in order."""
        self._record_type = record_type
        self._nested = _nesting(record_type, iter(range(len(self.columns))))

    def insert(self, conflict: str) -> str:
        """Return an INSERT of a row, with the action ``ON CONFLICT``."""
        return (
            f"INSERT INTO {self.name} ({', '.join(self.names)}) "  # noqa: S608 - names of our own tables
            f"VALUES ({', '.join('?' * len(self.names))}) ON CONFLICT {conflict}"
        )

    def upsert(self, *key: str) -> str:
        """Return an INSERT of a row that replaces the row with the same key."""
        changed = ", ".join(f"{name} = excluded.{name}" for name in self.names if name not in key)
        return self.insert(f"({', '.join(key)}) DO UPDATE SET {changed}")

    def row(self, record: Record) -> tuple[Any, ...]:
        """Return the values of the columns for a record.

        Raises:
            UnicodeEncodeError: a text in the record holds half of a surrogate pair.
        """
        whole = to_row(record)
        values = []
        for column in self.columns:
            value: Any = whole
            for attribute in column.path:
                value = value[attribute]
            values.append(dump(value).decode() if column.is_json else value)
        return tuple(values)

    def record(self, row: tuple[Any, ...]) -> Record:
        """Return the record of a row of ``selected`` columns; further columns may follow.

        Raises:
            RecordFormatError: a value is missing or of the wrong type.
        """
        return from_dict(self._record_type, self._nested(row))


def _columns(record_type: type, path: tuple[str, ...]) -> Iterator[Column]:
    for name, hint in hints(record_type).items():
        if inner := _record_inside(hint):
            yield from _columns(inner, (*path, name))
        else:
            yield Column(name=name, path=(*path, name), is_json=_is_json(hint))


def _record_inside(hint: object) -> type | None:
    plain, _ = without_none(hint)
    return plain if isinstance(plain, type) and is_dataclass(plain) else None


def _is_json(hint: object) -> bool:
    return is_tuple(without_none(hint)[0])


def _nesting(record_type: type, positions: Iterator[int]) -> Callable[[tuple[Any, ...]], JsonObject]:
    """Return the function that makes nested dictionaries of a row; ``positions`` counts through the columns."""
    steps: list[tuple[str, Callable[[tuple[Any, ...]], Any]]] = []
    for name, hint in hints(record_type).items():
        inner = _record_inside(hint)
        steps.append((name, _nesting(inner, positions) if inner else _reader(next(positions), is_json=_is_json(hint))))
    return lambda row: {name: step(row) for name, step in steps}


def _reader(position: int, *, is_json: bool) -> Callable[[tuple[Any, ...]], Any]:
    return (lambda row: load(row[position])) if is_json else itemgetter(position)
