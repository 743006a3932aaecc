"""Options of single feeds in TOML and YAML feed lists."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError
from pipelines.extract.selectors import compile_selector
from pipelines.fetch.sources import ActiveHours, FeedSource
from schemas.records import ReadingOptions, Trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SPAN = re.compile(r"(\d{1,4})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WINDOW = re.compile(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)")
_MAX_PAUSE = 60
_LANGUAGE = re.compile(r"[A-Za-z]{2}")


def with_options(source: FeedSource, options: Mapping[str, Any], position: str) -> FeedSource:
    """Return a feed with options. Raises ``ConfigurationError``, with ``position``, for an unknown or wrong option."""
    for option, value in options.items():
        if option not in _OPTIONS:
            raise ConfigurationError(f"{position}: unknown option {option!r}; the options are {', '.join(_OPTIONS)}")
        expected, read = _OPTIONS[option]
        try:
            if option in _READING:
                source = replace(source, reading=replace(source.reading, **{option: read(value)}))
            else:
                source = replace(source, **{option: read(value)})
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{position}: {option} = {value!r}: expected {expected}") from error
    return source


def _as_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _as_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - one message for all options
    return value


def _as_pause(value: Any) -> float:  # noqa: ANN401 - a value from a file
    pause = float(value)
    if not 0 <= pause <= _MAX_PAUSE:
        raise ValueError
    return pause


def _as_span(value: object) -> timedelta:
    match = _SPAN.fullmatch(_as_text(value))
    if not match or not int(match[1]):
        raise ValueError
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _as_window(value: object) -> ActiveHours:
    match = _WINDOW.fullmatch(_as_text(value))
    if not match:
        raise ValueError
    return ActiveHours(time.fromisoformat(match[1]), time.fromisoformat(match[2]))


def _as_selector(value: object) -> str:
    text = _as_text(value)
    compile_selector(text)
    return text


def _as_selectors(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - one message for all options
    return tuple(map(_as_selector, value))


def _as_tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - one message for all options
    return tuple(map(_as_text, value))


def _as_language(value: object) -> str:
    match = _LANGUAGE.fullmatch(_as_text(value))
    if not match:
        raise ValueError
    return match[0].lower()


_READING = frozenset(option.name for option in fields(ReadingOptions))
_OPTIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("a text", _as_text),
    "source": ("a text", _as_text),
    "pages": ("true or false", _as_flag),
    "pause": (f"seconds from 0 to {_MAX_PAUSE}", _as_pause),
    "every": ("a span such as 30m, 6h or 1d", _as_span),
    "tags": ("a list of texts", _as_tags),
    "window": ("hours in UTC such as 06:00-22:00", _as_window),
    "body": ("a CSS selector, or an XPath that begins with / or .//", _as_selector),
    "remove": ("a list of CSS selectors or XPaths", _as_selectors),
    "language": ("a language code of two letters", _as_language),
    "trust": ("page or feed", Trusted),
}
