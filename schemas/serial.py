"""Records to JSON and back: the one form in which stores, archives and exports write them.

Times are ISO 8601 in UTC with ``Z`` and whole seconds, bytes are base64, enums their value, tuples lists, ``None``
is null. Keys stand in the order of the record's fields, so equal records give equal bytes.

The way of each class is worked out once from its type hints and kept; after that a record costs a few
microseconds.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, Any]
Codec = Callable[[Any], Any]
Record = TypeVar("Record")

_EMPTY_ITEMS = 2  # tuple[X, ...] has two arguments: X and the ellipsis


class RecordFormatError(ValueError):
    """JSON which is not the form of the record asked for. Its text names the field."""


def to_dict(record: object) -> JsonObject:
    """A record as a dictionary of JSON values, keys in the order of its fields."""
    encoded: JsonObject = encoder(type(record))(record)
    return encoded


def to_json(record: object) -> bytes:
    """A record as compact JSON in UTF-8; equal records give equal bytes.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair, which UTF-8 cannot express.
        ValueError: a number is NaN or infinite.
    """
    return dump(to_dict(record))


def dump(value: object) -> bytes:
    """JSON values as compact JSON in UTF-8.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # of an integer beyond 64 bits, too, which the standard library writes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def load(text: str | bytes) -> Any:  # noqa: ANN401 - JSON of any form
    """The JSON values which a text of ``dump`` stands for.

    Raises:
        ValueError: it is not JSON.
    """
    return orjson.loads(text)


def from_dict(record_type: type[Record], value: object) -> Record:
    """The record which a dictionary of JSON values stands for. Keys that the record lacks are ignored.

    Raises:
        RecordFormatError: a field is missing or of the wrong type.
    """
    record: Record = decoder(record_type)(value)
    return record


def from_json(record_type: type[Record], text: str | bytes) -> Record:
    """The record which a JSON text stands for.

    Raises:
        RecordFormatError: the text is not JSON, or not the form of this record.
    """
    try:
        value = load(text)
    except ValueError as error:
        raise RecordFormatError(f"{record_type.__name__}: not JSON: {error}") from error
    return from_dict(record_type, value)


def time_to_text(time: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, with ``Z``.

    Raises:
        ValueError: the time has no zone.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone")
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return f"{time.replace(tzinfo=None, microsecond=0).isoformat()}Z"


def time_from_text(text: str) -> datetime:
    """The aware time, in UTC, of an ISO 8601 text which names its zone; fractions of a second are cut.

    Raises:
        ValueError: not such a text.
    """
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError(f"{text!r} has no time zone")
    if time.utcoffset() != timedelta(0):
        time = time.astimezone(UTC)
    return time.replace(tzinfo=UTC, microsecond=0)


def _once(make: Callable[[Any], Codec]) -> Callable[[Any], Codec]:
    """``functools.cache`` with a signature that type checkers accept for types."""
    return cache(make)


@cache
def hints(record_type: type) -> Mapping[str, Any]:
    """The types of a record's fields, by name, in order."""
    resolved = get_type_hints(record_type)
    return {field.name: resolved[field.name] for field in fields(record_type)}


def without_none(hint: object) -> tuple[object, bool]:
    """A type without ``None``, and whether it allowed it."""
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part is not NoneType]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def is_tuple(hint: object) -> bool:
    """Whether a type is a tuple."""
    return get_origin(hint) is tuple


def is_open_tuple(hint: object) -> bool:
    """Whether a type is ``tuple[X, ...]``."""
    arguments = get_args(hint)
    return len(arguments) == _EMPTY_ITEMS and arguments[1] is Ellipsis


@_once
def encoder(hint: Any) -> Codec:  # noqa: ANN401 - a type hint is any object
    """The function which turns a value of a type into JSON values."""
    plain, optional = without_none(hint)
    encode = _plain_encoder(plain)
    if not optional or encode is _same:
        return encode
    return lambda value: None if value is None else encode(value)


def _same(value: Any) -> Any:  # noqa: ANN401 - text, numbers and truth values are JSON values already
    return value


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError(f"JSON has no number {value!r}")
    return value


