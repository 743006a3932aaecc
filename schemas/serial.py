"""Conversion of records to JSON and back: the form in which stores, archives and exports keep them.

Times are ISO 8601 in UTC with ``Z`` and whole seconds, bytes are base64, enums their value, tuples lists, ``None``
is null. Keys are in the order of the record's fields, so equal records give equal bytes.

msgspec converts. Two things it does not do are done before it writes and after it reads: times are brought to UTC and
cut to whole seconds, and a time without a zone, NaN and infinities are refused (msgspec would write null).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from operator import is_
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import orjson

JsonObject = dict[str, Any]
Record = TypeVar("Record")
Made = TypeVar("Made")
_Step = Callable[[Any], Any]

_OPEN_TUPLE_ARGUMENTS = 2  # tuple[X, ...] has two arguments: X and the ellipsis
_NESTED = frozenset({dict, tuple})
_LOCATED = re.compile(r"(?P<message>.*) - at `\$(?P<path>.*)`", re.DOTALL)
"""An error message of msgspec that names a path, such as ``$.headers[...]``."""


class RecordFormatError(ValueError):
    """JSON that does not have the form of the requested record. The message names the field."""


def to_dict(record: object) -> JsonObject:
    """Convert a record to a dictionary of JSON values, keys in the order of its fields.

    Raises:
        ValueError: a number is NaN or infinite, or a time has no zone.
    """
    converted: JsonObject = _with_lists(msgspec.to_builtins(_canonical(record)))
    return converted


def to_row(record: object) -> JsonObject:
    """Convert a record to nested dictionaries for a database row: as ``to_dict``, but bytes and tuples stay.

    Raises:
        ValueError: a number is NaN or infinite, or a time has no zone.
    """
    converted: JsonObject = msgspec.to_builtins(_canonical(record), builtin_types=(bytes,))
    return converted


def to_json(record: object) -> bytes:
    """Write a record as compact JSON in UTF-8; equal records give equal bytes.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair, which UTF-8 cannot express.
        ValueError: a number is NaN or infinite, or a time has no zone.
    """
    return dump(msgspec.to_builtins(_canonical(record)))


def dump(value: object) -> bytes:
    """Write JSON values as compact JSON in UTF-8.

    orjson rather than msgspec, which writes floats of 1e16 and more in another form: bytes on disk stay as they were.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # also raised for an integer beyond 64 bits, which the standard library writes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def load(text: str | bytes) -> Any:  # noqa: ANN401 - JSON of any form
    """Read the JSON values of a text that ``dump`` wrote.

    Raises:
        ValueError: it is not JSON. The message names line and column, which that of msgspec does not.
    """
    return orjson.loads(text)


def from_dict(record_type: type[Record], value: object) -> Record:
    """Convert a dictionary of JSON values, or one of ``to_row``, to a record. Keys that the record lacks are ignored.

    Raises:
        RecordFormatError: a field is missing or of the wrong type.
    """
    try:
        return _canonical(msgspec.convert(value, record_type))
    except (ValueError, OverflowError) as error:
        raise _format_error(record_type, error) from error


def from_json(record_type: type[Record], text: str | bytes) -> Record:
    """Read a record from a JSON text. Keys that the record lacks are ignored.

    Raises:
        RecordFormatError: the text is not JSON, or not the form of this record.
    """
    try:
        record: Record = _json_decoder(record_type).decode(text)
        return _canonical(record)
    except (ValueError, OverflowError, RecursionError) as error:
        raise _format_error(record_type, error) from error


def time_to_text(time: datetime) -> str:
    """Write a time as ISO 8601 in UTC, whole seconds, with ``Z``.

    Raises:
        ValueError: the time has no zone.
    """
    return f"{_whole_second(time).replace(tzinfo=None).isoformat()}Z"


def time_from_text(text: str) -> datetime:
    """Read an ISO 8601 text that names its zone as an aware time in UTC; fractions of a second are cut.

    Raises:
        ValueError: not such a text.
    """
    return _whole_second(datetime.fromisoformat(text))


@cache
def hints(record_type: type) -> Mapping[str, Any]:
    """Return the types of a record's fields, by name, in order."""
    resolved = get_type_hints(record_type)
    return {field.name: resolved[field.name] for field in fields(record_type)}


