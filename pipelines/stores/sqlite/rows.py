"""Conversion of records to rows and back. A table's columns follow from its record; nested records are flattened."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from schemas.serial import Codec, decoder, dump, encoder, hints, is_tuple, load, without_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    path: tuple[str, ...]
    """Attributes that lead from the record to the value."""
    encode: Codec
    decode: Codec


class Table(Generic[Record]):
    """The columns of a record's table, and the conversion between record and row."""

    def __init__(self, name: str, record_type: type[Record]) -> None:
        self.name = name
        self.columns = tuple(_columns(record_type, ()))
        self.names = tuple(column.name for column in self.columns)
        self.selected = ", ".join(f"{name}.{column}" for column in self.names)
        """The columns as a list for SELECT, in order."""
        self._build = _builder(record_type, iter(range(len(self.columns))), self.columns)

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
        """Return a record as the values of the columns.

        Raises:
            UnicodeEncodeError: a text in the record holds half of a surrogate pair.
        """
        values = []
        for column in self.columns:
            value: Any = record
            for attribute in column.path:
                value = getattr(value, attribute)
            values.append(column.encode(value))
        return tuple(values)

    def record(self, row: tuple[Any, ...]) -> Record:
        """Return the record of a row of ``selected`` columns; further columns may follow."""
        return self._build(row)


def _columns(record_type: type, path: tuple[str, ...]) -> Iterator[Column]:
    for name, hint in hints(record_type).items():
        plain: Any
        plain, _ = without_none(hint)
        if isinstance(plain, type) and is_dataclass(plain):
            yield from _columns(plain, (*path, name))
        else:
            encode, decode = _value_codec(hint)
            yield Column(name=name, path=(*path, name), encode=encode, decode=decode)


def _value_codec(hint: object) -> tuple[Codec, Codec]:
    plain, _ = without_none(hint)
    if plain is bytes:
        return _same, _same
    encode, decode = encoder(hint), decoder(hint)
    if is_tuple(plain):
        return lambda value: dump(encode(value)).decode(), lambda text: decode(load(text))
    return encode, decode


def _same(value: Any) -> Any:  # noqa: ANN401 - bytes become a BLOB unchanged
    return value


def _builder(
    record_type: type[Record], positions: Iterator[int], columns: tuple[Column, ...]
) -> Callable[[tuple[Any, ...]], Record]:
    """Return the function that makes a record from a row; ``positions`` counts through the columns in order."""
    steps: list[tuple[str, Callable[[tuple[Any, ...]], Any]]] = []
    for name, hint in _fields(record_type):
        plain: Any
        plain, _ = without_none(hint)
        if isinstance(plain, type) and is_dataclass(plain):
            steps.append((name, _builder(plain, positions, columns)))
        else:
            steps.append((name, _reader(next(positions), columns)))
    return lambda row: record_type(**{name: step(row) for name, step in steps})


def _fields(record_type: type) -> list[tuple[str, object]]:
    return list(hints(record_type).items())


def _reader(position: int, columns: tuple[Column, ...]) -> Callable[[tuple[Any, ...]], Any]:
    decode = columns[position].decode
    return lambda row: decode(row[position])