def _plain_encoder(hint: Any) -> Codec:  # noqa: ANN401, PLR0911 - a type hint is any object; one return a kind
    if hint in (str, int, bool):
        return _same
    if hint is float:
        return _finite
    if hint is datetime:
        return time_to_text
    if hint is bytes:
        return lambda value: base64.b64encode(value).decode("ascii")
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return lambda value: value.value
    if is_tuple(hint):
        return _tuple_encoder(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        steps = [(name, encoder(part)) for name, part in hints(hint).items()]
        return lambda record: {name: encode(getattr(record, name)) for name, encode in steps}
    raise TypeError(f"{hint!r} has no JSON form")


def _tuple_encoder(hint: object) -> Codec:
    parts = get_args(hint)
    if is_open_tuple(hint):
        encode = encoder(parts[0])
        return list if encode is _same else lambda values: [encode(value) for value in values]
    steps = [encoder(part) for part in parts]
    return lambda values: [step(value) for step, value in zip(steps, values, strict=True)]


@_once
def decoder(hint: Any) -> Codec:  # noqa: ANN401 - a type hint is any object
    """The function which turns JSON values into a value of a type; raises ``RecordFormatError``."""
    plain, optional = without_none(hint)
    decode = _plain_decoder(plain)
    if not optional:
        return decode
    return lambda value: None if value is None else decode(value)


def _plain_decoder(hint: Any) -> Codec:  # noqa: ANN401, PLR0911 - as for the encoder
    if hint in (str, int, bool):
        return _checked(hint)
    if hint is float:
        check = _checked((int, float))
        return lambda value: float(check(value))
    if hint is datetime:
        return _parsed(time_from_text)
    if hint is bytes:
        return _parsed(lambda text: base64.b64decode(text, validate=True))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _parsed(hint)
    if is_tuple(hint):
        return _tuple_decoder(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _record_decoder(hint)
    raise TypeError(f"{hint!r} has no JSON form")


def _checked(kind: type | tuple[type, ...]) -> Codec:
    def check(value: object) -> object:
        # A truth value is an int to Python, not to JSON.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise RecordFormatError(f"{type(value).__name__} where {kind} belongs")
        return value

    return check


def _parsed(parse: Callable[[str], object]) -> Codec:
    def decode(value: object) -> object:
        if not isinstance(value, str):
            raise RecordFormatError(f"{type(value).__name__} where a text belongs")
        try:
            return parse(value)
        except (ValueError, OverflowError, binascii.Error) as error:
            raise RecordFormatError(str(error)) from error

    return decode


_PLAIN = frozenset({str, int, bool})


def _tuple_decoder(hint: object) -> Codec:
    parts = get_args(hint)
    return _open_tuple_decoder(parts[0]) if is_open_tuple(hint) else _fixed_tuple_decoder(parts)


def _open_tuple_decoder(part: Any) -> Codec:  # noqa: ANN401 - as for the encoder
    one, kinds = decoder(part), frozenset({part}) & _PLAIN

    def decode(value: object) -> tuple[object, ...]:
        items = _listed(value)
        if kinds.issuperset(map(type, items)):
            return tuple(items)  # dozens in each of thousands of records: not looked at one by one
        return tuple([one(item) for item in items])

    return decode


def _fixed_tuple_decoder(parts: tuple[Any, ...]) -> Codec:
    steps = [decoder(part) for part in parts]

    def decode(value: object) -> tuple[object, ...]:
        items = _listed(value)
        if len(items) != len(steps):
            raise RecordFormatError(f"{len(items)} items where {len(steps)} belong")
        return tuple([step(item) for step, item in zip(steps, items, strict=True)])

    return decode


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise RecordFormatError(f"{type(value).__name__} where a list belongs")
    return value


def _record_decoder(record_type: type) -> Codec:
    types = hints(record_type)
    steps = [(name, decoder(hint)) for name, hint in types.items()]
    required = {
        field.name for field in fields(record_type) if field.default is MISSING and field.default_factory is MISSING
    }

    def decode(value: object) -> object:
        if not isinstance(value, dict):
            raise RecordFormatError(f"{record_type.__name__}: {type(value).__name__} where an object belongs")
        given: dict[str, Any] = {}
        for name, step in steps:
            if name in value:
                try:
                    given[name] = step(value[name])
                except RecordFormatError as error:
                    raise RecordFormatError(f"{record_type.__name__}.{name}: {error}") from error
            elif name in required:
                raise RecordFormatError(f"{record_type.__name__}.{name} is missing")
        return record_type(**given)

    return decode