def without_none(hint: object) -> tuple[object, bool]:
    """Split an optional type: the type without ``None``, and true if it allowed ``None``."""
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part is not NoneType]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def is_tuple(hint: object) -> bool:
    """Return whether a type is a tuple."""
    return get_origin(hint) is tuple


def is_open_tuple(hint: object) -> bool:
    """Return whether a type is ``tuple[X, ...]``."""
    arguments = get_args(hint)
    return len(arguments) == _OPEN_TUPLE_ARGUMENTS and arguments[1] is Ellipsis


def _once(make: Callable[[Any], Made]) -> Callable[[Any], Made]:
    """Apply ``functools.cache``, with a signature that type checkers accept for types."""
    return cache(make)


@_once
def _json_decoder(record_type: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a type hint is any object
    return msgspec.json.Decoder(record_type)


def _with_lists(value: Any) -> Any:  # noqa: ANN401 - JSON values, with tuples for lists
    """Return JSON values with lists for tuples, which ``msgspec.to_builtins`` keeps."""
    if isinstance(value, dict):
        return {key: _with_lists(item) if type(item) in _NESTED else item for key, item in value.items()}
    if _NESTED.isdisjoint(map(type, value)):
        return list(value)
    return [_with_lists(item) if type(item) in _NESTED else item for item in value]


def _format_error(record_type: type, error: Exception) -> RecordFormatError:
    name, message = record_type.__name__, str(error)
    if isinstance(error, msgspec.ValidationError):
        located = _LOCATED.fullmatch(message)
        return RecordFormatError(f"{name}{located['path']}: {located['message']}" if located else f"{name}: {message}")
    if isinstance(error, msgspec.DecodeError | UnicodeError | RecursionError):
        return RecordFormatError(f"{name}: not JSON: {message}")
    return RecordFormatError(message)  # of the canonical form, which names the field


# Canonical form -------------------------------------------------------------------------------------------


def _canonical(record: Record) -> Record:
    """Return a record with all times in UTC and whole seconds: itself where they are, as they nearly always are.

    Raises:
        ValueError: a number is NaN or infinite, or a time has no zone.
        OverflowError: a time in UTC is before the year 1 or after 9999.
    """
    step = _canonical_step(type(record))
    return step(record) if step else record


@_once
def _canonical_step(hint: Any) -> _Step | None:  # noqa: ANN401 - a type hint is any object
    """Return the function that makes a value of a type canonical; ``None`` for a type without times and floats."""
    plain: Any
    plain, _ = without_none(hint)
    if plain is datetime:
        return _whole_second
    if plain is float:
        return _finite
    if is_tuple(plain):
        parts = [_canonical_step(part) for part in get_args(plain) if part is not Ellipsis]
        if not any(parts):
            return None
        return _open_tuple_step(parts[0]) if is_open_tuple(plain) and parts[0] else _tuple_step(parts)
    if isinstance(plain, type) and is_dataclass(plain):
        steps = {name: step for name, part in hints(plain).items() if (step := _canonical_step(part))}
        return _record_step(plain.__name__, steps) if steps else None
    return None


def _open_tuple_step(part: _Step) -> _Step:
    def step(values: tuple[object, ...]) -> tuple[object, ...]:
        items = [value if value is None else part(value) for value in values]
        return values if all(map(is_, items, values)) else tuple(items)

    return step


def _tuple_step(parts: list[_Step | None]) -> _Step:
    def step(values: tuple[object, ...]) -> tuple[object, ...]:
        pairs = zip(parts, values, strict=True)
        return tuple([part(value) if part and value is not None else value for part, value in pairs])

    return step


def _record_step(name: str, steps: Mapping[str, _Step]) -> _Step:
    pairs = tuple(steps.items())

    def step(record: Any) -> object:  # noqa: ANN401 - a record of any type
        changed: dict[str, object] = {}
        for field, part in pairs:
            value = getattr(record, field)
            if value is None:
                continue
            try:
                canonical = part(value)
            except (ValueError, OverflowError) as error:
                raise type(error)(f"{name}.{field}: {error}") from error
            if canonical is not value:
                changed[field] = canonical
        return replace(record, **changed) if changed else record

    return step


def _whole_second(time: datetime) -> datetime:
    if time.tzinfo is UTC and not time.microsecond:
        return time
    if time.utcoffset() is None:
        raise ValueError(f"{time.isoformat()} has no time zone")
    return time.astimezone(UTC).replace(microsecond=0)


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError(f"JSON has no number {value!r}")
    return value
